import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest
import yaml

from lstmvis.data import Discrete, Ranked, Scalar, add_annotation, amending, remove_annotation, write_project
from lstmvis.data.amending import set_opening, tokens_of
from lstmvis.data.doctor import examine
from lstmvis.data.errors import LstmvisError, ProjectError
from lstmvis.data.interrupts import remembering_interrupts
from lstmvis.data.project import Project
from tests.lstmvis_directory import write_lstmvis_directory
from tests.project_directory import write_small_project

WORDS = ["the", "cat", "sat", "<eos>"] * 5


@pytest.fixture
def project(tmp_path):
    """A project of 20 words in two sequences, with an annotation and a comment in its lstm.yml."""
    path = tmp_path / "p"
    write_project(
        path,
        WORDS,
        {"hidden": np.cos(np.arange(60)).reshape(20, 3)},
        {"older": [float(n) for n in range(20)]},
        sequences=[0, 12],
    )
    config = path / "lstm.yml"
    config.write_text("# mine\n" + config.read_text(encoding="utf-8"), encoding="utf-8")
    return path


def contents(directory):
    """The bytes of all files, by name."""
    return {
        path.name: path.read_bytes()
        for path in directory.iterdir()
        if path.is_file() and not path.name.startswith(".lstmvis")
    }


def labels(directory, name):
    annotation = Project(directory).annotations[name]
    ids = annotation.values.integers(0, len(annotation.values))
    return annotation.dictionary.decode(ids.tolist())


def test_an_annotation_comes_in_files_of_its_own_and_the_others_stay_as_they_are(project):
    before = contents(project)
    add_annotation(project, "length", [str(len(word)) for word in WORDS])
    after = contents(project)
    assert labels(project, "length") == [str(len(word)) for word in WORDS]
    assert {name for name in after if name not in before} == {"annotation-length.hdf5", "annotation-length.json"}
    assert {name for name in before if after[name] != before[name]} == {"lstm.yml"}
    kept, config = before["lstm.yml"].decode().splitlines(), after["lstm.yml"].decode().splitlines()
    assert [line for line in config if "length" not in line] == kept
    assert config[0] == "# mine"
    assert list(Project(project).annotations) == ["older", "length"]
    assert not examine(project).findings


def test_all_forms_of_values_come_in(project):
    add_annotation(project, "of the sequence", ["first", "second"])
    add_annotation(project, "number", Scalar(np.arange(20), (0, 30)))
    add_annotation(project, "order", Discrete(np.arange(20) % 2, ["even", "odd"]))
    add_annotation(project, "guess", Ranked(np.zeros((20, 2), int), np.ones((20, 2))))
    opened = Project(project)
    assert labels(project, "of the sequence") == ["first"] * 12 + ["second"] * 8
    assert opened.meta["number"]["vis"] == {"type": "scalar", "range": [0, 30]}
    assert opened.meta["order"]["vis"]["range"] == ["even", "odd"]
    assert opened.annotations["guess"].dictionary.decode([0]) == ["the"]
    assert not opened.problems
    assert not examine(project).faults


@pytest.mark.parametrize("name", ["", ".x", "a/b", "a,b", "x" * 201])
def test_a_name_that_cannot_be_one_is_refused_and_nothing_changes(project, name):
    before = contents(project)
    with pytest.raises(ProjectError, match="must have a name"):
        add_annotation(project, name, WORDS)
    assert contents(project) == before


def test_values_that_do_not_fit_are_refused_and_nothing_changes(project):
    before = contents(project)
    with pytest.raises(ProjectError, match="There are 7 values of 'x', but 20 tokens and 2 sequences"):
        add_annotation(project, "x", WORDS[:7])
    assert contents(project) == before


def test_a_name_that_is_taken_is_refused_unless_it_is_to_be_replaced(project):
    add_annotation(project, "a", WORDS)
    before = contents(project)
    for name in "a", "older":
        with pytest.raises(ProjectError, match=f"There is an annotation '{name}' already"):
            add_annotation(project, name, WORDS)
    assert contents(project) == before
    add_annotation(project, "a", [1.5] * 20, replace=True)
    add_annotation(project, "older", WORDS, replace=True)
    assert list(Project(project).annotations) == ["older", "a"]
    assert labels(project, "older") == WORDS
    assert {path.name for path in project.glob("annotation-a*")} == {"annotation-a-2.hdf5"}
    assert (project / "annotations.hdf5").read_bytes() == before["annotations.hdf5"]


def test_an_annotation_goes_with_the_files_that_came_with_it(project):
    before = contents(project)
    add_annotation(project, "a", WORDS)
    remove_annotation(project, "a")
    assert contents(project) == before
    remove_annotation(project, "older")
    assert contents(project).keys() == before.keys()
    assert Project(project).annotations == {}
    assert [finding.what for finding in examine(project).findings] == [
        "Nothing uses 'annotations', the file annotations.hdf5."
    ]


def test_files_that_another_annotation_names_too_stay(project):
    add_annotation(project, "a", WORDS)
    config = yaml.safe_load((project / "lstm.yml").read_text())
    config["meta"]["b"] = {**config["meta"]["a"], "vis": {"type": "discrete", "range": "dict"}}
    (project / "lstm.yml").write_text(yaml.safe_dump(config))
    remove_annotation(project, "a")
    assert labels(project, "b") == WORDS
    remove_annotation(project, "b")
    assert not list(project.glob("annotation-*"))


def test_removing_what_is_not_there_says_what_there_is(project):
    with pytest.raises(ProjectError, match=r"There is no annotation 'old'; there are: older\.") as refused:
        remove_annotation(project, "old")
    assert refused.value.change == "Did you mean `older`?"


