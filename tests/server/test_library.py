import os
import resource
import shutil
import threading

import numpy as np
import pytest

from lstmvis.data import add_annotation, remove_annotation, write_project
from lstmvis.data.project import Project
from lstmvis.data.writing import ProjectWriter
from lstmvis.server.errors import UnknownNameError
from lstmvis.server.library import Library
from tests.project_directory import write_directory, write_small_project


def ids(library):
    library.refresh()
    return [entry.id for entry in library.entries()]


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([], []),
        (["a", "b"], ["a", "b"]),
        (["x/b", "a"], ["a", "b"]),
        (["x/b", "y/b", "c"], ["c", "x__b", "y__b"]),
        (["b", "x/y/b"], ["b", "x__y__b"]),
        (["a", "a/b"], ["a", "b"]),  # a project below a project
        (["a/b", "c/b", "a__b"], ["a__b", "a__b_", "c__b"]),
        (["é ü", "日本"], ["é ü", "日本"]),
        ([".hidden/a", ".b", "c/.d"], []),
    ],
)
def test_ids_are_the_directories_names_and_their_paths_where_they_collide(tmp_path, places, expected):
    for place in places:
        write_small_project(tmp_path / place)
    assert ids(Library(tmp_path)) == expected


def test_the_directory_itself_may_be_a_project(tmp_path):
    write_small_project(tmp_path / "root")
    assert ids(Library(tmp_path / "root")) == ["root"]
    write_small_project(tmp_path / "root" / "below" / "root")
    assert ids(Library(tmp_path / "root")) == ["below__root", "root"]
    write_small_project(tmp_path / "root" / "root")
    assert ids(Library(tmp_path / "root")) == ["below__root", "root", "root_"]


def test_each_id_gives_its_own_project(tmp_path):
    for number, place in enumerate(["a/b", "c/b", "a__b"]):
        write_small_project(tmp_path / place, np.zeros((number + 1, 1)))
    library = Library(tmp_path)
    assert {name: library.get(name)[1].steps for name in ids(library)} == {"a__b": 1, "c__b": 2, "a__b_": 3}


def test_a_relative_directory_may_be_given(tmp_path, monkeypatch):
    write_small_project(tmp_path / "root")
    monkeypatch.chdir(tmp_path / "root")
    assert [entry.id for entry in Library(tmp_path.__class__(".")).entries()] == ["root"]


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("a: [", "lstm.yml, line 1, column 5: "),
        ("", "lstm.yml must hold a mapping"),
        ("a: &a {b: *a}", "lstm.yml has more than"),
    ],
)
def test_a_broken_project_is_listed_with_what_is_wrong_and_stops_no_other(tmp_path, serve, config, sentence):
    write_directory(tmp_path / "broken", config)
    write_small_project(tmp_path / "good")
    (tmp_path / "unreadable" / "lstm.yml").mkdir(parents=True)
    listed = serve(tmp_path).get("info")
    assert [entry["project"] for entry in listed] == ["broken", "good"]
    assert "error" not in listed[1]["info"]
    info = listed[0]["info"]
    assert info.pop("error").startswith(sentence)
    assert info == {
        "name": "broken",
        "description": "broken",
        "index": False,
        "is_searchable": False,
        "files": {},
        "word_sequence": {"size": [0], "dict_size": 0},
        "word_embedding": {"size": [-1, -1]},
        "states": {"types": []},
        "meta": [],
        "etc": {"regex_search": False},
    }


def test_a_project_that_breaks_its_reader_stops_no_other(tmp_path, monkeypatch):
    def fail(directory):
        raise ZeroDivisionError("of a parser")

    write_small_project(tmp_path / "a")
    monkeypatch.setattr("lstmvis.server.library.Project", fail)
    (entry,) = Library(tmp_path).entries()
    assert entry.describe()["info"]["error"] == "This project cannot be opened: ZeroDivisionError: of a parser."


def test_a_project_that_is_broken_in_parts_is_served_with_the_rest(tmp_path, serve):
    meta = {"m": {"file": "states", "path": "nothing"}}
    write_small_project(tmp_path / "p", np.ones((2, 2)), meta=meta)
    api = serve(tmp_path)
    (entry,) = api.get("info")
    assert entry["info"]["error"] == "There is no 'nothing' in states.hdf5; it holds 's'."
    assert api.get("context", project="p", source="states::s", pos=0, dims="cell_count")["results"]["cell_count"]


def test_unknown_and_broken_projects_are_refused_with_those_that_can_be_opened(tmp_path):
    write_small_project(tmp_path / "good")
    write_directory(tmp_path / "broken", "a: [")
    library = Library(tmp_path)
    with pytest.raises(UnknownNameError, match=r"There is no project 'x'. There are: good\."):
        library.get("x")
    with pytest.raises(UnknownNameError, match=r"can be opened \(lstm.yml, line 1.*'broken'. There are: good\."):
        library.get("broken")


def test_projects_that_come_change_and_go_are_seen_when_the_list_is_asked_for(tmp_path, serve):
    api = serve(tmp_path)
    where = {"source": "states::s", "pos": 0, "dims": "states", "left": 0, "right": 0}

    def names():
        return {entry["project"]: entry["info"]["name"] for entry in api.get("info")}

    def first_state():
        return api.get("context", project="a", **where)["results"]["states"][0]["data"]

    assert names() == {}
    write_small_project(tmp_path / "a", np.array([[1.0]]), name="first")
    assert names() == {"a": "first"}
    assert first_state() == [[1]]

    shutil.rmtree(tmp_path / "a")
    write_small_project(tmp_path / "a", np.array([[2.0], [3]]), name="second")
    os.utime(tmp_path / "a" / "lstm.yml", ns=(1, 1))
    assert names() == {"a": "second"}
    assert first_state() == [[2]]

    shutil.rmtree(tmp_path / "a")
    assert names() == {}
    assert api.raw("context", project="a", **where).status_code == 404


