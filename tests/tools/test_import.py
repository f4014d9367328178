import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from lstmvis.data.project import Project
from lstmvis.tools.cli import main

STATES = np.arange(18, dtype=np.float32).reshape(6, 3) / 18
WORDS = "the cat sat\non the  mat\n"


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """What other programs have saved, in the current directory."""
    monkeypatch.chdir(tmp_path)
    np.save("hidden.npy", STATES)
    np.save("double.npy", 2 * STATES.astype(np.float64))
    np.save("ids.npy", [0, 1, 2, 3, 0, 4])
    np.save("lengths.npy", [2, 4])
    np.save("words.npy", np.array(WORDS.split()))
    np.save("batch.npy", np.stack([STATES[:4], STATES[2:]]))
    np.savez("one.npz", only=STATES)
    np.savez("two.npz", a=STATES, b=2 * STATES)
    with h5py.File("states.h5", "w") as file:
        file["layer1/cell"] = STATES
        file["layer2/cell"] = 2 * STATES
        file["tags"] = ["DET", "NOUN"] * 3
    for name, text in {
        "words.txt": WORDS,
        "vocabulary.txt": "the\ncat\nsat\non\nmat\n",
        "vocabulary.dict": "the 0\ncat 1\nsat 2\non 3\nmat 4\n",
        "vocabulary.json": json.dumps(["the", "cat", "sat", "on", "mat"]),
        "tags.txt": "DET\nNOUN\nVERB\nADP\nDET\nNOUN\n",
        "depths.txt": "0\n1\n2\n2\n1\n0\n",
        "losses.txt": "0.5\n1\n2\nnan\n3\n1e1\n",
        "labels.txt": "low\nmid\nhigh\n",
        "each.txt": "good\nbad\n",
        "latin.bin": "",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "latin.bin").write_bytes("Käse".encode("latin-1"))


def run(*arguments):
    return main(["import", "p", *map(str, arguments)])


def imported(*arguments):
    assert run(*arguments) == 0
    project = Project(Path("p"))
    assert project.problems == []
    return project


def words_of(project):
    return project.words.decode(project.words.ids.integers(0, len(project.words.ids)))


@pytest.mark.parametrize(
    ("reference", "source", "factor"),
    [
        ("hidden.npy", "states::hidden", 1),
        ("double.npy", "states::double", 2),
        ("layer3/gate=hidden.npy", "states::layer3/gate", 1),
        ("one.npz", "states::one", 1),
        ("two.npz::b", "states::b", 2),
        ("x=two.npz::b", "states::x", 2),
        ("states.h5::layer2/cell", "states::layer2/cell", 2),
    ],
)
def test_states_come_from_every_kind_of_file(reference, source, factor):
    project = imported("--states", reference)
    assert list(project.sources) == [source]
    np.testing.assert_array_equal(project.sources[source].states.rows(0, 6), factor * STATES)


def test_several_sources_and_how_they_are_shown():
    arguments = ["--states", "states.h5::layer1/cell", "--states", "states.h5::layer2/cell", "--states", "hidden.npy"]
    project = imported(*arguments, "--transform", "layer2/cell=none")
    assert {source.id: (source.layer, source.transform) for source in project.sources.values()} == {
        "states::layer1/cell": (1, "tanh"),
        "states::layer2/cell": (2, "none"),
        "states::hidden": (1, "none"),
    }


@pytest.mark.parametrize(
    "tokens",
    [
        ["words.txt"],
        ["words.npy"],
        ["ids.npy", "--vocabulary", "vocabulary.txt"],
        ["ids.npy", "--vocabulary", "vocabulary.dict"],
        ["ids.npy", "--vocabulary", "vocabulary.json"],
    ],
)
def test_tokens_are_words_of_a_text_or_ids(tokens):
    assert words_of(imported("--states", "hidden.npy", "--tokens", *tokens)) == WORDS.split()


@pytest.mark.parametrize(
    ("split", "text", "tokens"),
    [
        ("lines", "a b\n\nc\nd\ne\nf", ["a b", "", "c", "d", "e", "f"]),
        ("characters", "a b\nc\t", list("a b\nc\t")),
    ],
)
def test_a_text_can_be_split_otherwise(tmp_path, split, text, tokens):
    (tmp_path / "text").write_text(text, encoding="utf-8")
    assert words_of(imported("--states", "hidden.npy", "--tokens", "text", "--split", split)) == tokens


@pytest.mark.parametrize(
    ("arguments", "vis"),
    [
        (["a=tags.txt"], {"type": "discrete", "range": ["ADP", "DET", "NOUN", "VERB"]}),
        (["a=states.h5::tags"], {"type": "discrete", "range": ["DET", "NOUN"]}),
        (["a=depths.txt"], {"type": "discrete", "range": ["0", "1", "2"]}),
        (["a=depths.txt", "--scalar", "a"], {"type": "scalar", "range": [0, 2]}),
        (["a=depths.txt", "--labels", "a=labels.txt"], {"type": "discrete", "range": ["low", "mid", "high"]}),
        (["a=losses.txt"], {"type": "scalar", "range": [0.5, 10]}),
        (["a=ids.npy"], {"type": "discrete", "range": ["0", "1", "2", "3", "4"]}),
        (["a=each.txt", "--lengths", "lengths.npy"], {"type": "discrete", "range": ["bad", "good"]}),
    ],
)
def test_annotations_are_labels_or_numbers_by_what_they_hold_or_by_what_is_said(arguments, vis):
    project = imported("--states", "hidden.npy", "--annotation", *arguments)
    assert project.describe()["meta"]["a"]["vis"] == vis


