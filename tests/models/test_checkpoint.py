import errno
import stat
from importlib.metadata import version

import pytest
import torch

from lstmvis.data.errors import CorpusError
from lstmvis.data.tokens import Tokens
from lstmvis.models import checkpoint as checkpoint_module
from lstmvis.models.checkpoint import Checkpoint, CheckpointError, SavingError, load_checkpoint, save_checkpoint
from lstmvis.models.language_model import Configuration, LanguageModel
from lstmvis.models.resuming import load_unfinished


def small_checkpoint(seed=0):
    torch.manual_seed(seed)
    configuration = Configuration(vocabulary_size=3, cells=5, layers=2, embedding_size=5, dropout=0.1, tied=True)
    weights = LanguageModel(configuration).state_dict()
    history = [{"epoch": 1, "training_loss": 1.5, "validation_loss": 1.25}]
    tokens = Tokens("words", line_ends=False)
    return Checkpoint(configuration, ["a", "\n", "é"], weights, {"seed": seed}, history, {"test_loss": 1.5}, tokens)


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    saved = small_checkpoint()
    save_checkpoint(saved, tmp_path / "made" / "model.pt")
    loaded = load_checkpoint(tmp_path / "made" / "model.pt")

    for name in ("configuration", "vocabulary", "training", "history", "evaluation", "tokens"):
        assert getattr(loaded, name) == getattr(saved, name)
    tokens = torch.tensor([[0, 1], [2, 0], [1, 1]])
    assert torch.equal(loaded.model()(tokens)[0], saved.model()(tokens)[0])


def test_a_checkpoint_of_the_first_version_still_opens(tmp_path):
    configuration = {"vocabulary_size": 2, "cells": 5, "layers": 1, "embedding_size": 4, "dropout": 0.0}
    weights = LanguageModel(Configuration(**configuration)).state_dict()
    content = {
        "configuration": configuration,
        "vocabulary": ["a", "b"],
        "weights": {name.replace("recurrent.", "lstm."): tensor for name, tensor in weights.items()},
        "training": {"epochs": 1},
        "history": [{"epoch": 1, "training_loss": 1.5, "validation_loss": 1.25, "seconds": 2.0}],
    }
    torch.save(content, tmp_path / "model.pt")

    loaded = load_checkpoint(tmp_path / "model.pt")
    assert all(torch.equal(tensor, weights[name]) for name, tensor in loaded.model().state_dict().items())
    assert loaded.encode("bab").tolist() == [1, 0, 1]
    assert loaded.record()["epochs"] == content["history"]


def test_a_checkpoint_says_what_made_it(tmp_path):
    save_checkpoint(small_checkpoint(), tmp_path / "model.pt")
    content = torch.load(tmp_path / "model.pt", weights_only=True)
    assert content["made_by"] == {"lstmvis": version("lstmvis"), "format": 1}


@pytest.mark.parametrize("name", ["model.pt", "model.pt.unfinished"])
def test_a_checkpoint_of_a_newer_version_says_so(tmp_path, name):
    file = tmp_path / name
    torch.save({"made_by": {"lstmvis": "7.1", "format": 2}, "something": "else"}, file)
    parts = (small_checkpoint().model(), torch.optim.Adam([torch.zeros(1)]), torch.device("cpu"))
    with pytest.raises(CheckpointError) as told:
        load_unfinished(tmp_path / "model.pt", {}, *parts) if "unfinished" in name else load_checkpoint(file)
    assert str(told.value) == (
        f"{file} was made by lstmvis 7.1, in format 2. This is lstmvis {version('lstmvis')}, which reads no format "
        "above 1: update it."
    )


def test_a_text_is_read_as_the_training_text_was(tmp_path):
    text = tmp_path / "text.txt"
    text.write_bytes(b"b a\r\na\r\n")
    configuration = Configuration(vocabulary_size=3, cells=2)

    words = Checkpoint(configuration, ["<eos>", "a", "b"], {}, tokens=Tokens("words"))
    assert words.encode(words.read(text)).tolist() == [2, 1, 0, 1, 0]
    characters = Checkpoint(configuration, ["\n", "\r", " ", "a", "b"], {}, tokens=Tokens(carriage_returns=True))
    assert characters.encode(characters.read(text)).tolist() == [4, 2, 3, 1, 0, 3, 1, 0]


def test_words_that_the_model_does_not_know_are_told():
    checkpoint = Checkpoint(Configuration(2, cells=2), ["a", "<eos>"], {}, tokens=Tokens("words"))
    assert checkpoint.unknown("a b c\nb") == {"b": 2, "c": 1}
    with pytest.raises(CorpusError, match=r"^letter.txt: the model does not know 'b' 'c', and"):
        checkpoint.encode("a b c\nb", "letter.txt")
    checkpoint.vocabulary.append("<unk>")
    assert checkpoint.encode("a b c\nb").tolist() == [0, 2, 2, 1, 2, 1]


def test_a_model_comes_ready_for_use_without_dropout():
    assert not small_checkpoint().model().training


def test_writing_that_breaks_off_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "model.pt"
    save_checkpoint(small_checkpoint(seed=1), path)

    def break_off(content, file):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint_module.torch, "save", break_off)
    with pytest.raises(SavingError, match=r"model.pt cannot be written: No space left on device\."):
        save_checkpoint(small_checkpoint(seed=2), path)
    assert load_checkpoint(path).training == {"seed": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_is_as_readable_as_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    save_checkpoint(small_checkpoint(), tmp_path / "model.pt")
    assert stat.S_IMODE((tmp_path / "model.pt").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_loading_runs_no_code_of_the_file(tmp_path):
    class Mischief:
        def __reduce__(self):
            return (print, ("mischief",))

    torch.save({"configuration": Mischief()}, tmp_path / "model.pt")
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "model.pt")


@pytest.mark.parametrize("content", [b"", b"no model", b"PK\x03\x04 no archive"])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match="is not a model that `lstmvis train` has written"):
        load_checkpoint(tmp_path / "model.pt")


def test_a_checkpoint_of_another_program_is_refused(tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "model.pt")
    with pytest.raises(CheckpointError, match="is not a model"):
        load_checkpoint(tmp_path / "model.pt")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"model\.pt cannot be read: No such file"):
        load_checkpoint(tmp_path / "model.pt")


def test_weights_of_another_model_are_refused():
    weights = LanguageModel(Configuration(vocabulary_size=3, cells=5)).state_dict()
    checkpoint = Checkpoint(Configuration(vocabulary_size=3, cells=6), ["a", "b", "c"], weights)
    with pytest.raises(CheckpointError, match=r"The weights of the model are not those of Configuration.*cells=6"):
        checkpoint.model()