def test_a_project_that_has_not_changed_is_not_opened_again(tmp_path):
    write_small_project(tmp_path / "a")
    library = Library(tmp_path)
    (before,) = library.entries()
    library.refresh()
    assert library.entries() == [before]


def test_those_who_ask_at_the_same_time_share_a_look(tmp_path, monkeypatch):
    library = Library(tmp_path)
    looks, begun, all_ask = [], threading.Event(), threading.Barrier(21, timeout=10)

    class Lock:
        """The others wait for it before the first has it no longer."""

        def __enter__(self):
            if begun.is_set():
                all_ask.wait()
            lock.acquire()

        def __exit__(self, *_):
            lock.release()

    def look(root):
        looks.append(root)
        if not begun.is_set():
            begun.set()
            all_ask.wait()
        return []

    lock = library._lock
    monkeypatch.setattr(library, "_lock", Lock())
    monkeypatch.setattr("lstmvis.server.library.find_projects", look)
    first = threading.Thread(target=library.refresh)
    first.start()
    begun.wait(10)
    others = [threading.Thread(target=library.refresh) for _ in range(20)]
    for other in others:
        other.start()
    for thread in (first, *others):
        thread.join()
    assert len(looks) == 2  # that of the first had begun before the others asked


def test_ids_that_change_because_another_project_came_are_followed(tmp_path):
    write_small_project(tmp_path / "x" / "b")
    library = Library(tmp_path)
    assert ids(library) == ["b"]
    write_small_project(tmp_path / "y" / "b")
    assert ids(library) == ["x__b", "y__b"]


def test_the_list_may_be_asked_for_while_it_changes(tmp_path):
    library = Library(tmp_path)
    failures, done = [], threading.Event()

    def ask():
        while not done.is_set():
            try:
                library.entries()
            except KeyError as error:
                failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    for _ in range(20):
        write_small_project(tmp_path / "a")
        library.refresh()
        shutil.rmtree(tmp_path / "a")
        library.refresh()
    done.set()
    asking.join()
    assert failures == []


def test_a_states_file_that_is_replaced_is_read_anew_at_the_next_request(tmp_path, serve):
    def write(steps, directory):
        with ProjectWriter(directory, "p", "", replace=True) as project:
            project.create_source("states", steps=steps, cells=2)[:] = steps

    write(30, tmp_path / "served" / "p")
    write(50, tmp_path / "other")
    api = serve(tmp_path / "served")
    shutil.copyfile(tmp_path / "other" / "states.hdf5", tmp_path / "served" / "p" / "states.hdf5")
    query = {"project": "p", "source": "states::states", "pos": 49}
    context = api.get("context", **query, left=0, right=0, dims="states", transform="none")
    assert context["results"]["states"][0]["data"] == [[50.0], [50.0]]
    (tmp_path / "served" / "p" / "states.hdf5").unlink()
    assert api.refusal("context", **query)[0] == 404
    (tmp_path / "other" / "states.hdf5").rename(tmp_path / "served" / "p" / "states.hdf5")
    assert api.get("info")[0]["info"]["states"]["types"][0]["size"] == [50, 2]


def test_an_annotation_that_comes_to_a_served_project_is_there_at_the_next_request(tmp_path, serve):
    write_project(tmp_path / "p", ["a", "b", "c"], {"s": np.eye(3)})
    api = serve(tmp_path)
    where = {"project": "p", "source": "states::s", "pos": 1, "left": 1, "right": 1, "dims": "meta_kind"}
    assert api.refusal("context", **where)[0] == 404
    add_annotation(tmp_path / "p", "kind", ["x", "y", "x"])
    assert api.get("context", **where)["results"]["meta_kind"] == [["x", "y", "x"]]
    add_annotation(tmp_path / "p", "kind", ["z", "z", "z"], replace=True)
    assert api.get("context", **where)["results"]["meta_kind"] == [["z", "z", "z"]]
    assert list(api.get("info")[0]["info"]["meta"]) == ["kind"]
    remove_annotation(tmp_path / "p", "kind")
    assert api.get("info")[0]["info"]["meta"] == []
    assert api.refusal("context", **where)[0] == 404


def test_an_lstm_yml_that_changes_while_it_is_being_read_is_read_again(tmp_path, monkeypatch):
    write_project(tmp_path / "p", ["a", "b", "c"], {"s": np.eye(3)})

    def open_slowly(directory):
        project = Project(directory)
        if not project.annotations:
            add_annotation(directory, "kind", ["x", "y", "x"])
        return project

    monkeypatch.setattr("lstmvis.server.library.Project", open_slowly)
    library = Library(tmp_path)
    assert list(library.get("p")[1].annotations) == ["kind"]


def test_more_projects_than_a_process_may_have_files_at_first_are_served(tmp_path):
    for number in range(40):
        write_small_project(tmp_path / f"p{number}")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/dev/fd")) + 20, hard))
    try:
        assert [entry.project.problems for entry in Library(tmp_path).entries()] == [[]] * 40
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
