import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data.errors import CorpusError
from lstmvis.models import training
from lstmvis.models.checkpoint import load_checkpoint
from lstmvis.models.language_model import Configuration, LanguageModel
from lstmvis.models.resuming import ResumeError, unfinished_path
from lstmvis.models.training import (
    Corpus,
    DivergedError,
    Settings,
    evaluate,
    new_model,
    parallel_streams,
    perplexity,
    train,
)

CPU = torch.device("cpu")
VOCABULARY = ["a", "b", "c"]
SMALL = Configuration(vocabulary_size=3, cells=8, embedding_size=4)
QUICK = Settings(epochs=2, streams=4, steps=10)
TIMES = {"seconds", "tokens_per_second"}


def random_ids(length, seed=0):
    return np.random.default_rng(seed).integers(3, size=length, dtype=np.uint8)


def train_small(path, settings=QUICK, read=None, tried=None, tested=None, configuration=SMALL, **more):
    read = random_ids(400) if read is None else read
    tried = random_ids(200, seed=1) if tried is None else tried
    return train(Corpus(read, tried, tested, VOCABULARY), path, configuration, settings, CPU, **more)


@pytest.mark.parametrize(
    ("settings", "configuration"),
    [
        (Settings(learning_rate=0.02), SMALL),
        (Settings(learning_rate=0.02), replace(SMALL, kind="gru", layers=2)),
        (Settings(learning_rate=0.02), replace(SMALL, kind="rnn", layers=4)),
        (Settings(learning_rate=0.02), replace(SMALL, tied=True, embedding_size=8)),
        (Settings(optimizer="rmsprop", learning_rate=0.02, decay=0.9, clip=0.1, clip_by="element"), SMALL),
        (Settings(optimizer="sgd", learning_rate=5, decay=0.9, decay_after=6, initial_range=0.3), SMALL),
    ],
)
def test_a_text_that_can_be_foretold_is_learnt(tmp_path, settings, configuration):
    text = np.tile(np.array([0, 1, 2, 2], np.uint8), 300)
    settings = replace(settings, epochs=12, streams=8, steps=10)
    checkpoint = train_small(tmp_path / "model.pt", settings, text, text, configuration=configuration)
    assert checkpoint.history[-1]["validation_loss"] < 0.05  # the text's tokens alone have an entropy of 1.04


def test_the_loss_is_that_of_the_model_that_is_kept(tmp_path):
    checkpoint = train_small(tmp_path / "model.pt")
    loss = evaluate(checkpoint.model(), *parallel_streams(random_ids(200, seed=1), QUICK.streams, CPU))
    assert loss == pytest.approx(min(epoch["validation_loss"] for epoch in checkpoint.history))
    assert loss == pytest.approx(math.log(3), abs=0.1)


def test_in_the_end_the_kept_model_predicts_every_token_but_the_first_in_one_pass(tmp_path):
    texts = {"validation_loss": random_ids(201, seed=1), "test_loss": random_ids(333, seed=2)}
    settings = replace(QUICK, epochs=6, learning_rate=0.05)
    checkpoint = train_small(tmp_path / "model.pt", settings, random_ids(100), *texts.values())
    assert checkpoint.history[-1]["validation_loss"] > min(each["validation_loss"] for each in checkpoint.history)

    model = checkpoint.model()
    for name, ids in texts.items():
        state, losses = None, []
        for token, following in zip(ids.tolist(), ids.tolist()[1:], strict=False):
            logits, state = model(torch.tensor([[token]]), state)
            losses.append(-logits.flatten().log_softmax(0)[following].item())
        assert checkpoint.evaluation[name] == pytest.approx(np.mean(losses), rel=1e-5)
    assert load_checkpoint(tmp_path / "model.pt").evaluation == checkpoint.evaluation


def test_without_a_test_text_there_is_no_test_loss(tmp_path):
    assert list(train_small(tmp_path / "model.pt").evaluation) == ["validation_loss"]


def test_the_checkpoint_with_the_lowest_validation_loss_is_kept_and_the_whole_history(tmp_path):
    # Few random tokens, learnt by heart: sooner or later the model does worse on others.
    settings = Settings(epochs=12, streams=4, steps=10, learning_rate=0.05)
    tried = random_ids(200, seed=1)
    seen = []
    returned = train_small(tmp_path / "model.pt", settings, random_ids(100), tried, on_epoch=seen.append)

    kept = load_checkpoint(tmp_path / "model.pt")
    losses = [epoch.validation_loss for epoch in seen]
    assert min(losses) < losses[-1]
    assert evaluate(kept.model(), *parallel_streams(tried, 4, CPU)) == pytest.approx(min(losses))
    assert [epoch["validation_loss"] for epoch in kept.history] == losses
    assert kept.history == returned.history


