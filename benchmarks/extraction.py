"""How long an extraction of states, gates and the five best predictions takes, beside running the model and no more.

    python benchmarks/extraction.py [--data DIR] [--cases LENGTHxCELLSxVOCABULARY[:float16] ...] [--threads N]

Both read the same random tokens, side by side in the same streams, with an LSTM of one layer and random weights, on the
CPU, with one thread for up to 256 cells (see tools/pytorch.py) and all for more, or with `--threads`. `forward` is the
model with its decoder, PyTorch's own, in inference mode, with nothing kept. `stored` writes cell and hidden states,
four gates and the predictions as a project into DIR; `computed` is the same where nothing is given to the file, so the
rest is the system's writing. `times` is how many times as long as `forward` it takes, and `CPU` the same of the
processors' time, which other programs disturb less and in which what runs side by side counts twice.

Times are the best of --repeat (default 3), taken in turn. `memory` is the highest of a process that extracts, of which
there was `before`; `load` how many programs wanted a processor. Linux only.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import torch

from lstmvis.data.writing import ProjectWriter
from lstmvis.models.extraction import Extraction, _Track, extract
from lstmvis.models.language_model import Configuration, LanguageModel
from lstmvis.models.streams import SHORTEST, VALUES
from lstmvis.tools.pytorch import fitting_threads

CASES = [
    f"{length}x{cells}x{vocabulary}"
    for vocabulary in (100, 10_000)
    for cells, lengths in ((128, (100_000, 1_000_000, 3_000_000)), (256, (100_000, 1_000_000)), (650, (100_000,)))
    for length in lengths
    if vocabulary == 100 or length == 100_000
]
WANTED = Extraction(write=("cell", "hidden", "gates", "predictions"), ranks=5)
COLUMNS = ("tokens", "cells", "words", "forward", "computed", "times", "CPU", "stored", "times", "CPU")
MORE_COLUMNS = ("GB", "memory", "before", "load")


class Took(NamedTuple):
    seconds: float
    of_processors: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()), metavar="DIR")
    parser.add_argument("--cases", nargs="+", default=CASES)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--memory-of", metavar="CASE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        print_memory(options.memory_of, options.data)
        return
    print("".join(f"{title:>10}" for title in (*COLUMNS, *MORE_COLUMNS)))
    for case in options.cases:
        model, ids, wanted = prepare(case)
        with fitting_threads(model.configuration.cells, options.threads):
            row = measure(model, ids, wanted, options.data, options.repeat)
        command = [sys.executable, __file__, "--memory-of", case, "--data", str(options.data)]
        row += subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        shape = (f"{len(ids):,}", model.configuration.cells, model.configuration.vocabulary_size)
        print("".join(f"{value:>10}" for value in (*shape, *row, f"{os.getloadavg()[0]:.1f}")), flush=True)


def prepare(case: str) -> tuple[LanguageModel, np.ndarray, Extraction]:
    shape, _, dtype = case.partition(":")
    length, cells, vocabulary = map(int, shape.split("x"))
    torch.manual_seed(1)
    model = LanguageModel(Configuration(vocabulary, cells, embedding_size=32 if vocabulary <= 1000 else cells)).eval()
    ids = np.random.default_rng(1).integers(vocabulary, size=length, dtype=np.min_scalar_type(vocabulary - 1))
    return model, ids, Extraction(WANTED.write, dtype=dtype or "float32", ranks=WANTED.ranks)


def measure(model: LanguageModel, ids: np.ndarray, wanted: Extraction, directory: Path, repeat: int) -> list[str]:
    runs = []
    for _ in range(repeat):
        bare = forward(model, ids, wanted.streams)
        with patch.object(_Track, "write"):
            computed, _ = run_extraction(model, ids, wanted, directory)
        stored, size = run_extraction(model, ids, wanted, directory)
        runs.append((bare, computed, stored))
    bare, *others = (Took(*map(min, zip(*each, strict=True))) for each in zip(*runs, strict=True))
    times = [
        (
            f"{each.seconds:.2f} s",
            f"{each.seconds / bare.seconds:.2f}",
            f"{each.of_processors / bare.of_processors:.2f}",
        )
        for each in others
    ]
    return [f"{bare.seconds:.2f} s", *times[0], *times[1], f"{size:.1f}"]


@contextmanager
def timed() -> Iterator[list[float]]:
    """Gives a list that holds, afterwards, what a Took holds."""
    took: list[float] = []
    started, used = time.perf_counter(), time.process_time()
    yield took
    took += time.perf_counter() - started, time.process_time() - used


@torch.inference_mode()
def forward(model: LanguageModel, ids: np.ndarray, streams: int) -> Took:
    """Run the model over the text, in as many streams and in such blocks as it is extracted."""
    streams = min(streams, len(ids) // SHORTEST)
    steps = len(ids) // streams
    rows = ids[: steps * streams].reshape(streams, steps).T
    block = VALUES // model.configuration.cells // streams
    state = None
    with timed() as took:
        for first in range(0, steps, block):
            tokens = torch.from_numpy(rows[first : first + block].astype(np.int64))
            _, state = model(tokens, state)
    return Took(*took)


def run_extraction(model: LanguageModel, ids: np.ndarray, wanted: Extraction, directory: Path) -> tuple[Took, float]:
    """What it takes, and the GB on disk."""
    vocabulary = [str(token) for token in range(model.configuration.vocabulary_size)]
    with tempfile.TemporaryDirectory(dir=directory) as temporary:
        with timed() as took, ProjectWriter(Path(temporary) / "project", "benchmark", "random") as project:
            project.write_tokens(ids, vocabulary)
            extract(project, model, ids, wanted)
        return Took(*took), sum(file.stat().st_size for file in (Path(temporary) / "project").iterdir()) / 1e9


def print_memory(case: str, directory: Path) -> None:
    """The highest memory of this process after and before an extraction."""
    model, ids, wanted = prepare(case)
    before = highest_memory()
    with fitting_threads(model.configuration.cells):
        run_extraction(model, ids, wanted, directory)
    print(highest_memory(), before)


def highest_memory() -> str:
    lines = Path("/proc/self/status").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return f"{kilobytes // 1000}_MB"


if __name__ == "__main__":
    main()
