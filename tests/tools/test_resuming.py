"""A training that was stopped goes on with --resume as if nothing had happened; test_kills.py kills it."""

import pytest

from lstmvis.data.locking import making
from lstmvis.models import training
from lstmvis.models.checkpoint import load_checkpoint
from lstmvis.models.resuming import unfinished_path
from lstmvis.tools.cli import main

TEXT = "to be, or not to be: that is the question\n" * 15
TRAIN = ["--layers", "2", "--cells", "6", "--dropout", "0.3", "--epochs", "4", "--streams", "4", "--steps", "20"]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "hamlet.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def train(text, out, *more):
    return main(["train", str(text), "--out", str(out), *TRAIN, "--device", "cpu", *more])


def test_a_second_training_of_the_same_model_is_refused(tmp_path, text, capsys):
    out = tmp_path / "m.pt"
    for more in ([], ["--replace"], ["--resume"]):
        with making(out):
            assert train(text, out, *more) == 1
        assert capsys.readouterr().err == f"lstmvis: {out} is being written by another process.\n"
    assert [path.name for path in tmp_path.iterdir()] == [text.name]


@pytest.fixture
def stopped(tmp_path, text, monkeypatch, capsys):
    """A model whose training was stopped with Ctrl-C after two epochs, and who did so was told how to go on."""
    out = tmp_path / "hamlet.pt"

    def stop(path, *arguments, save=training.save_unfinished):
        save(path, *arguments)
        if len(load_checkpoint(path).history) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "save_unfinished", stop)
        assert train(text, out) == 130
    told = capsys.readouterr()
    assert told.out.splitlines()[-1] == (
        f"{out} holds the best model so far. To go on, give the same command with --resume."
    )
    assert told.err == "lstmvis: stopped\n"
    return out


def test_a_stopped_training_is_neither_taken_up_nor_overwritten_unasked(stopped, text, capsys):
    before = unfinished_path(stopped).read_bytes()
    assert train(text, stopped) == 1
    error = capsys.readouterr().err
    assert f"{stopped}.unfinished holds what it takes to go on." in error
    assert "To go on, give the same command with --resume; to begin anew, with --replace." in error
    assert unfinished_path(stopped).read_bytes() == before


def test_going_on_tells_only_the_epochs_that_were_missing(stopped, text, capsys):
    assert train(text, stopped, "--resume") == 0
    epochs = [line.split()[1] for line in capsys.readouterr().out.splitlines() if line.startswith("  epoch")]
    assert epochs == ["3", "4"]


def test_another_setting_is_named_and_nothing_changed(stopped, text, capsys):
    before = unfinished_path(stopped).read_bytes()
    assert train(text, stopped, "--resume", "--seed", "2", "--tokens", "words") == 1
    error = capsys.readouterr().err
    assert "another text to train on" in error
    assert "unit characters, not words" in error
    assert "seed 1, not 2" in error
    assert unfinished_path(stopped).read_bytes() == before


def test_a_job_of_a_queue_may_always_resume(tmp_path, text, capsys):
    out = tmp_path / "m.pt"
    assert train(text, out, "--resume") == 0
    began = capsys.readouterr().out
    assert f"No training of {out} has come to the end of an epoch: it begins at the beginning.\n" in began
    assert began.count("  epoch") == 4
    before = out.read_bytes()
    assert train(text, out, "--resume") == 0
    assert capsys.readouterr().out == f"{out} is trained, 4 epochs: there is nothing to resume.\n"
    assert out.read_bytes() == before


def test_a_training_that_was_killed_between_its_first_two_files_begins_again(tmp_path, text, monkeypatch):
    class KilledError(Exception):
        pass

    def kill(*arguments):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(training, "save_unfinished", kill)
        with pytest.raises(KilledError):
            train(text, tmp_path / "m.pt")
    assert train(text, tmp_path / "m.pt", "--resume") == 0
    assert len(load_checkpoint(tmp_path / "m.pt").history) == 4


def test_a_damaged_file_says_how_to_begin_anew(stopped, text, capsys):
    unfinished_path(stopped).write_bytes(b"damaged")
    assert train(text, stopped, "--resume") == 1
    assert (
        "is damaged, or not what `lstmvis train` has written. To begin anew, give --replace" in capsys.readouterr().err
    )
    assert train(text, stopped, "--replace") == 0


@pytest.mark.parametrize(("streams", "told"), [("4", True), ("1", False)])
def test_few_updates_an_epoch_are_told(tmp_path, text, capsys, streams, told):
    assert train(text, tmp_path / "m.pt", "--streams", streams, "--steps", "10", "--epochs", "1") == 0
    sentence = "An epoch has only 15 updates: with fewer --streams it learns faster.\n"
    assert (sentence in capsys.readouterr().out) == told


def test_replacing_begins_anew(stopped, text, capsys):
    assert train(text, stopped, "--replace") == 0
    assert len([line for line in capsys.readouterr().out.splitlines() if line.startswith("  epoch")]) == 4
    assert not unfinished_path(stopped).exists()


def test_what_is_no_model_is_not_overwritten_by_going_on(stopped, text, capsys):
    stopped.write_text("a diary")
    assert train(text, stopped, "--resume") == 1
    assert "is not a model" in capsys.readouterr().err
    assert stopped.read_text() == "a diary"
