"""Which cells are on: the one place where stored values meet a threshold.

A cell is on where its activation is at least the threshold. That is decided on the stored number, in float64, against
the threshold's `cut`: arctanh(threshold) for a source whose activation is the tanh of what is stored, else the
threshold itself. NaN is off. With both sides of C cells, id C + c stands for "the activation of c is at most minus
the threshold".
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.project import Source, Transform

Sides = Literal["positive", "both"]
Constraints = tuple[int, int]
BLOCK_BYTES = 1 << 24  # of states that are looked at together


def cut_of(threshold: float, transform: Transform) -> float:
    """The stored value at which a cell switches on; for tanh the threshold must lie between -1 and 1."""
    return float(np.arctanh(np.float64(threshold))) if transform == "tanh" else float(threshold)


@dataclass(frozen=True)
class Activity:
    """A source seen through a threshold: on and off."""

    source: Source
    cut: float
    sides: Sides = "positive"

    @property
    def steps(self) -> int:
        return self.source.steps

    @property
    def cells(self) -> int:
        """How many ids there are: C, or 2C with both sides."""
        return self.source.cells * (2 if self.sides == "both" else 1)

    def rows(self, start: int, stop: int, cells: NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
        """On or off, (stop - start) x cells; start and stop within the corpus, all cells where none are given."""
        values = self.source.states.rows(start, stop)
        if self.sides == "positive":
            return _at_least(values if cells is None else values[:, cells], self.cut)
        if cells is None:
            return np.concatenate([_at_least(values, self.cut), _at_most(values, -self.cut)], axis=1)
        on = np.empty((len(values), len(cells)), np.bool_)
        positive = cells < self.source.cells
        on[:, positive] = _at_least(values[:, cells[positive]], self.cut)
        on[:, ~positive] = _at_most(values[:, cells[~positive] - self.source.cells], -self.cut)
        return on

    @property
    def block_steps(self) -> int:
        """How many steps to ask for at a time: a multiple of 8, so that blocks of packed bits join."""
        row_bytes = max(1, self.source.cells * self.source.states.dtype.itemsize)
        return max(64, BLOCK_BYTES // row_bytes // 8 * 8)


def _at_least(values: NDArray[Any], cut: float) -> NDArray[np.bool_]:
    if values.dtype in (np.float32, np.float16):
        # The float32 numbers >= cut are those >= the lowest of them: no copy in float64 is needed.
        return np.asarray(values.astype(np.float32, copy=False) >= _float32_from(cut))
    return np.asarray(values.astype(np.float64, copy=False) >= np.float64(cut))


def _at_most(values: NDArray[Any], cut: float) -> NDArray[np.bool_]:
    if values.dtype in (np.float32, np.float16):
        return np.asarray(values.astype(np.float32, copy=False) <= -_float32_from(-cut))
    return np.asarray(values.astype(np.float64, copy=False) <= np.float64(cut))


def _float32_from(cut: float) -> np.float32:
    """The lowest float32 that is >= cut."""
    with np.errstate(over="ignore"):
        nearest = np.float32(cut)
    return nearest if float(nearest) >= cut else np.nextafter(nearest, np.float32(np.inf))
