import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data.errors import CorpusError
from lstmvis.models import training
from lstmvis.models.checkpoint import load_checkpoint
from lstmvis.models.language_model import Configuration, LanguageModel
from lstmvis.models.training import DivergedError, Settings, evaluate, parallel_streams, train

CPU = torch.device("cpu")
VOCABULARY = ["a", "b", "c"]
SMALL = Configuration(vocabulary_size=3, cells=8, embedding_size=4)
QUICK = Settings(epochs=2, streams=4, steps=10)


def random_ids(length, seed=0):
    return np.random.default_rng(seed).integers(3, size=length, dtype=np.uint8)


def train_small(path, settings=QUICK, read=None, tried=None, **more):
    read = random_ids(400) if read is None else read
    tried = random_ids(200, seed=1) if tried is None else tried
    return train(read, tried, VOCABULARY, path, SMALL, settings, CPU, **more)


def test_a_text_that_can_be_foretold_is_learnt(tmp_path):
    text = np.tile(np.array([0, 1, 2, 2], np.uint8), 300)
    checkpoint = train_small(
        tmp_path / "model.pt", Settings(epochs=12, streams=8, steps=10, learning_rate=0.02), text, text
    )
    assert checkpoint.history[0]["validation_loss"] > 0.5
    assert checkpoint.history[-1]["validation_loss"] < 0.05


def test_the_loss_is_that_of_the_model_that_is_kept(tmp_path):
    checkpoint = train_small(tmp_path / "model.pt")
    loss = evaluate(checkpoint.model(), *parallel_streams(random_ids(200, seed=1), QUICK.streams, CPU))
    assert loss == pytest.approx(min(epoch["validation_loss"] for epoch in checkpoint.history))
    assert loss == pytest.approx(math.log(3), abs=0.1)


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


def test_training_that_is_stopped_leaves_the_best_so_far_and_nothing_else(tmp_path):
    class Stopped(BaseException):
        pass

    def stop_in_the_second_epoch(done, total, loss):
        if done > total / 2:
            raise Stopped

    with pytest.raises(Stopped):
        train_small(tmp_path / "model.pt", on_update=stop_in_the_second_epoch)
    assert [path.name for path in tmp_path.iterdir()] == ["model.pt"]
    assert [epoch["epoch"] for epoch in load_checkpoint(tmp_path / "model.pt").history] == [1]


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


def test_the_state_is_carried_on_from_one_cut_to_the_next(monkeypatch):
    torch.manual_seed(0)
    model = LanguageModel(SMALL)
    streams = parallel_streams(random_ids(300), 2, CPU)
    whole = evaluate(model, *streams)
    monkeypatch.setattr(training, "VALIDATION_STEPS", 7)
    assert evaluate(model, *streams) == pytest.approx(whole)


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
