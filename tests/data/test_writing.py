import os

import h5py
import numpy as np
import pytest

from lstmvis.data import locking, placing, writing
from lstmvis.data.errors import ProjectError, ProjectExistsError
from lstmvis.data.project import Project
from lstmvis.data.writing import ProjectWriter

STATES = np.arange(12, dtype="f4").reshape(4, 3) / 8
TOKENS = ["a", " ", "\n"]


def write(path, name="Test", **options):
    with ProjectWriter(path, name, "A test: ümlaut", **options) as project:
        project.write_tokens([0, 1, 2, 0], TOKENS)
        states = project.create_source("layer1/cell", 4, 3, layer=1, type="cell")
        states[:2], states[2:] = STATES[:2], STATES[2:]
        project.create_source("layer1/hidden", 4, 3, type="hidden", transform="none", dtype="float16")[:] = STATES
        project.write_discrete("nesting", [1, 0, 0, 1], labels=["x", "y"])
        project.write_scalar("loss", [0.5, np.nan, 2, 3], range=(0, 4))
        project.write_ranked("top", [[0, 1], [1, 2], [2, 0], [0, 2]], [[0.75, 0.25]] * 4, labels=TOKENS)
        project.write_sequences([0, 3])


def test_what_is_written_opens_without_problems(tmp_path):
    write(tmp_path / "deep" / "p")
    project = Project(tmp_path / "deep" / "p")
    assert project.problems == []
    assert (project.name, project.description) == ("Test", "A test: ümlaut")
    assert project.words.decode(project.words.ids.integers(0, 4)) == ["a", " ", "\n", "a"]
    described = {source.id: (source.type, source.layer, source.transform) for source in project.sources.values()}
    assert described == {
        "states::layer1/cell": ("cell", 1, "tanh"),
        "states::layer1/hidden": ("hidden", 1, "none"),
    }
    assert project.annotations["nesting"].values.rows(0, 4).tolist() == [1, 0, 0, 1]
    meta = project.describe()["meta"]
    assert meta["nesting"]["vis"] == {"type": "discrete", "range": ["x", "y"]}
    assert meta["loss"]["vis"] == {"type": "scalar", "range": [0, 4]}
    top = project.annotations["top"]
    assert (top.type, top.values.rows(1, 2).tolist(), top.weights.rows(1, 2).tolist()) == (
        "wordvec",
        [[1, 2]],
        [[0.75, 0.25]],
    )
    assert top.dictionary.decode([2]) == ["\n"]
    assert project.sequence_starts.tolist() == [0, 3]


@pytest.mark.parametrize(("path", "dtype"), [("layer1/cell", "float32"), ("layer1/hidden", "float16")])
def test_states_lie_in_one_piece_so_that_they_can_be_read_past_hdf5(tmp_path, path, dtype):
    write(tmp_path / "p")
    states = Project(tmp_path / "p").sources[f"states::{path}"].states
    assert states.contiguous
    assert states.dtype == dtype
    assert states.rows(0, 4).tolist() == STATES.tolist()