def test_an_lstm_yml_that_cannot_be_changed_by_itself_stays_as_it_is(project):
    text = (project / "lstm.yml").read_text().replace("files:", "files: &f").replace("meta:", "more: *f\nmeta: &m")
    (project / "lstm.yml").write_text(text + "and: &x {a: {file: annotations, path: older}}\n")
    (project / "lstm.yml").write_text((project / "lstm.yml").read_text().replace("meta: &m", "m2:") + "meta: *x\n")
    before = contents(project)
    with pytest.raises(ProjectError, match=r"lstm\.yml cannot be changed without writing all of it anew"):
        add_annotation(project, "b", WORDS)
    assert contents(project) == before


@pytest.mark.parametrize("where", ["rename", "replace", "fsync"])
def test_a_failure_on_the_way_leaves_the_project_as_it_was(project, monkeypatch, where):
    before = contents(project)
    function = getattr(amending.os, where)

    def fail(*arguments):
        if "made" not in str(arguments[-1]):
            raise OSError(28, "No space left on device")
        function(*arguments)

    monkeypatch.setattr(amending.os, where, fail)
    with pytest.raises(ProjectError, match=r"p cannot be written: No space left on device\."):
        add_annotation(project, "a", WORDS)
    monkeypatch.undo()
    assert contents(project) == before


def test_an_interrupt_while_it_is_put_in_place_waits_until_it_is(project, monkeypatch):
    rename = amending.os.rename

    def interrupted(old, new):
        rename(old, new)
        if "annotation-" in str(new):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(amending.os, "rename", interrupted)
    with remembering_interrupts(), pytest.raises(KeyboardInterrupt):
        add_annotation(project, "a", WORDS)
    assert labels(project, "a") == WORDS
    assert not [path for path in project.iterdir() if path.name.startswith(".annotating")]


@pytest.mark.parametrize("after", ["the files", "lstm.yml"])
def test_what_a_killed_process_left_goes_with_the_next_annotation(project, after):
    before = contents(project)
    add_annotation(project, "mood", WORDS)
    whole = contents(project)
    left = project / ".annotating-abcd_123"
    left.mkdir()
    (left / "changed.json").write_text('["annotation-mood.hdf5", "annotation-mood.json", "../p.hdf5", "states.hdf5"]')
    (project / ".lstm.yml.abcd_123.part").write_text("name: half a na")
    (project / "annotation-of-mine.json").write_text("{}")
    if after == "the files":
        (project / "lstm.yml").write_bytes(before["lstm.yml"])
    set_opening(project, "source=states::hidden&pos=1")
    there = before if after == "the files" else whole
    assert contents(project).keys() == {*there, "annotation-of-mine.json"}
    assert sorted(path.name for path in project.iterdir() if path.name.startswith(".")) == []


ANNOTATE = """
import sys
from lstmvis.data import add_annotation
for number in range(5):
    add_annotation(sys.argv[1], f"{sys.argv[2]}{number}", [sys.argv[2]] * 20)
"""


def test_processes_that_annotate_at_once_lose_nothing_of_each_other(project):
    started = [subprocess.Popen([sys.executable, "-c", ANNOTATE, str(project), name]) for name in "ab"]
    assert [process.wait() for process in started] == [0, 0]
    assert set(Project(project).annotations) == {"older", *(f"{name}{number}" for name in "ab" for number in range(5))}
    assert all(labels(project, name)[0] == name[0] for name in Project(project).annotations if name != "older")


def test_the_tokens_are_read_in_pieces(project, monkeypatch):
    monkeypatch.setattr(amending, "TOGETHER", 3)
    assert tokens_of(Project(project)) == WORDS


def test_a_project_without_tokens_may_be_annotated_but_not_read(tmp_path):
    write_small_project(tmp_path)
    with pytest.raises(LstmvisError, match="has no tokens"):
        tokens_of(Project(tmp_path))
    add_annotation(tmp_path, "a", [1.0, 2, 3])
    with h5py.File(tmp_path / "annotation-a.hdf5") as file:
        assert file["a"][:].tolist() == [1, 2, 3]


def test_where_the_states_are_shorter_than_the_text_either_length_will_do(tmp_path):
    write_project(tmp_path / "long", WORDS, {"cell": np.ones((20, 1))})
    write_project(tmp_path / "p", WORDS[:8], {"cell": np.ones((8, 1))})
    for name in "train.hdf5", "words.json":
        (tmp_path / "p" / name).write_bytes((tmp_path / "long" / name).read_bytes())
    for name, length in ("tokens", 20), ("steps", 8):
        add_annotation(tmp_path / "p", name, WORDS[:length])
        assert labels(tmp_path / "p", name) == WORDS[:length]


def test_what_is_no_project_is_not_written_to(tmp_path):
    with pytest.raises(ProjectError, match=r"is no project: there is no lstm\.yml in it"):
        add_annotation(tmp_path, "a", WORDS)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_of_lstmvis_is_annotated_and_its_lstm_yml_comes_back_as_it_was(tmp_path):
    write_lstmvis_directory(tmp_path / "old")
    before = contents(tmp_path / "old")
    tokens = tokens_of(Project(tmp_path / "old"))
    add_annotation(tmp_path / "old", "length", [str(len(token)) for token in tokens])
    assert labels(tmp_path / "old", "length") == [str(len(token)) for token in tokens]
    config = (tmp_path / "old" / "lstm.yml").read_text(encoding="utf-8").splitlines()
    kept = before["lstm.yml"].decode().splitlines()
    assert [line for line in config if line in kept] == kept
    assert len(config) == len(kept) + 3
    remove_annotation(tmp_path / "old", "length")
    assert contents(tmp_path / "old") == before
