"""What recording costs: a program's forward passes with and without the recorder, in turn, in one run.

    python benchmarks/recorder.py [--passes 20]

Each row is one way of using a model: its passes alone, in milliseconds; how many times as long the same passes take
while they are recorded, with all that is kept on disk in that time; the same with the end of the block, when the states
are put in order; and how fast that goes.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from lstmvis.models.recorder import record
from lstmvis.models.recurrence import GATES

VOCABULARY = [f"word{number}" for number in range(1000)]


class Tagger(nn.Module):
    """Embedding, recurrent layers and a score for each of 50 tags."""

    def __init__(self, rnn: type[nn.LSTM] | type[nn.GRU], cells: int, layers: int, bidirectional: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(VOCABULARY), cells)
        self.rnn = rnn(cells, cells, layers, batch_first=True, bidirectional=bidirectional, dropout=0.2)
        self.tags = nn.Linear(cells * (2 if bidirectional else 1), 50)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = self.tags(self.rnn(self.embedding(ids))[0])
        return scores


class Case(NamedTuple):
    rnn: type[nn.LSTM] | type[nn.GRU]
    cells: int
    layers: int
    rows: int
    bidirectional: bool = False
    training: bool = False
    gates: bool = False

    def __str__(self) -> str:
        extra = [word for word in ("bidirectional", "training", "gates") if getattr(self, word)]
        return " ".join([f"{self.rnn.__name__} {self.layers} x {self.cells}, {self.rows} rows", *extra])


CASES = [
    Case(nn.LSTM, 200, 1, 32),
    Case(nn.LSTM, 200, 2, 32),
    Case(nn.LSTM, 650, 2, 32),
    Case(nn.LSTM, 650, 2, 1),
    Case(nn.LSTM, 650, 2, 32, gates=True),
    Case(nn.LSTM, 650, 2, 32, training=True),
    Case(nn.LSTM, 300, 1, 32, bidirectional=True),
    Case(nn.GRU, 650, 2, 32, gates=True),
]
STEPS = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passes", type=int, default=20)
    options = parser.parse_args()
    print(f"{'':44}{'pass, ms':>10}{'recorded':>10}{'with end':>10}{'MB/s':>8}")
    for case in CASES:
        torch.manual_seed(1)
        with tempfile.TemporaryDirectory(dir=".") as directory:
            measure(
                case, torch.randint(len(VOCABULARY), (options.passes, case.rows, STEPS)), Path(directory) / "project"
            )


def measure(case: Case, batches: torch.Tensor, path: Path) -> None:
    model = Tagger(case.rnn, case.cells, case.layers, case.bidirectional).train(case.training)
    step = training_step(model) if case.training else evaluation(model)
    states = ("hidden", "cell", *GATES[model.rnn.mode]) if case.gates else ("hidden", "cell")
    alone = recorded = 0.0
    step(batches[0])
    with record(model, path, VOCABULARY, states=states) as recorder:
        for ids in batches:  # in turn, since a machine is not as fast at all times
            with recorder.paused():
                started = time.perf_counter()
                step(ids)
                alone += time.perf_counter() - started
            started = time.perf_counter()
            step(ids)
            recorder.tokens(ids)
            recorded += time.perf_counter() - started
        started = time.perf_counter()
    end = time.perf_counter() - started
    size = sum(file.stat().st_size for file in path.iterdir()) / 1e6
    each = 1000 * alone / len(batches)
    print(
        f"{case!s:44}{each:10.1f}{recorded / alone:10.2f}{(recorded + end) / alone:10.2f}{size / end:8.0f}", flush=True
    )


def training_step(model: nn.Module) -> Callable[[torch.Tensor], object]:
    optimizer = torch.optim.SGD(model.parameters(), 0.1)

    def step(ids: torch.Tensor) -> None:
        loss = nn.functional.cross_entropy(model(ids).flatten(0, 1), ids.flatten() % 50)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def evaluation(model: nn.Module) -> Callable[[torch.Tensor], object]:
    def step(ids: torch.Tensor) -> None:
        with torch.inference_mode():
            model(ids)

    return step


if __name__ == "__main__":
    main()
