import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data.words import split
from lstmvis.models.checkpoint import load_checkpoint
from lstmvis.models.presets import PRESETS
from lstmvis.tools.cli import build_parser, main
from lstmvis.tools.train import chosen_model, chosen_tokens, split_ids

LINES = ["to be , or not to be :", "that is the question", "", "whether 't is nobler in the mind to suffer"]
TEXT = "\n".join(LINES * 12) + "\n"
QUICK = ["--cells", "5", "--embedding", "5", "--epochs", "1", "--streams", "2", "--device", "cpu"]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "hamlet.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def train(text, *options):
    """Train as the options say, quickly, and give what was written."""
    out = text.parent / "model.pt"
    assert main(["train", str(text), "--out", str(out), *QUICK, *map(str, options)]) == 0
    return load_checkpoint(out)


def test_words_with_line_ends_are_learnt(text):
    checkpoint = train(text, "--tokens", "words")
    assert checkpoint.vocabulary[:3] == ["<eos>", "to", "be"]
    assert set(checkpoint.vocabulary) == set(split(TEXT, line_ends=True))


def test_words_without_line_ends_and_the_most_frequent_only(text):
    checkpoint = train(text, "--tokens", "words", "--no-line-ends", "--vocabulary", 4)
    assert checkpoint.vocabulary == ["to", "be", "is", "<unk>"]
    assert checkpoint.encode("be good\nto be").tolist() == [1, 3, 0, 1]


def test_line_ends_are_kept_on_request(text):
    text.write_bytes(TEXT.replace("\n", "\r\n").encode())
    assert "\r" in train(text, "--keep-carriage-returns").vocabulary
    assert "\r" not in train(text, "--replace").vocabulary


@pytest.mark.parametrize("options", [["--layer", "gru", "--layers", "2"], ["--layer", "rnn"], ["--tied"]])
def test_the_model_is_the_one_that_was_asked_for(text, options):
    configuration = train(text, *options, "--dropout", "0.25").configuration
    assert configuration.kind == (options[1] if "--layer" in options else "lstm")
    assert configuration.layers == (2 if "--layers" in options else 1)
    assert configuration.tied == ("--tied" in options)
    assert configuration.dropout == 0.25


def test_the_last_parts_of_the_text_validate_and_test(text, capsys):
    checkpoint = train(text, "--validation", "0.2", "--test", "0.1")
    length = len(TEXT)
    validated, tested = -(-length // 5), -(-length // 10)
    told = capsys.readouterr().out
    assert (
        f"{length - validated - tested:,} characters to train on, {validated} to validate on, {tested} to test" in told
    )
    assert list(checkpoint.evaluation) == ["validation_loss", "test_loss"]
    for name, loss in checkpoint.evaluation.items():
        assert f"{name.replace('_', ' ')} {loss:.4f} nats per character, perplexity" in told


@given(
    length=st.integers(90, 300),
    shares=st.lists(st.sampled_from([0, 0.1, 0.25, 0.4]), min_size=2, max_size=2),
    parts=st.integers(1, 9),
)
def test_every_token_is_trained_on_or_kept_back_and_each_part_gives_its_shares(length, shares, parts):
    ids = np.arange(length, dtype=np.uint16)
    trained, *kept_back = split_ids(ids, shares, parts)
    assert sorted(np.concatenate([trained, *kept_back]).tolist()) == ids.tolist()
    for part in np.array_split(ids, parts):
        pieces = [np.intersect1d(part, piece) for piece in (trained, *kept_back)]
        assert np.concatenate(pieces).tolist() == part.tolist()  # in this order, at its end
        assert [len(piece) for piece in pieces[1:]] == [math.ceil(len(part) * share) for share in shares]


def test_texts_of_their_own_validate_and_test_and_unknown_words_are_counted(tmp_path, text, capsys):
    other = tmp_path / "other.txt"
    other.write_text("to be a king\nis to suffer", encoding="utf-8")
    train(text, "--tokens", "words", "--vocabulary", "15", "--validation-text", other, "--test-text", text)
    told = capsys.readouterr().out
    assert f"{len(split(TEXT, True))} words to train on, 9 to validate on, {len(split(TEXT, True))} to test on" in told
    assert f"{other}: 3 of 9 words are not in the vocabulary and are read as <unk>" in told


def test_a_word_that_nothing_can_stand_for_is_named(tmp_path, text, capsys):
    other = tmp_path / "other.txt"
    other.write_text("to be a king", encoding="utf-8")
    command = ["train", text, "--out", tmp_path / "model.pt", "--tokens", "words", "--validation-text", other]
    assert main([*map(str, command)]) == 1
    assert f"{other}: the model does not know 'a' 'king', and its vocabulary has no <unk>" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--vocabulary", "10"], "--vocabulary is for words: give --tokens words with it."),
        (["--preset", "karpathy", "--no-line-ends"], "--no-line-ends is for words: give --tokens words with it."),
        (["--tied"], "the embedding has 5, the layers 6 cells."),
        (["--validation", "0.5", "--test", "0.5"], "is left to train on: --validation and --test take all of it."),
    ],
)
def test_options_that_do_not_go_together_are_refused(tmp_path, text, capsys, options, sentence):
    command = ["train", str(text), "--out", str(tmp_path / "model.pt"), *QUICK, "--cells", "6", *options]
    assert main(command) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "model.pt").exists()


def asked_for(*options):
    """The tokens, the model and the training of a command line."""
    parsed = build_parser().parse_args(["train", "text.txt", "--out", "model.pt", *options])
    tokens = chosen_tokens(parsed)
    configuration, settings = chosen_model(parsed, tokens, 50)
    return {**vars(tokens), **vars(configuration), **vars(settings)}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_gives_what_is_not_said_otherwise(name):
    preset = PRESETS[name]
    expected = {"unit": preset.tokens, **preset.model, **preset.training}
    assert asked_for("--preset", name).items() >= expected.items()
    changed = asked_for("--preset", name, "--epochs", "3", "--dropout", "0", "--decay", "cosine")
    assert changed.items() >= {**expected, "epochs": 3, "dropout": 0, "decay": "cosine"}.items()


@pytest.mark.parametrize(
    ("options", "rate"),
    [
        ("--optimizer adam", 0.003),
        ("--optimizer sgd", 20),
        ("--optimizer sgd --learning-rate 1", 1),
        ("--preset zaremba-medium --optimizer adam", 0.003),
        ("--preset zaremba-medium --optimizer sgd", 35),
    ],
)
def test_the_learning_rate_fits_the_optimizer(options, rate):
    assert asked_for(*options.split())["learning_rate"] == rate


@pytest.mark.parametrize(
    ("options", "size"), [("", 32), ("--tokens words", 70), ("--tied", 70), ("--tokens words --embedding 9", 9)]
)
def test_an_embedding_of_words_is_as_wide_as_a_layer(options, size):
    assert asked_for("--cells", "70", *options.split())["embedding_size"] == size


@pytest.mark.parametrize("seed", ["-1", "1.5", "x", "9" * 19])
def test_a_seed_is_a_number_that_pytorch_takes(capsys, seed):
    with pytest.raises(SystemExit):
        asked_for("--seed", seed)
    assert "must be a whole number from 0, of 18 digits at most" in capsys.readouterr().err
    assert asked_for("--seed", "9" * 18)["seed"] == int("9" * 18)
