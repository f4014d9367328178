import errno
import json
import pickle
import sys

import h5py
import numpy as np
import pytest
import yaml

from lstmvis.data.project import Project
from lstmvis.models.checkpoint import load_checkpoint
from lstmvis.tools.cli import main

TEXT = "to be, or not to be: that is the question\n" * 30
TRAIN = ["--cells", "6", "--layers", "2", "--epochs", "2", "--streams", "4", "--steps", "20", "--device", "cpu"]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "hamlet.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def model(tmp_path, text):
    path = tmp_path / "hamlet.pt"
    assert main(["train", str(text), "--out", str(path), *TRAIN]) == 0
    return path


def run(*arguments):
    return main([str(argument) for argument in arguments])


def test_from_a_text_to_a_project_in_two_commands(tmp_path, text, model):
    assert run("extract", model, text, "--out", tmp_path / "hamlet", "--name", "Hamlet", "--description", "A play") == 0

    project = Project(tmp_path / "hamlet")
    assert (project.name, project.description) == ("Hamlet", "A play")
    assert list(project.sources) == [f"states::layer{layer}/{kind}" for layer in (1, 2) for kind in ("cell", "hidden")]
    assert {(source.steps, source.cells) for source in project.sources.values()} == {(len(TEXT), 6)}
    with h5py.File(tmp_path / "hamlet" / "train.hdf5") as file:
        assert "".join(project.words.decode(file["word_ids"][:].astype(np.int64))) == TEXT
    checkpoint = load_checkpoint(tmp_path / "hamlet" / "model.pt")
    assert checkpoint.vocabulary == sorted(set(TEXT))
    config = yaml.safe_load((tmp_path / "hamlet" / "lstm.yml").read_text())
    assert config["model"] == {"checkpoint": "model.pt", "history": "history.json"}
    history = json.loads((tmp_path / "hamlet" / "history.json").read_text())
    assert history["epochs"] == checkpoint.history
    assert history["model"]["cells"] == 6
    assert history["tokens"]["unit"] == "characters"


def test_words_are_extracted_as_they_were_learnt(tmp_path, text):
    assert run("train", text, "--out", tmp_path / "words.pt", "--tokens", "words", *TRAIN) == 0
    assert run("extract", tmp_path / "words.pt", text, "--out", tmp_path / "words") == 0
    project = Project(tmp_path / "words")
    with h5py.File(tmp_path / "words" / "train.hdf5") as file:
        words = project.words.decode(file["word_ids"][:].astype(np.int64))
    assert words == 30 * ["to", "be,", "or", "not", "to", "be:", "that", "is", "the", "question", "<eos>"]


def test_training_tells_the_losses_of_every_epoch_and_draws_no_bar_where_there_is_no_terminal(tmp_path, text, capsys):
    run("train", text, "--out", tmp_path / "model.pt", *TRAIN)
    told = capsys.readouterr()
    lines = [line for line in told.out.splitlines() if line.startswith("  epoch")]
    assert len(lines) == 2
    assert all("training loss" in line and "validation loss" in line for line in lines)
    assert told.err == ""


def test_states_can_be_stored_in_half_the_space(tmp_path, text, model):
    run("extract", model, text, "--out", tmp_path / "half", "--dtype", "float16")
    with h5py.File(tmp_path / "half" / "states.hdf5") as file:
        assert file["layer1/cell"].dtype == np.float16


def test_a_project_is_replaced_only_on_request(tmp_path, text, model, capsys):
    arguments = ["extract", model, text, "--out", tmp_path / "twice"]
    assert run(*arguments) == 0
    assert run(*arguments) == 1
    assert "already exists" in capsys.readouterr().err
    assert run(*arguments, "--replace") == 0


def test_a_character_that_the_model_does_not_know_is_named_and_no_project_begun(tmp_path, model, capsys):
    other = tmp_path / "other.txt"
    other.write_text("to be\nto zee", encoding="utf-8")
    assert run("extract", model, other, "--out", tmp_path / "project") == 1
    assert f"{other}, line 2, column 4: the model does not know the character 'z'" in capsys.readouterr().err
    assert not (tmp_path / "project").exists()