def test_many_integers_are_labels_on_request(tmp_path):
    np.save("many.npy", np.zeros((150, 2)))
    np.save("steps.npy", np.arange(150))
    arguments = ["--states", "many.npy", "--annotation", "a=steps.npy"]
    assert imported(*arguments).describe()["meta"]["a"]["vis"]["type"] == "scalar"
    assert len(imported(*arguments, "--discrete", "a", "--replace").describe()["meta"]["a"]["vis"]["range"]) == 150


@pytest.mark.parametrize(
    ("arguments", "starts"),
    [
        (["--states", "hidden.npy", "--lengths", "lengths.npy"], [0, 2]),
        (["--states", "hidden.npy", "--sequences", "depths2.txt"], [0, 5]),
        (["--states", "batch.npy", "--lengths", "lengths.npy"], [0, 2]),
    ],
)
def test_sequences_are_given_by_lengths_or_first_steps(tmp_path, arguments, starts):
    (tmp_path / "depths2.txt").write_text("0\n5\n", encoding="utf-8")
    assert imported(*arguments).sequence_starts.tolist() == starts


def test_what_a_reader_of_the_plots_has_to_know_is_said(capsys):
    np.save("broken.npy", np.where(STATES > 0.9, np.nan, STATES))
    imported("--states", "broken.npy")
    told = capsys.readouterr()
    assert told.err == "lstmvis: The states 'broken' hold 1 NaN, where a cell counts as off; the first at step 5.\n"
    assert told.out == "p is written. To see it: lstmvis serve p\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--states", "states.h5"], "states.h5 does not hold one array alone; it holds 'layer1/cell', 'layer2"),
        (
            ["--states", "states.h5::layer1"],
            "There is no 'layer1' in states.h5; it holds 'layer1/cell', 'layer2/cell', ",
        ),
        (
            ["--states", "two.npz"],
            "two.npz does not hold one array alone; it holds 'a', 'b'. Name one of them: two.npz::",
        ),
        (["--states", "two.npz::c"], "There is no 'c' in two.npz; it holds 'a', 'b'."),
        (["--states", "words.txt"], "words.txt must be an array here; its name must end in .npy, .npz, .h5, .hdf5."),
        (["--states", "gone.npy"], "gone.npy: No such file or directory."),
        (["--states", "gone.h5"], "The file gone.h5 is missing."),
        (["--states", "hidden.npy", "--states", "x/hidden.npy"], "--states names 'hidden' twice."),
        (["--states", "hidden.npy", "--transform", "cell=tanh"], "--transform names 'cell'; there are: hidden."),
        (["--states", "hidden.npy", "--transform", "hidden=relu"], "--transform must be tanh or none, not 'relu'."),
        (["--states", "hidden.npy", "--annotation", "tags.txt"], "--annotation must be NAME=..., not 'tags.txt'."),
        (["--states", "hidden.npy", "--scalar", "a"], "--scalar names 'a'; there are: none."),
        (["--states", "hidden.npy", "--tokens", "latin.bin"], "latin.bin is not text in UTF-8: "),
        (
            ["--states", "hidden.npy", "--tokens", "tags.txt", "--annotation", "a=each.txt"],
            "There are 2 values of 'a', ",
        ),
        (["--states", "hidden.npy", "--tokens", "ids.npy"], "Tokens must be strings, or integers with a `vocabulary`"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(tmp_path, capsys, arguments, sentence):
    assert run(*arguments) == 1
    assert capsys.readouterr().err.startswith(f"lstmvis: {sentence}")
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("name", ["text.npy", "text.npz", "text.h5"])
def test_a_file_that_is_not_what_its_name_says_is_named(tmp_path, capsys, name):
    (tmp_path / name).write_text("no array", encoding="utf-8")
    assert run("--states", name) == 1
    assert name in capsys.readouterr().err


@pytest.mark.parametrize(
    ("saved", "name", "sentence"),
    [
        ("two.npz", "states.npy", "holds several arrays, or what PyTorch saves, as its name does not say. Write .npy"),
        ("hidden.npy", "states.npz", "holds one array alone, as its name does not say. Write .npz"),
    ],
)
def test_an_array_under_the_name_of_another_kind_is_told_how_to_be_written(tmp_path, capsys, saved, name, sentence):
    (tmp_path / saved).rename(tmp_path / name)
    assert run("--states", name) == 1
    assert capsys.readouterr().err.startswith(f"lstmvis: {name} {sentence} files with numpy.save")
