"""How long an update takes in `lstmvis train`, beside the barest loop of PyTorch that does the same.

    python benchmarks/training.py [--rounds 5] [--updates 15] [--threads 1]

Each row is a preset at the vocabulary of its paper's text. The two take turns in one process, because their speed
depends on what else the machine does; the time is that of the processor with one thread, else that of the clock.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lstmvis.models.language_model import Configuration
from lstmvis.models.presets import PRESETS
from lstmvis.models.training import Corpus, Settings, train

VOCABULARIES = {"zaremba-small": 10_000, "zaremba-medium": 10_000, "karpathy": 87}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    clock = time.process_time if options.threads == 1 else time.perf_counter
    print(f"{'preset':16} {'bare':>8} {'train':>8}   ms an update, medians of {options.rounds * options.updates}")
    for name, size in VOCABULARIES.items():
        preset = PRESETS[name]
        configuration = Configuration(size, **preset.model)
        settings = Settings(**{**preset.training, "epochs": 1})
        bare: list[float] = []
        ours: list[float] = []
        for _ in range(options.rounds):
            bare += bare_updates(configuration, settings, options.updates, clock)
            ours += our_updates(configuration, settings, options.updates, clock)
        before, now = (1000 * statistics.median(each) for each in (bare, ours))
        print(f"{name:16} {before:8.1f} {now:8.1f}   {now / before:.2f} times the bare loop", flush=True)


def bare_updates(
    configuration: Configuration, settings: Settings, updates: int, clock: Callable[[], float]
) -> list[float]:
    """The seconds of each update but the first."""
    embedding = nn.Embedding(configuration.vocabulary_size, configuration.embedding_size)
    lstm = nn.LSTM(
        configuration.embedding_size, configuration.cells, configuration.layers, dropout=configuration.dropout
    )
    decoder = nn.Linear(configuration.cells, configuration.vocabulary_size)
    dropout = nn.Dropout(configuration.dropout)
    weights = [*embedding.parameters(), *lstm.parameters(), *decoder.parameters()]
    if settings.optimizer == "sgd":
        optimizer: torch.optim.Optimizer = torch.optim.SGD(weights, settings.learning_rate)
    else:
        optimizer = torch.optim.RMSprop(weights, settings.learning_rate, alpha=0.95)
    tokens = torch.randint(configuration.vocabulary_size, (updates * settings.steps + 1, settings.streams))
    state = None
    times = [clock()]
    for start in range(0, len(tokens) - 1, settings.steps):
        x, y = (tokens[start + offset : start + offset + settings.steps] for offset in (0, 1))
        hidden, state = lstm(dropout(embedding(x)), state)
        state = (state[0].detach(), state[1].detach())
        loss = nn.functional.cross_entropy(decoder(dropout(hidden)).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if settings.clip_by == "norm":
            nn.utils.clip_grad_norm_(weights, settings.clip)
        else:
            nn.utils.clip_grad_value_(weights, settings.clip)
        optimizer.step()
        loss.item()
        times.append(clock())
    return np.diff(times)[1:].tolist()


def our_updates(
    configuration: Configuration, settings: Settings, updates: int, clock: Callable[[], float]
) -> list[float]:
    """The seconds of each update but the first."""
    length = updates * settings.steps * settings.streams + 1
    ids = np.random.default_rng(1).integers(configuration.vocabulary_size, size=length, dtype=np.uint16)
    corpus = Corpus(ids, ids[:100], None, [])
    times: list[float] = []
    with tempfile.TemporaryDirectory() as directory:
        train(
            corpus,
            Path(directory) / "model.pt",
            configuration,
            settings,
            torch.device("cpu"),
            on_update=lambda done, total, loss: times.append(clock()),
        )
    return np.diff(times).tolist()


if __name__ == "__main__":
    main()
