"""How long an extraction of states, gates and the five best predictions takes, beside running the model and no more.

    python benchmarks/extraction.py [--data DIR] [--cases 100000x128x100 ... LENGTHxCELLSxVOCABULARY[:float16]]

Both read the same random tokens, in the same streams and blocks, with an LSTM of one layer and random weights, on the
CPU, with one thread for up to 256 cells (see tools/pytorch.py) and all for more. `forward` is the model with its decoder
and nothing kept; `extraction` writes cell and hidden states, four gates and the predictions as a project into DIR. Of
it, `writing` is the time that the thread that writes was busy, beside the one that computes; `computing` is the same
extraction with nothing written. Times are the best of --repeat (default 3), taken in turn; the last columns are the
highest memory of a process of its own that extracts, and what of it there was before. Linux only.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

from lstmvis.data.writing import ProjectWriter
from lstmvis.models import extraction
from lstmvis.models.extraction import Extraction, extract
from lstmvis.models.language_model import Configuration, LanguageModel
from lstmvis.models.streams import VALUES
from lstmvis.tools.pytorch import fitting_threads

CASES = [
    f"{length}x{cells}x{vocabulary}"
    for vocabulary in (100, 10_000)
    for cells, lengths in ((128, (100_000, 1_000_000, 3_000_000)), (256, (100_000, 1_000_000)), (650, (100_000,)))
    for length in lengths
    if vocabulary == 100 or length == 100_000
]
WANTED = Extraction(write=("cell", "hidden", "gates", "predictions"), ranks=5)
COLUMNS = (
    "tokens",
    "cells",
    "vocabulary",
    "forward",
    "extraction",
    "times",
    "computing",
    "writing",
    "GB",
    "memory",
    "before",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()), metavar="DIR")
    parser.add_argument("--cases", nargs="+", default=CASES)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--memory-of", metavar="CASE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        print_memory(options.memory_of, options.data)
        return
    print("".join(f"{title:>12}" for title in COLUMNS))
    for case in options.cases:
        model, ids, wanted = prepare(case)
        with fitting_threads(model.configuration.cells):
            row = measure(model, ids, wanted, options.data, options.repeat)
        command = [sys.executable, __file__, "--memory-of", case, "--data", str(options.data)]
        row += subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        shape = (f"{len(ids):,}", model.configuration.cells, model.configuration.vocabulary_size)
        print("".join(f"{value:>12}" for value in (*shape, *row)), flush=True)


def prepare(case: str) -> tuple[LanguageModel, np.ndarray, Extraction]:
    shape, _, dtype = case.partition(":")
    length, cells, vocabulary = map(int, shape.split("x"))
    torch.manual_seed(1)
    model = LanguageModel(Configuration(vocabulary, cells, embedding_size=32 if vocabulary <= 1000 else cells)).eval()
    ids = np.random.default_rng(1).integers(vocabulary, size=length, dtype=np.min_scalar_type(vocabulary - 1))
    return model, ids, Extraction(WANTED.write, dtype=dtype or "float32", ranks=WANTED.ranks)


def measure(model: LanguageModel, ids: np.ndarray, wanted: Extraction, directory: Path, repeat: int) -> list[str]:
    works: list[Callable[[], float]] = [
        lambda: forward(model, ids, wanted.streams),
        lambda: run_extraction(model, ids, wanted, directory)[0],
        lambda: run_extraction(model, ids, wanted, directory, writes=False)[0],
    ]
    forwards, extractions, computings = zip(*([work() for work in works] for _ in range(repeat)), strict=True)
    _, writing, size = run_extraction(model, ids, wanted, directory)
    bare, whole, computing = min(forwards), min(extractions), min(computings)
    return [
        f"{bare:.2f} s",
        f"{whole:.2f} s",
        f"{whole / bare:.2f}",
        f"{computing:.2f} s",
        f"{writing:.2f} s",
        f"{size:.1f}",
    ]


@torch.inference_mode()
def forward(model: LanguageModel, ids: np.ndarray, streams: int) -> float:
    """The seconds it takes to run the model over the text, in the streams and blocks in which it is extracted."""
    started = time.perf_counter()
    steps = len(ids) // streams
    rows = ids[: steps * streams].reshape(streams, steps).T
    block = VALUES // model.configuration.cells // streams
    state = None
    for first in range(0, steps, block):
        tokens = torch.from_numpy(rows[first : first + block].astype(np.int64))
        _, state = model(tokens, state)
    return time.perf_counter() - started


def run_extraction(
    model: LanguageModel, ids: np.ndarray, wanted: Extraction, directory: Path, writes: bool = True
) -> tuple[float, float, float]:
    """The seconds it takes, those of them that the thread that writes was busy, and the GB on disk."""
    busy = 0.0
    write = extraction._Extractor.write

    def timed(*arguments: object) -> None:
        nonlocal busy
        started = time.perf_counter()
        if writes:
            write(*arguments)
        busy += time.perf_counter() - started

    vocabulary = [str(token) for token in range(model.configuration.vocabulary_size)]
    with tempfile.TemporaryDirectory(dir=directory) as temporary, patch.object(extraction._Extractor, "write", timed):
        started = time.perf_counter()
        with ProjectWriter(Path(temporary) / "project", "benchmark", "random") as project:
            project.write_tokens(ids, vocabulary)
            extract(project, model, ids, wanted)
        seconds = time.perf_counter() - started
        size = sum(file.stat().st_size for file in (Path(temporary) / "project").iterdir())
    return seconds, busy, size / 1e9


def print_memory(case: str, directory: Path) -> None:
    """The highest memory of this process, in MB, after and before an extraction."""
    model, ids, wanted = prepare(case)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with fitting_threads(model.configuration.cells):
        run_extraction(model, ids, wanted, directory)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(*(f"{kilobytes // 1000}_MB" for kilobytes in (after, before)))


if __name__ == "__main__":
    main()