def test_nothing_but_the_project_is_left_behind(tmp_path):
    write(tmp_path / "p")
    write(tmp_path / "p", replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_ids_may_come_in_pieces_and_are_stored_in_the_smallest_type(tmp_path):
    with ProjectWriter(tmp_path / "p", "n", "d") as project:
        project.write_tokens((np.array(piece) for piece in ([0, 1], [2], [], [299])), ["w"] * 300, length=4)
        project.write_discrete("a", iter([[0, 1], [1, 0]]), ["x", "y"], length=4)
    with h5py.File(tmp_path / "p" / "train.hdf5") as file:
        assert file["word_ids"].dtype == np.uint16
        assert file["word_ids"][:].tolist() == [0, 1, 2, 299]
    with h5py.File(tmp_path / "p" / "annotations.hdf5") as file:
        assert file["a"].dtype == np.uint8


def test_numbers_and_ranked_tokens_may_come_in_pieces_and_in_any_order(tmp_path):
    with ProjectWriter(tmp_path / "p", "n", "d") as project:
        project.write_tokens([0, 1, 299, 0], ["w"] * 300)
        loss = project.create_scalar("loss", 4, range=(0, 9))
        loss[2:4] = [2, 3]
        loss[1:2] = [1]
        ids, weights = project.create_ranked_tokens("top", 4, ranks=2)
        ids[1:3], weights[1:3] = [[299, 0], [1, 2]], [[0.75, 0.25]] * 2
    project = Project(tmp_path / "p")
    np.testing.assert_array_equal(project.annotations["loss"].values.rows(0, 4), [np.nan, 1, 2, 3])
    assert project.describe()["meta"]["loss"]["vis"] == {"type": "scalar", "range": [0, 9]}
    top = project.annotations["top"]
    assert top.values.rows(0, 4).tolist() == [[0, 0], [299, 0], [1, 2], [0, 0]]
    assert top.weights.rows(0, 4).tolist() == [[0, 0], [0.75, 0.25], [0.75, 0.25], [0, 0]]
    assert len(top.dictionary) == 300
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == [
        "annotations.hdf5",
        "lstm.yml",
        "train.hdf5",
        "words.json",
    ]


def test_a_gate_that_is_never_below_zero_is_marked(tmp_path):
    with ProjectWriter(tmp_path / "p", "n", "d") as project:
        project.create_source("input_gate", 4, 3, transform="none", unsigned=True)[:] = 0.5
        project.create_source("cell", 4, 3)[:] = 0.5
    assert [source.unsigned for source in Project(tmp_path / "p").sources.values()] == [True, False]


@pytest.mark.parametrize(
    ("ids", "length", "sentence"),
    [
        ([0, 3], 0, "The token ids must be from 0 to 2; found 0 to 3."),
        ([-1, 2], 0, "The token ids must be from 0 to 2; found -1 to 2."),
        ([0.0, 1.0], 0, "The token ids must be integers in one axis; they are float64 (2,)."),
        ([[0, 1]], 0, "The token ids must be integers in one axis; they are int64 (1, 2)."),
        (5, 0, "The token ids must be integers in one axis; they are int64 ()."),
        (["a"], 0, "The token ids must be integers in one axis; they are <U1 (1,)."),
        (iter([[0, 1]]), 0, "The token ids must be integers in one axis; they are object ()."),
        ([[0, 1], [3]], 3, "The token ids must be from 0 to 2; found 3 to 3."),
        ([[0, 1], [2]], 4, "There are 3 token ids; 4 were announced."),
        ([[0, 1], [2]], 2, "There are more than the 2 token ids that were announced."),
    ],
)
def test_bad_ids_are_refused_and_leave_nothing(tmp_path, ids, length, sentence):
    with pytest.raises(ProjectError) as caught, ProjectWriter(tmp_path / "p", "n", "d") as project:
        project.write_tokens(ids, TOKENS, length)
    assert str(caught.value) == sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda p: p.create_source("s", 2, 2, transform="relu"), "The transform of 's' must be one of tanh, none"),
        (lambda p: p.create_source("s", 2, 2, dtype="float64"), "The states of 's' must be written as float16 or"),
        (lambda p: p.write_discrete("a", [2], ["x", "y"]), "The ids of 'a' must be from 0 to 1; found 2 to 2."),
        (lambda p: p.write_discrete("../a", [0], ["x"]), "An annotation must have a name without `/`, `,` or"),
        (lambda p: p.write_scalar("a,b", [0], (0, 1)), "An annotation must have a name without `/`, `,` or"),
        (lambda p: p.write_scalar("", [0], (0, 1)), "An annotation must have a name without `/`, `,` or"),
        (lambda p: p.write_scalar("a", [[0]], (0, 1)), "The values of 'a' must have one axis; their shape is (1, 1)."),
        (lambda p: p.write_ranked("a", [[0, 2]], [[1, 1]], ["x", "y"]), "The ids of 'a' must be from 0 to 1; found 0"),
        (lambda p: p.write_ranked("a", [0], [1], ["x"]), "The ids of 'a' must be integers in two axes; they are int64"),
        (lambda p: p.write_ranked("a", [[0]], [1], ["x"]), "The weights of 'a' must have the shape of its ids, (1, 1)"),
        (lambda p: p.write_ranked("a/b", [[0]], [[1]], ["x"]), "An annotation must have a name without `/`, `,` or"),
        (lambda p: p.create_scalar("a/b", 3), "An annotation must have a name without `/`, `,` or"),
        (lambda p: p.create_ranked_tokens("a", 3, 2), "The tokens must be written before 'a', which ranks them."),
        (lambda p: p.write_sequences([1, 2]), "The starts of the sequences must be integers in one axis, ascending"),
        (lambda p: p.write_sequences([0, 2, 2]), "The starts of the sequences must be integers in one axis, ascending"),
        (
            lambda p: p.write_sequences([0.0, 2.0]),
            "The starts of the sequences must be integers in one axis, ascending",
        ),
        (lambda p: p.write_sequences([[0, 1]]), "The starts of the sequences must be integers in one axis, ascending"),
    ],
)
def test_what_the_format_has_no_place_for_is_refused(tmp_path, change, sentence):
    with pytest.raises(ProjectError) as caught, ProjectWriter(tmp_path / "p", "n", "d") as project:
        change(project)
    assert str(caught.value).startswith(sentence)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ("write_tokens", "write_tokens", "'word_ids' cannot be written to train.hdf5: that name is taken."),
        (
            "write_sequences",
            "write_sequences",
            "'sequence_starts' cannot be written to train.hdf5: that name is taken.",
        ),
        ("create_source", "create_source", "'a' cannot be written to states.hdf5: that name is taken."),
        ("create_source", "below it", "'a/b' cannot be written to states.hdf5: that name is taken."),
        ("below it", "create_source", "'a' cannot be written to states.hdf5: that name is taken."),
        ("write_discrete", "write_scalar", "There is an annotation 'a' already."),
        ("write_scalar", "write_ranked", "There is an annotation 'a' already."),
        ("write_ranked", "write_discrete", "There is an annotation 'a' already."),
    ],
)
def test_a_name_that_is_taken_is_refused(tmp_path, first, second, sentence):
    ways = {
        "write_tokens": lambda project: project.write_tokens([0], ["x"]),
        "write_sequences": lambda project: project.write_sequences([0]),
        "create_source": lambda project: project.create_source("a", 2, 2),
        "below it": lambda project: project.create_source("a/b", 2, 2),
        "write_discrete": lambda project: project.write_discrete("a", [0], ["x"]),
        "write_scalar": lambda project: project.write_scalar("a", [0], (0, 1)),
        "write_ranked": lambda project: project.write_ranked("a", [[0]], [[1]], ["x"]),
    }
    with ProjectWriter(tmp_path / "p", "n", "d") as project:
        ways[first](project)
        with pytest.raises(ProjectError) as caught:
            ways[second](project)
    assert str(caught.value) == sentence


