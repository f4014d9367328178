from importlib.metadata import version

from lstmvis.server import indexing
from tests.project_directory import write_directory, write_small_project


def test_health_says_in_figures_what_is_served(tmp_path, serve):
    write_small_project(tmp_path / "whole")
    write_small_project(tmp_path / "partly", meta={"m": {"file": "states", "path": "nothing"}})
    write_directory(tmp_path / "broken", "a: [")
    api = serve(tmp_path)
    counted = {"projects": 3, "with_errors": 2, "indexing": 0}
    assert api.get("health") == {"status": "ok", "version": version("lstmvis"), **counted}


def test_health_looks_at_no_file(tmp_path, serve, monkeypatch):
    write_small_project(tmp_path / "p")
    api = serve(tmp_path)

    def look(*_):
        raise AssertionError("it looked")

    monkeypatch.setattr("lstmvis.server.library.find_projects", look)
    monkeypatch.setattr("lstmvis.server.library.stamp_of", look)
    assert api.get("health")["projects"] == 1


def test_health_counts_indexes_until_they_are_built_or_have_failed(tmp_path, serve, monkeypatch):
    write_small_project(tmp_path / "p")
    told = []

    def fail(project, source, progress, waiting):
        told.append(api_of_builder[0].get("health")["indexing"])
        raise MemoryError

    api_of_builder = []
    api = serve(tmp_path)
    api_of_builder.append(api)
    monkeypatch.setattr(indexing, "LEAST_VALUES", 1)
    monkeypatch.setattr(indexing, "build_index", fail)
    write_small_project(tmp_path / "q")
    assert len(api.get("info")) == 2
    api.app.app.config["LSTMVIS_SERVICE"].library.indexer._queue.put(None)
    api.app.app.config["LSTMVIS_SERVICE"].library.indexer._thread.join()
    assert told == [1]
    assert api.get("health")["indexing"] == 0
