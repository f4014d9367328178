"""How long an extraction of states, gates and the five best predictions takes, beside running the model and no more.

    python benchmarks/extraction.py [--data DIR] [--cases LENGTHxCELLSxVOCABULARY[:float16] ...]

Both read the same random tokens, in the same streams and blocks, with an LSTM of one layer and random weights, on the
CPU, with one thread for up to 256 cells (see tools/pytorch.py) and all for more. `forward` is the model with its
decoder and nothing kept; `extraction` writes cell and hidden states, four gates and the predictions as a project into
DIR, `times` as long; `unstored` is the same where HDF5 is given nothing to write, so the rest is copying and disk.
Times are the best of --repeat (default 3), taken in turn. `memory` is the highest of a process that extracts, of which
there was `before`. Linux only.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import h5py
import numpy as np
import torch

from lstmvis.data.writing import ProjectWriter
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
    "unstored",
    "times",
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
    forwards, extractions, unstored = [], [], []
    for _ in range(repeat):
        forwards.append(forward(model, ids, wanted.streams))
        seconds, size = run_extraction(model, ids, wanted, directory)
        extractions.append(seconds)
        with patch.object(h5py.Dataset, "__setitem__"):
            unstored.append(run_extraction(model, ids, wanted, directory)[0])
    bare, whole, rest = min(forwards), min(extractions), min(unstored)
    times = (f"{bare:.2f} s", f"{whole:.2f} s", f"{whole / bare:.2f}", f"{rest:.2f} s", f"{rest / bare:.2f}")
    return [*times, f"{size:.1f}"]


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


def run_extraction(model: LanguageModel, ids: np.ndarray, wanted: Extraction, directory: Path) -> tuple[float, float]:
    """The seconds that it takes, and the GB on disk."""
    vocabulary = [str(token) for token in range(model.configuration.vocabulary_size)]
    with tempfile.TemporaryDirectory(dir=directory) as temporary:
        started = time.perf_counter()
        with ProjectWriter(Path(temporary) / "project", "benchmark", "random") as project:
            project.write_tokens(ids, vocabulary)
            extract(project, model, ids, wanted)
        seconds = time.perf_counter() - started
        return seconds, sum(file.stat().st_size for file in (Path(temporary) / "project").iterdir()) / 1e9


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