def test_a_place_that_cannot_be_written_is_named_before_anything_is_made(tmp_path):
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(ProjectError, match=r"^.*/file/p cannot be written: File exists \(.*/file\)\.$"),
        ProjectWriter(tmp_path / "file" / "p", "n", "d"),
    ):
        raise AssertionError


def test_a_project_that_is_there_is_not_overwritten(tmp_path):
    write(tmp_path / "p", name="older")
    with pytest.raises(ProjectExistsError, match="already exists"):
        ProjectWriter(tmp_path / "p", "newer", "d")
    assert Project(tmp_path / "p").name == "older"


def test_replacing_takes_the_whole_older_project_away(tmp_path):
    write(tmp_path / "p", name="older")
    (tmp_path / "p" / "stray").write_text("x")
    write(tmp_path / "p", name="newer", replace=True)
    assert Project(tmp_path / "p").name == "newer"
    assert not (tmp_path / "p" / "stray").exists()


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("make", [lambda path: (path / "mine").mkdir(parents=True), lambda path: path.write_text("x")])
def test_what_is_no_project_is_never_replaced(tmp_path, make, replace):
    make(tmp_path / "p")
    with pytest.raises(ProjectExistsError, match="is not a project, so it is kept"):
        ProjectWriter(tmp_path / "p", "n", "d", replace)
    assert (tmp_path / "p").exists()


@pytest.mark.parametrize("replace", [False, True])
def test_an_empty_directory_is_a_place(tmp_path, replace):
    (tmp_path / "p").mkdir()
    write(tmp_path / "p", name="mine", replace=replace)
    assert Project(tmp_path / "p").name == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_place_that_is_taken_names_what_replaces_it(tmp_path):
    write(tmp_path / "p", name="older")
    with pytest.raises(ProjectExistsError, match="`--replace` on the command line, `replace=True` in Python"):
        write(tmp_path / "p", name="newer")


def test_what_comes_into_an_empty_directory_meanwhile_stays(tmp_path):
    (tmp_path / "p").mkdir()
    with pytest.raises(ProjectExistsError), ProjectWriter(tmp_path / "p", "n", "d"):
        (tmp_path / "p" / "mine").mkdir()
    assert (tmp_path / "p" / "mine").exists()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_half_way_leaves_nothing_and_keeps_the_older_project(tmp_path, error):
    write(tmp_path / "p", name="older")

    def fail(dataset):
        raise error

    with pytest.raises(error), ProjectWriter(tmp_path / "p", "newer", "d", replace=True) as project:
        fail(project.create_source("s", 2, 2))
    assert [path.name for path in tmp_path.iterdir()] == ["p"]
    assert Project(tmp_path / "p").name == "older"


def test_a_project_that_appears_meanwhile_is_not_overwritten(tmp_path):
    write(tmp_path / "q", name="faster")
    with pytest.raises(ProjectExistsError), ProjectWriter(tmp_path / "p", "slower", "d"):
        (tmp_path / "q").rename(tmp_path / "p")
    assert Project(tmp_path / "p").name == "faster"


