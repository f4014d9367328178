"""What made a file is said in it, and a file of a newer version says so."""

import json
from importlib.metadata import version

import h5py
import pytest
import yaml

from lstmvis.data.amending import add_annotation
from lstmvis.data.doctor import examine
from lstmvis.data.errors import ProjectError
from lstmvis.data.project import Project
from lstmvis.data.writing import ProjectWriter
from lstmvis.server.index import build_index, open_index
from tests.project_directory import write_small_project

THIS = f"lstmvis {version('lstmvis')}"
NEWER = {"made_by": {"lstmvis": "7.1", "format": 2}}
SENTENCE = f"lstm.yml was made by lstmvis 7.1, in format 2. This is {THIS}, which reads no format above 1: update it."


def test_every_file_of_a_project_says_what_made_it(tmp_path):
    path = tmp_path / "p"
    (tmp_path / "model.pt").touch()
    with ProjectWriter(path, "p", "") as project:
        project.write_tokens([0, 1], ["a", "b"])
        project.create_source("s", steps=2, cells=1)[:] = [[-0.5], [0.5]]
        project.write_scalar("loss", [1, 2])
        project.copy_model(tmp_path / "model.pt", {"epochs": []})
    add_annotation(path, "length", [1.0, 1.0])
    opened = Project(path)
    build_index(path, opened.sources["states::s"])

    config = yaml.safe_load((path / "lstm.yml").read_text(encoding="utf-8"))
    assert config["made_by"] == {"lstmvis": version("lstmvis"), "format": 1}
    arrays = sorted(path.glob("*.hdf5"))
    assert [file.stem for file in arrays] == ["annotation-length", "annotations", "states", "train"]
    for file in arrays:
        with h5py.File(file) as content:
            assert content.attrs["made_by"] == THIS
    plain = [path / "history.json", *path.glob(".lstmvis/index/*/index.json")]
    assert [json.loads(file.read_text(encoding="utf-8"))["made_by"] for file in plain] == [THIS, THIS]
    assert not examine(path).findings


def test_a_project_of_a_newer_version_says_so(tmp_path):
    write_small_project(tmp_path / "p", **NEWER)
    with pytest.raises(ProjectError) as told:
        Project(tmp_path / "p")
    assert str(told.value) == SENTENCE
    assert [finding.what for finding in examine(tmp_path / "p").findings] == [SENTENCE]


def test_a_project_of_a_newer_version_is_left_as_it_is(tmp_path):
    write_small_project(tmp_path / "p", **NEWER)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ProjectError, match="update it"):
        add_annotation(tmp_path / "p", "length", [1.0, 1.0, 1.0])
    assert sorted(tmp_path.rglob("*")) == before


def test_an_index_of_another_version_is_built_anew(tmp_path, monkeypatch):
    write_small_project(tmp_path / "p")
    source = Project(tmp_path / "p").sources["states::s"]
    with monkeypatch.context() as newer:
        newer.setattr("lstmvis.server.index.VERSION", 2)
        build_index(tmp_path / "p", source)
    assert open_index(tmp_path / "p", source) is None
    build_index(tmp_path / "p", source)
    assert open_index(tmp_path / "p", source)


@pytest.mark.parametrize(
    "made_by", [None, "somebody", ["x"], {}, {"format": "2"}, {"format": 2.5}, {"format": None}, {"format": 1}]
)
def test_what_others_say_there_keeps_nothing_from_being_read(tmp_path, made_by):
    write_small_project(tmp_path / "p", made_by=made_by)
    assert Project(tmp_path / "p").problems == []