@pytest.fixture
def no_training(monkeypatch):
    monkeypatch.setattr("lstmvis.tools.train.train_with_progress", None)
    monkeypatch.setattr("lstmvis.tools.extract.extract_with_progress", None)


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("", "{out} is a directory. Name the file to write, such as {out}/model.pt."),
        ("hamlet.txt/model.pt", "{out} cannot be written: File exists ({out.parent})."),
        ("m" * 254, "{out} cannot be written: File name too long ({out.parent}/.m"),
        ("m" * 256, "{out}: File name too long."),
        ("hamlet.txt", "{out} already exists. Choose another place, or --replace it."),
    ],
)
@pytest.mark.usefixtures("no_training")
def test_a_place_where_no_model_can_be_written_is_refused_before_training(tmp_path, text, capsys, out, sentence):
    assert run("train", text, "--out", tmp_path / out, *TRAIN) == 1
    assert capsys.readouterr().err.startswith(f"lstmvis: {sentence.format(out=tmp_path / out)}")
    assert list(tmp_path.iterdir()) == [text]


def test_a_model_is_replaced_only_on_request(tmp_path, text, model, capsys):
    before = model.read_bytes()
    assert run("train", text, "--out", model, *TRAIN, "--seed", "2") == 1
    assert "already exists" in capsys.readouterr().err
    assert model.read_bytes() == before
    assert run("train", text, "--out", model, *TRAIN, "--seed", "2", "--replace") == 0
    assert model.read_bytes() != before


@pytest.mark.usefixtures("no_training")
def test_what_is_no_model_is_never_replaced(text, capsys):
    assert run("train", text, "--out", text, *TRAIN, "--replace") == 1
    assert "is not a model that `lstmvis train` has written. So it is not replaced." in capsys.readouterr().err
    assert text.read_text(encoding="utf-8") == TEXT


def test_a_place_where_no_project_can_be_written_is_refused_before_extraction(text, model, capsys, monkeypatch):
    monkeypatch.setattr("lstmvis.tools.extract.extract_with_progress", None)
    assert run("extract", model, text, "--out", text / "project") == 1
    assert capsys.readouterr().err == f"lstmvis: {text}/project cannot be written: File exists ({text}).\n"
    assert run("extract", model, text, "--out", text.parent, "--replace") == 1
    assert "exists and is not a project, so it is kept" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "states.hdf5"), "states.hdf5: No space left on device."),
        (OSError(errno.EXDEV, "Cross-device link", "a", None, "b"), "a to b: Cross-device link."),
        (OSError("Can't write data"), "Can't write data."),
    ],
)
def test_what_the_machine_refuses_is_told_in_a_sentence(tmp_path, text, monkeypatch, capsys, error, sentence):
    def fail(*arguments):
        raise error

    monkeypatch.setattr("lstmvis.tools.train.train_with_progress", fail)
    assert run("train", text, "--out", tmp_path / "model.pt", *TRAIN) == 1
    assert capsys.readouterr().err == f"lstmvis: {sentence}\n"


@pytest.mark.parametrize(
    ("option", "value"), [("--cells", "0"), ("--dropout", "1"), ("--learning-rate", "nan"), ("--validation", "0")]
)
def test_options_that_make_no_sense_are_refused_with_what_is_allowed(tmp_path, text, capsys, option, value):
    with pytest.raises(SystemExit):
        run("train", text, "--out", tmp_path / "model.pt", option, value)
    assert f"argument {option}: must be a" in capsys.readouterr().err


def test_a_text_too_short_to_train_on_says_how_long_it_must_be(tmp_path, capsys):
    short = tmp_path / "short.txt"
    short.write_text("to be", encoding="utf-8")
    assert run("train", short, "--out", tmp_path / "model.pt") == 1
    assert "64 streams need at least 65" in capsys.readouterr().err


def test_an_unknown_device_is_refused(tmp_path, text, capsys):
    assert run("train", text, "--out", tmp_path / "model.pt", "--device", "abacus") == 1
    assert "There is no device 'abacus'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["train", "text.txt", "--out", "m.pt"], ["extract", "m.pt", "t.txt", "--out", "p"]]
)
def test_without_pytorch_the_command_says_how_to_get_it(monkeypatch, capsys, command):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(command) == 1
    assert "pip install 'lstmvis[train]'" in capsys.readouterr().err