def test_the_history_tells_what_each_epoch_came_to(tmp_path):
    settings = replace(QUICK, epochs=3, optimizer="sgd", learning_rate=2.0, decay=0.5)
    history = train_small(tmp_path / "model.pt", settings).history
    assert [epoch["epoch"] for epoch in history] == [1, 2, 3]
    assert [epoch["learning_rate"] for epoch in history] == [2, 1, 0.5]
    for epoch in history:
        assert epoch["training_perplexity"] == math.exp(epoch["training_loss"])
        assert epoch["validation_perplexity"] == math.exp(epoch["validation_loss"])
        assert epoch["seconds"] > 0
        # 396 tokens in less than all seconds: validation is not counted
        assert epoch["tokens_per_second"] > 396 / epoch["seconds"]


def test_training_that_is_stopped_leaves_the_best_so_far_and_what_it_takes_to_go_on(tmp_path):
    stop_in_epoch(2, tmp_path / "model.pt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.pt", "model.pt.unfinished"]
    stopped = load_checkpoint(tmp_path / "model.pt")
    assert [epoch["epoch"] for epoch in stopped.history] == [1]
    assert stopped.evaluation == {}


class Stopped(BaseException):
    pass


def stop_in_epoch(epoch, path, settings=QUICK, **more):
    def stop(done, total, loss):
        if done / total > (epoch - 0.5) / settings.epochs:
            raise Stopped

    with pytest.raises(Stopped):
        train_small(path, settings, on_update=stop, **more)


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "sgd"])
@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
def test_training_that_was_stopped_twice_ends_as_if_it_had_not_been(tmp_path, kind, optimizer):
    settings = Settings(epochs=5, streams=4, steps=10, optimizer=optimizer, learning_rate=0.05)
    configuration = replace(SMALL, kind=kind, layers=2, dropout=0.4)
    whole = train_small(tmp_path / "whole.pt", settings, configuration=configuration)

    path = tmp_path / "model.pt"
    stop_in_epoch(2, path, settings, configuration=configuration)
    torch.manual_seed(99)  # what else goes on in the process
    stop_in_epoch(4, path, settings, configuration=configuration, resume=True)
    resumed = train_small(path, settings, configuration=configuration, resume=True)
    assert_same(resumed, whole)
    assert_same(load_checkpoint(path), whole)
    assert not unfinished_path(path).exists()


def assert_same(checkpoint, other):
    """Bit for bit, apart from the times."""
    assert checkpoint.weights.keys() == other.weights.keys()
    assert all(torch.equal(checkpoint.weights[name], other.weights[name]) for name in other.weights)
    measured, expected = (
        [{name: value for name, value in epoch.items() if name not in TIMES} for epoch in each.history]
        for each in (checkpoint, other)
    )
    assert measured == expected
    assert checkpoint.evaluation == other.evaluation


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (
            {"settings": replace(QUICK, learning_rate=0.5, seed=7)},
            "learning rate 0.003, not 0.5; seed 1, not 7",
        ),
        ({"configuration": replace(SMALL, kind="gru")}, "kind lstm, not gru"),
        ({"read": random_ids(400, seed=9)}, "another text to train on"),
        ({"tried": random_ids(200, seed=9)}, "another text to validate on"),
        ({"tested": random_ids(200, seed=9)}, "another text to test on"),
    ],
)
def test_training_goes_on_only_with_the_texts_and_settings_that_it_was_begun_with(tmp_path, changed, named):
    path = tmp_path / "model.pt"
    stop_in_epoch(2, path)
    before = unfinished_path(path).read_bytes()
    with pytest.raises(ResumeError) as error:
        train_small(path, resume=True, **changed)
    assert f"model.pt.unfinished was begun otherwise: {named}. Give what it was begun with" in str(error.value)
    assert unfinished_path(path).read_bytes() == before


def test_where_nothing_was_stopped_there_is_nothing_to_resume(tmp_path):
    train_small(tmp_path / "model.pt")
    with pytest.raises(ResumeError, match="There is nothing to resume: no training of "):
        train_small(tmp_path / "model.pt", resume=True)


@pytest.mark.parametrize("content", [b"", b"nothing of ours"])
def test_a_damaged_file_is_not_resumed(tmp_path, content):
    path = tmp_path / "model.pt"
    unfinished_path(path).write_bytes(content)
    with pytest.raises(ResumeError, match="is damaged, or not what `lstmvis train` has written"):
        train_small(path, resume=True)


