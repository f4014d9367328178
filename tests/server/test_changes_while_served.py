"""Projects that come, change and go while a server runs, as a process of its own: nobody starts it again."""

import contextlib
import json
import shutil
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import h5py
import numpy as np
import pytest

from lstmvis.data import add_annotation
from lstmvis.data.project import Project
from lstmvis.data.writing import ProjectWriter
from lstmvis.server.index import build_index
from tests.project_directory import write_small_project
from tests.serving import serving


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    root = tmp_path_factory.mktemp("projects")
    write_small_project(root / "other")
    with serving(root) as (address, process):
        yield root, address, process


def get(address, endpoint, **parameters):
    with urlopen(f"{address}/api/v2/{endpoint}?{urlencode(parameters)}", timeout=20) as answer:
        return json.load(answer)


def first_state(address, project, source="states::s"):
    where = {"project": project, "source": source, "pos": 0, "left": 0, "right": 0, "dims": "states"}
    return get(address, "context", **where, transform="none")["results"]["states"][0]["data"][0][0]


def status(address, project):
    with contextlib.suppress(HTTPError):
        first_state(address, project)
        return 200
    return 404


def held(process, directory):
    """The files below a directory that the server has open or mapped."""
    with contextlib.suppress(FileNotFoundError):
        links = [entry.readlink() for entry in Path(f"/proc/{process.pid}/fd").iterdir()]
    maps = Path(f"/proc/{process.pid}/maps").read_text().splitlines()
    return [str(name) for name in (*links, *maps) if f"{directory}/" in str(name)]


def test_a_project_that_comes_is_served_at_the_first_request_for_it(running):
    root, address, _ = running
    assert status(address, "new") == 404
    write_small_project(root / "new", np.full((4, 2), 7, "f4"))
    assert first_state(address, "new") == 7
    assert get(address, "health")["projects"] == len(get(address, "info"))


def test_a_project_that_is_written_anew_is_seen_at_the_next_request(running):
    root, address, _ = running
    for value in (1, 2):
        with ProjectWriter(root / "again", "again", "", replace=True) as project:
            project.create_source("s", steps=3, cells=1)[:] = value
        assert first_state(address, "again") == value


def test_an_annotation_that_comes_is_seen_at_the_next_request(running):
    root, address, _ = running
    with ProjectWriter(root / "annotated", "annotated", "") as project:
        project.create_source("s", steps=3, cells=1)[:] = 1
    assert first_state(address, "annotated") == 1
    add_annotation(root / "annotated", "kind", ["a", "b", "a"])
    where = {"project": "annotated", "source": "states::s", "pos": 1, "left": 1, "right": 1, "dims": "meta_kind"}
    assert get(address, "context", **where)["results"]["meta_kind"] == [["a", "b", "a"]]


@pytest.mark.parametrize("layout", ["mapped", "compressed", "indexed"])
def test_the_files_of_a_project_that_goes_are_let_go(running, layout):
    root, address, process = running
    directory = root / layout
    with ProjectWriter(directory, layout, "") as project:
        project.create_source("s", steps=50_000, cells=40 if layout == "indexed" else 1)[:] = 3
    if layout == "compressed":
        with h5py.File(directory / "states.hdf5", "w") as file:
            file.create_dataset("s", data=np.full((100, 2), 3, "f4"), compression="gzip")
    if layout == "indexed":
        build_index(directory, Project(directory).sources["states::s"])
        found = get(address, "match", project=layout, source="states::s", cells="0,1", activation=0.5)
        assert found["results"]["counts"] == [0, 0, 1]
        assert any(".npy" in name for name in held(process, directory))
    assert first_state(address, layout) == 3
    assert held(process, directory)
    shutil.rmtree(directory)
    assert status(address, layout) == 404
    assert layout not in [entry["project"] for entry in get(address, "info")]
    assert held(process, directory) == []
