"""Sources for benchmarks: seeded, correlated in time, some cells driven by a nesting depth."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lstmvis.data.parentheses import CHARACTERS, generate
from lstmvis.data.project import is_project
from lstmvis.data.writing import ProjectWriter

BLOCK = 1 << 16
LONGEST_RUN = 30


def make_project(directory: Path, steps: int, cells: int, dtype: str = "float32", seed: int = 7) -> Path:
    """A project of `steps` x `cells` below `directory`; one that is there is kept.

    A cell keeps its level, normal around 0, for 1 to 30 steps, with a little noise on every step; one cell in eight is
    raised while the text is nested deeper than its own depth.
    """
    path = directory / f"synthetic-{steps}x{cells}-{dtype}"
    if is_project(path):
        return path
    ids, depths = generate(steps, seed)
    with ProjectWriter(path, path.name, f"Synthetic states, {steps:,} x {cells}, seed {seed}.") as project:
        project.write_tokens(ids, list(CHARACTERS))
        project.write_discrete("nesting", depths, labels=["0", "1", "2", "3", "4"])
        states = project.create_source("states", steps=steps, cells=cells, transform="tanh", dtype=dtype)
        for start in tqdm(range(0, steps, BLOCK), desc=path.name, unit="block"):
            depth = depths[start : start + BLOCK]
            states[start : start + len(depth)] = _block(np.random.default_rng([seed, start]), depth, cells)
    return path


def _block(rng: np.random.Generator, depth: NDArray[np.integer], cells: int) -> NDArray[np.float32]:
    steps = len(depth)
    ends = np.cumsum(rng.integers(1, LONGEST_RUN + 1, (steps // (LONGEST_RUN // 2) + LONGEST_RUN, cells)), axis=0)
    values = rng.normal(0, 0.02, (steps, cells)).astype(np.float32)
    for cell in range(cells):
        number = np.searchsorted(ends[:, cell], np.arange(steps), side="right")
        values[:, cell] += rng.normal(-0.1, 0.5, len(ends) + 1).astype(np.float32)[number]
    for cell in range(0, cells, 8):
        values[:, cell] = np.where(depth > cell // 8 % 4, 0.8, -0.4) + values[:, cell] * 0.3
    return values
