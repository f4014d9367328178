"""Figures over all values of a matrix, in one pass from its first entry to its last, with memory for one block."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.matrix import Matrix
from lstmvis.data.project import Source

THRESHOLD = 0.3  # where the page begins
SATURATED = 0.99  # an activation from here on, on either side, can hardly be told from 1
BLOCK_BYTES = 1 << 24
MOST_BLOCK_BYTES = 1 << 28  # where the chunks of a file are so large that less would read each of them several times

Watch = Callable[[int], None]  # is told how many bytes more have been read


class Tally:
    """How often something was seen, and where first."""

    def __init__(self) -> None:
        self.count = 0
        self.first: tuple[int, ...] = ()  # position, and column where there are any

    def add(self, seen: NDArray[np.bool_], start: int) -> None:
        """`seen` at positions from `start` on, (n,) or (n, columns)."""
        count = int(np.count_nonzero(seen))
        if count and not self.count:
            position, *column = (int(place) for place in np.unravel_index(int(seen.argmax()), seen.shape))
            self.first = (start + position, *column)
        self.count += count


@dataclass(frozen=True)
class Statistics:
    """Of the values of a source as they are stored; lowest, highest and mean of the finite ones, 0 without any."""

    lowest: float
    highest: float
    mean: float
    share_on: float  # of all activations, those that are at least `THRESHOLD`
    share_saturated: float  # those at least `SATURATED` on either side, after tanh; 0 without it
    constant_cells: int
    nan: int
    first_nan: tuple[int, ...]  # position and cell, or nothing
    infinite: int
    first_infinite: tuple[int, ...]


def measure(source: Source, watch: Watch = lambda read: None) -> Statistics:
    """Raises ProjectError where the file is damaged."""
    squashed = source.transform == "tanh"
    cut = np.arctanh(np.float64(THRESHOLD)) if squashed else np.float64(THRESHOLD)
    lowest, highest = np.full(source.cells, np.inf), np.full(source.cells, -np.inf)
    nan, infinite = Tally(), Tally()
    total, on, saturated = 0.0, 0, 0
    for start, block in blocks(source.states, watch=watch):
        values = block.astype(np.result_type(block.dtype, np.float32), copy=False)
        finite = values.ravel()
        low, high = values.min(axis=0), values.max(axis=0)
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            is_finite = np.isfinite(values)
            nan.add(np.isnan(values), start)
            infinite.add(np.isinf(values), start)
            low = np.where(is_finite, values, np.inf).min(axis=0)
            high = np.where(is_finite, values, -np.inf).max(axis=0)
            finite = values[is_finite]
        np.minimum(lowest, low, out=lowest)
        np.maximum(highest, high, out=highest)
        with np.errstate(over="ignore"):  # sums of the very largest numbers are made good below
            total += float(finite.sum(dtype=np.float64))
        on += int(np.count_nonzero(values >= cut))
        if squashed:
            saturated += int(np.count_nonzero(np.abs(values) >= np.arctanh(SATURATED)))
    count = source.steps * source.cells
    finite_count = count - nan.count - infinite.count
    return Statistics(
        lowest=float(lowest.min()) if finite_count else 0.0,
        highest=float(highest.max()) if finite_count else 0.0,
        mean=float(np.clip(np.nan_to_num(total / finite_count), lowest.min(), highest.max())) if finite_count else 0.0,
        share_on=on / count if count else 0.0,
        share_saturated=saturated / count if count else 0.0,
        constant_cells=int(np.count_nonzero(lowest == highest)),
        nan=nan.count,
        first_nan=nan.first,
        infinite=infinite.count,
        first_infinite=infinite.first,
    )


def blocks(matrix: Matrix, stop: int | None = None, watch: Watch = lambda read: None) -> Iterator[tuple[int, Any]]:
    """All entries before `stop`, in order: the position of the first of each block, and the block."""
    stop = len(matrix) if stop is None else min(stop, len(matrix))
    entry_bytes = max(1, math.prod(matrix.shape[1:]) * matrix.dtype.itemsize)
    entries = max(1, BLOCK_BYTES // entry_bytes)
    if matrix.chunks and matrix.chunks[0] * entry_bytes <= MOST_BLOCK_BYTES:
        entries = -(-entries // matrix.chunks[0]) * matrix.chunks[0]
    for start in range(0, stop if math.prod(matrix.shape) else 0, entries):
        block = matrix.rows(start, min(start + entries, stop))
        yield start, block
        watch(len(block) * entry_bytes)