def test_the_same_seed_gives_the_same_model_and_another_seed_another(tmp_path):
    one, same, other = (
        train_small(tmp_path / "model.pt", Settings(epochs=1, streams=4, steps=10, seed=seed)).weights
        for seed in (1, 1, 2)
    )
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not any(torch.equal(one[name], other[name]) for name in one)


def test_progress_counts_up_to_all_tokens_and_gives_the_mean_loss(tmp_path):
    seen = []
    checkpoint = train_small(tmp_path / "model.pt", on_update=lambda *update: seen.append(update))
    done, totals, losses = zip(*seen, strict=True)
    assert list(done) == sorted(done)
    assert done[-1] == totals[-1] == 2 * 99 * 4  # epochs x steps x streams of the 399 inputs
    assert losses[-1] == checkpoint.history[-1]["training_loss"]


def test_the_learning_rate_falls_along_half_a_cosine_or_by_a_factor_an_epoch():
    cosine = Settings(epochs=4, learning_rate=2.0)
    assert [cosine.rate(epoch, 0) for epoch in (1, 3)] == [2, pytest.approx(1)]
    assert cosine.rate(4, 1) == pytest.approx(0)
    assert cosine.rate(2, 1) == cosine.rate(3, 0)

    halved = Settings(epochs=6, learning_rate=20.0, decay=0.5, decay_after=4)
    assert [halved.rate(epoch, 0.5) for epoch in range(1, 7)] == [20, 20, 20, 20, 10, 5]


@pytest.mark.parametrize(
    ("clip_by", "size"),
    [("norm", torch.linalg.vector_norm), ("element", lambda change: change.abs().max())],
)
def test_no_update_of_sgd_is_larger_than_rate_times_clip(tmp_path, clip_by, size):
    text = random_ids(41)  # one update
    settings = Settings(epochs=1, streams=4, steps=10, optimizer="sgd", learning_rate=0.5, clip=1e-3, clip_by=clip_by)
    torch.manual_seed(settings.seed)
    before = new_model(SMALL, settings).state_dict()
    after = train_small(tmp_path / "model.pt", settings, text).weights
    change = torch.cat([(after[name] - before[name]).flatten() for name in before])
    assert size(change).item() == pytest.approx(0.5 * 1e-3, rel=1e-2)


def test_all_weights_begin_in_the_range_that_is_asked_for():
    weights = torch.cat([each.flatten() for each in new_model(SMALL, Settings(initial_range=0.08)).parameters()])
    assert 0.075 < weights.abs().max() <= 0.08
    assert abs(weights.mean()) < 0.02


def test_the_state_is_carried_on_from_one_cut_to_the_next(monkeypatch):
    torch.manual_seed(0)
    model = LanguageModel(SMALL)
    streams = parallel_streams(random_ids(300), 2, CPU)
    whole = evaluate(model, *streams)
    monkeypatch.setattr(training, "EVALUATED_AT_ONCE", 1000)  # 7 steps
    assert evaluate(model, *streams) == pytest.approx(whole)


def test_perplexity_is_the_number_of_equally_likely_tokens():
    assert perplexity(math.log(7)) == pytest.approx(7)
    assert perplexity(1e6) == math.inf


@given(length=st.integers(2, 200), streams=st.integers(1, 20))
def test_streams_are_consecutive_parts_and_targets_the_tokens_that_follow(length, streams):
    ids = np.arange(length, dtype=np.uint8)
    if length <= streams:
        with pytest.raises(CorpusError):
            parallel_streams(ids, streams, CPU)
        return
    inputs, targets = parallel_streams(ids, streams, CPU)
    assert inputs.shape == targets.shape == ((length - 1) // streams, streams)
    assert inputs.T.flatten().tolist() == ids[: inputs.numel()].tolist()
    assert torch.equal(targets, inputs + 1)


@pytest.mark.parametrize(("read", "tried", "which"), [(3, 200, "training"), (200, 0, "validation")])
def test_a_text_that_is_too_short_is_refused_with_what_is_needed(tmp_path, read, tried, which):
    with pytest.raises(CorpusError, match=f"The {which} text has . tokens; 4 streams need at least 5"):
        train_small(tmp_path / "model.pt", read=random_ids(read), tried=random_ids(tried))
    assert not list(tmp_path.iterdir())


def test_training_that_diverges_says_so(tmp_path):
    with pytest.raises(DivergedError, match="lower learning rate"):
        train_small(tmp_path / "model.pt", Settings(epochs=1, streams=4, learning_rate=1e37))


def test_a_history_that_would_hold_an_infinite_perplexity_is_no_result(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "_read_once", lambda *arguments: 800.0)  # exp(800) is infinite
    with pytest.raises(DivergedError, match="lower learning rate"):
        train_small(tmp_path / "model.pt")
    assert not list(tmp_path.iterdir())