@pytest.mark.parametrize("step", ["sync_all", "exchange", "rename"])
def test_a_project_that_cannot_be_moved_into_place_keeps_the_older_one(tmp_path, monkeypatch, step):
    write(tmp_path / "p", name="older")
    rename = os.rename

    def fail_for_the_new_one(old, *new):
        if (old / "lstm.yml").read_text().startswith("name: newer"):
            raise OSError("disk full")
        rename(old, *new)

    if step == "rename":
        monkeypatch.setattr(placing, "exchange", lambda one, other: False)
    monkeypatch.setattr(placing.os if step == "rename" else placing, step, fail_for_the_new_one)
    with pytest.raises(OSError, match="disk full"):
        write(tmp_path / "p", name="newer", replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["p"]
    assert Project(tmp_path / "p").name == "older"


def test_all_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    write(tmp_path / "p", name="older")
    synced, put = [], []
    monkeypatch.setattr(placing, "sync", lambda path: synced.append(path))

    def exchange(part, place, exchange=placing.exchange):
        put.extend([part, *part.iterdir()])
        assert set(synced) == set(put)
        return exchange(part, place)

    monkeypatch.setattr(placing, "exchange", exchange)
    write(tmp_path / "p", name="newer", replace=True)
    assert len(put) > 4
    assert synced[-1] == tmp_path  # which has the new names


def test_a_second_writer_of_the_same_project_is_refused_and_one_of_another_is_not(tmp_path):
    with ProjectWriter(tmp_path / "p", "first", "d") as project:
        project.create_source("s", 2, 2)
        with pytest.raises(ProjectError, match="/p is being written by another process"):
            write(tmp_path / "p", name="second")
        write(tmp_path / "other", name="other")
    assert Project(tmp_path / "p").name == "first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "p"]


def test_a_project_that_is_being_annotated_is_not_replaced_meanwhile(tmp_path, monkeypatch):
    write(tmp_path / "p", name="older")
    monkeypatch.setattr(writing, "PATIENCE", 0.0)
    with locking.writing(tmp_path / "p"), pytest.raises(ProjectError, match="is being written by another process"):
        write(tmp_path / "p", name="newer", replace=True)
    assert Project(tmp_path / "p").name == "older"


def test_what_killed_writers_left_goes_with_the_next_writer_of_the_same_project(tmp_path):
    for left in (".p.abcd_123.part", ".p.q.abcd_123.part", ".p.settings", ".p.older.part"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "file").write_text("x")
    (tmp_path / ".p.lock").write_text("")
    write(tmp_path / "newer")
    (tmp_path / "newer").rename(tmp_path / "p")
    write(tmp_path / "p", replace=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".p.q.abcd_123.part", ".p.settings", "p"]


@pytest.mark.parametrize("replace", [False, True])
def test_a_project_that_was_killed_between_two_names_comes_back_to_its_own(tmp_path, replace):
    """As happens where the system cannot exchange names."""
    write(tmp_path / "p", name="older")
    (tmp_path / "p").rename(tmp_path / ".p.older.part")
    if replace:
        with pytest.raises(KeyError), ProjectWriter(tmp_path / "p", "newer", "d", replace):
            raise KeyError
    else:
        with pytest.raises(ProjectExistsError):
            write(tmp_path / "p", name="newer")
    assert [path.name for path in tmp_path.iterdir()] == ["p"]
    assert Project(tmp_path / "p").name == "older"


def test_without_locks_and_exchange_projects_are_written_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(locking, "_locked", lambda descriptor: None)
    monkeypatch.setattr(placing, "exchange", lambda one, other: False)
    left = tmp_path / ".p.abcd_123.part"
    left.mkdir()
    write(tmp_path / "p", name="older")
    write(tmp_path / "p", name="newer", replace=True)
    assert Project(tmp_path / "p").name == "newer"
    assert sorted(path.name for path in tmp_path.iterdir()) == [left.name, "p"]  # somebody may be at work in it


def test_a_project_is_replaced_where_a_link_leads_to(tmp_path):
    write(tmp_path / "large disk", name="older")
    (tmp_path / "p").symlink_to("large disk")
    write(tmp_path / "p", name="newer", replace=True)
    assert (tmp_path / "p").is_symlink()
    assert Project(tmp_path / "large disk").name == "newer"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large disk", "p"]


def test_a_scale_without_a_range_goes_from_the_lowest_to_the_highest_value(tmp_path):
    with ProjectWriter(str(tmp_path / "p"), "p", "") as project:
        project.create_source("states", steps=3, cells=1)
        project.write_scalar("loss", [0.5, np.nan, 2.0])
    assert Project(tmp_path / "p").describe()["meta"]["loss"]["vis"] == {"type": "scalar", "range": [0.5, 2.0]}