def test_what_is_written_of_which_layers_can_be_chosen(tmp_path, text, model):
    out = tmp_path / "chosen"
    options = ["--write", "gates, saliency", "--layers", "2", "--saliency-window", "3", "--streams", "1"]
    assert run("extract", model, text, "--out", out, *options) == 0
    project = Project(out)
    gates = ("input_gate", "forget_gate", "candidate", "output_gate")
    assert list(project.sources) == [f"states::layer2/{gate}" for gate in gates]
    assert list(project.annotations) == ["saliency"]
    assert project.sequence_starts.tolist() == []


def test_lines_can_be_read_for_themselves(tmp_path, text, model):
    out = tmp_path / "lines"
    assert run("extract", model, text, "--out", out, "--reset-at-lines", "--predictions", "2") == 0
    project = Project(out)
    line = TEXT.index("\n") + 1
    assert project.sequence_starts.tolist() == list(range(0, len(TEXT), line))
    states = project.sources["states::layer2/hidden"].states
    np.testing.assert_allclose(states.rows(0, line), states.rows(line, 2 * line), atol=1e-6)
    assert np.isnan(project.annotations["loss"].values.rows(0, 2 * line)[[0, line]]).all()
    assert project.annotations["prediction"].values.shape == (len(TEXT), 2)


def test_lines_need_a_model_that_knows_where_they_end(tmp_path, capsys):
    path = tmp_path / "one_line.txt"
    path.write_text("to be or not to be " * 40, encoding="utf-8")
    assert run("train", path, "--out", tmp_path / "model.pt", *TRAIN) == 0
    arguments = ["extract", tmp_path / "model.pt", path, "--out", tmp_path / "project"]
    assert run(*arguments, "--reset-at-lines") == 1
    assert r"The model knows no token '\n', so there are no lines" in capsys.readouterr().err
    assert run(*arguments, "--write", "cells") == 1
    assert "There is no 'cells' to write, only cell, hidden, gates" in capsys.readouterr().err
    assert not (tmp_path / "project").exists()


def test_a_text_whose_words_the_model_does_not_know_is_told(tmp_path, capsys):
    known = tmp_path / "known.txt"
    known.write_text("to be or not to be\n" * 40 + "once\n", encoding="utf-8")
    words = ["--tokens", "words", "--vocabulary", "5", "--streams", "4"]
    assert run("train", known, "--out", tmp_path / "words.pt", *TRAIN, *words) == 0
    for name, said, text in (
        ("some", "out", "to be or see\n"),
        ("most", "err", "a sea of troubles\n"),
        ("none", "", "to be\n"),
    ):
        other = tmp_path / f"{name}.txt"
        other.write_text(text, encoding="utf-8")
        capsys.readouterr()
        assert run("extract", tmp_path / "words.pt", other, "--out", tmp_path / name) == 0
        told = capsys.readouterr()
        assert ("<unk>" in told.out, "<unk>" in told.err) == (said == "out", said == "err"), name
        if said == "err":
            sentence = "lstmvis: 4 of 5 words (80.0%) are <unk>: the model knows few words of this text.\n"
            assert told.err == sentence


def test_what_training_goes_on_from_is_no_model_and_points_to_it(tmp_path, text, capsys):
    (tmp_path / "m.pt.unfinished").write_text("not a model", encoding="utf-8")
    assert run("extract", tmp_path / "m.pt.unfinished", text, "--out", tmp_path / "p") == 1
    assert f"has written. The model is {tmp_path}/m.pt.\n" in capsys.readouterr().err


def test_a_pickle_is_no_model_and_pytorch_has_nothing_to_add(tmp_path, text, capsys):
    (tmp_path / "m.pt").write_bytes(pickle.dumps({"weights": [1.0]}, protocol=4))
    assert run("extract", tmp_path / "m.pt", text, "--out", tmp_path / "p") == 1
    assert "is not a model that `lstmvis train` has written.\n" in capsys.readouterr().err


def test_an_extraction_that_is_stopped_leaves_nothing_and_what_was_there(tmp_path, text, model, monkeypatch):
    assert run("extract", model, text, "--out", tmp_path / "project", "--name", "older") == 0
    before = sorted(tmp_path.rglob("*"))

    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("lstmvis.models.extraction._Extractor.values", stop)
    for replace in ([], ["--replace"]):
        out = tmp_path / ("project" if replace else "new")
        assert run("extract", model, text, "--out", out, *replace) == 130
    assert sorted(tmp_path.rglob("*")) == before
    assert Project(tmp_path / "project").name == "older"
