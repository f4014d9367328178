import numpy as np
import pytest

from lstmvis.data.project import Project
from lstmvis.server.index import IndexingError, open_index
from lstmvis.tools.cli import main
from tests.project_directory import write_small_project

STATES = np.random.default_rng(1).normal(size=(200, 3)).astype(np.float32)


def is_indexed(directory):
    return open_index(directory, Project(directory).sources["states::s"]) is not None


def test_every_project_below_a_directory_is_indexed_once(tmp_path, capsys):
    write_small_project(tmp_path / "a", STATES)
    write_small_project(tmp_path / "deep" / "b", STATES)
    assert main(["index", str(tmp_path)]) == 0
    assert is_indexed(tmp_path / "a")
    assert is_indexed(tmp_path / "deep" / "b")
    capsys.readouterr()
    assert main(["index", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "a states::s: indexed already\nb states::s: indexed already\n"


def test_what_is_wrong_with_projects_is_told_and_the_rest_is_indexed(tmp_path, capsys):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "lstm.yml").write_text("[")
    write_small_project(tmp_path / "b", STATES, files={"states": "states.hdf5", "words": "/etc/passwd"})
    assert main(["index", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "a: lstm.yml, line 1, column 2: expected the node content, but found '<stream end>'.",
        "b: lstm.yml: the file '/etc/passwd' lies outside the project's directory.",
    ]
    assert is_indexed(tmp_path / "b")


@pytest.mark.parametrize("error", [IndexingError("no room"), OSError("no room")])
def test_a_source_that_cannot_be_indexed_is_named_and_the_others_are_indexed(tmp_path, monkeypatch, capsys, error):
    def fail(directory, source, progress):
        if directory.name == "a":
            raise error
        built.append(source.id)

    built = []
    monkeypatch.setattr("lstmvis.server.index.build_index", fail)
    write_small_project(tmp_path / "a", STATES)
    write_small_project(tmp_path / "b", STATES)
    assert main(["index", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "a: states::s is not indexed: no room\n"
    assert built == ["states::s"]


def test_a_directory_without_projects_is_told(tmp_path, capsys):
    assert main(["index", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"lstmvis: There is no project below {tmp_path}: no directory there holds an lstm.yml.\n"
    )
