"""Which cells are on: the one place where stored values meet a threshold.

A cell is on where its activation is at least the threshold. That is decided on the stored number, in float64, against
the threshold's `cut`: arctanh(threshold) for a source whose activation is the tanh of what is stored, else the
threshold itself. NaN is off. With both sides of C cells, id C + c stands for "the activation of c is at most minus
the threshold".
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.project import Source, Transform
from lstmvis.server import kernels
from lstmvis.server.index import StateIndex
from lstmvis.server.threads import in_threads

Sides = Literal["positive", "both"]
Constraints = tuple[int, int]
BLOCK_BYTES = 1 << 24  # of states that are looked at together
RANGES_TOGETHER = 1024  # between two checks
RANGES_BYTES = 1 << 20  # of states that are read together for some ranges


def cut_of(threshold: float, transform: Transform) -> float:
    """The stored value at which a cell switches on; for tanh the threshold must lie between -1 and 1."""
    return float(np.arctanh(np.float64(threshold))) if transform == "tanh" else float(threshold)


@dataclass(frozen=True)
class Activity:
    """A source seen through a threshold: on and off. With its index the answers are the same, and sooner there."""

    source: Source
    cut: float
    sides: Sides = "positive"
    index: StateIndex | None = None

    @property
    def steps(self) -> int:
        return self.source.steps

    @property
    def ids(self) -> int:
        """How many there are: C, or 2C with both sides."""
        return self.source.cells * (2 if self.sides == "both" else 1)

    def rows(self, start: int, stop: int, cells: NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
        """On or off, (stop - start) x cells; start and stop within the corpus, all cells where none are given."""
        return self._compare(self.source.states.rows(start, stop), cells)

    def _compare(self, values: NDArray[Any], cells: NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
        """On or off, for stored values steps x C."""
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

    def bits(self, cells: NDArray[np.int64], check: Callable[[], None] = lambda: None) -> NDArray[np.uint64]:
        """On or off at all steps: cells x ceil(steps / 64) words, the lowest bit first."""
        if self.index:
            return self._indexed_bits(self.index, cells, check)
        packed = np.zeros((len(cells), -(-self.steps // 64) * 8), np.uint8)
        for start in range(0, self.steps if len(cells) else 0, self.block_steps):
            check()
            on = self.rows(start, min(start + self.block_steps, self.steps), cells)
            packed[:, start // 8 : -(-(start + len(on)) // 8)] = np.packbits(on.T, axis=1, bitorder="little")
        return packed.view(np.uint64)

    def _indexed_bits(
        self, index: StateIndex, cells: NDArray[np.int64], check: Callable[[], None]
    ) -> NDArray[np.uint64]:
        positive_cut, negative_cut = _stored_cuts(self.cut, index.coding.dtype)
        bits = np.empty((len(cells), -(-self.steps // 64)), np.uint64)

        def read(row: int) -> None:
            check()
            cell = int(cells[row])
            if cell < self.source.cells:
                bits[row] = index.row(cell, positive_cut, negative=False)
            else:
                bits[row] = index.row(cell - self.source.cells, negative_cut, negative=True)

        in_threads(read, range(len(cells)))
        return bits

    def bound_fitting(
        self, ranges: NDArray[np.int64], check: Callable[[], None] = lambda: None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Lower and upper bounds on what `count_fitting` gives for `ranges`, fast, from the index; without one they are
        exact."""
        if not self.index or not self.index.can_bound:
            counts = self.count_fitting(ranges, check)
            return counts, counts
        index, both = self.index, self.sides == "both"
        level, negative_level = (index.coding.code(cut) >> 8 for cut in _stored_cuts(self.cut, index.coding.dtype))
        bounds = np.empty((2, ranges.shape[1]), np.int64)

        def bound(start: int) -> None:
            part = slice(start, start + RANGES_TOGETHER)
            check()
            index.bound_fitting(level, negative_level, both, ranges[:, part], bounds[:, part])

        in_threads(bound, range(0, ranges.shape[1], RANGES_TOGETHER))
        return bounds[0], bounds[1]

    def count_fitting(self, ranges: NDArray[np.int64], check: Callable[[], None] = lambda: None) -> NDArray[np.int64]:
        """How many of all cells are on at all of a range and off at the steps around it.

        `ranges` are the first and last step of each, and the first and last step around it: 4 x ranges, by position.
        """
        states, both = self.source.states, self.sides == "both"
        narrow = np.can_cast(states.dtype, np.float32)
        kind = np.dtype(np.float32 if narrow else np.float64)
        cut, negative_cut = (kind.type(cut) for cut in _stored_cuts(self.cut, kind.name))
        fitting = np.empty(ranges.shape[1], np.int64)

        def count(part: slice) -> None:
            check()
            first, last, left, right = ranges[:, part]
            if len(first) == 1 and right[0] - left[0] >= self.block_steps:
                fits = self.fits(int(first[0]), int(last[0]), int(left[0]), int(right[0]), check)
                fitting[part] = np.count_nonzero(fits)
                return
            values, places = states.gather(left, right + 1)
            own = ranges[:, part] + (places - left)  # the same ranges, as rows of these values
            kernels.count_fitting(values.astype(kind, copy=False), cut, negative_cut, both, fitting[part], *own)

        in_threads(count, _pieces(ranges, max(1, RANGES_BYTES // max(1, self.source.cells * kind.itemsize))))
        return fitting

    def fits(
        self, first: int, last: int, left: int, right: int, check: Callable[[], None] = lambda: None
    ) -> NDArray[np.bool_]:
        """Which of all cells are on at all of first..last and off at the rest of left..right."""
        fits = np.ones(self.ids, np.bool_)
        for start in range(left, right + 1, self.block_steps):
            check()
            on = self.rows(start, min(start + self.block_steps, right + 1))
            inside = slice(max(first - start, 0), max(last + 1 - start, 0))
            fits &= on[inside].all(axis=0)
            fits &= ~on[: inside.start].any(axis=0)
            fits &= ~on[inside.stop :].any(axis=0)
            if not fits.any():
                break
        return fits


def _pieces(ranges: NDArray[np.int64], most: int) -> list[slice]:
    """Ranges as they are looked at together: those of no more than `most` steps, or one."""
    reached = np.cumsum(ranges[3] - ranges[2] + 1)
    pieces, start = [], 0
    while start < len(reached):
        before = reached[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(reached, before + most, side="right")))
        pieces.append(slice(start, stop))
        start = stop
    return pieces


def _at_least(values: NDArray[Any], cut: float) -> NDArray[np.bool_]:
    if values.dtype in (np.float32, np.float16):
        # The float32 numbers >= cut are those >= the lowest of them: no copy in float64 is needed.
        return np.asarray(values.astype(np.float32, copy=False) >= _float32_from(cut))
    return np.asarray(values.astype(np.float64, copy=False) >= np.float64(cut))


def _at_most(values: NDArray[Any], cut: float) -> NDArray[np.bool_]:
    if values.dtype in (np.float32, np.float16):
        return np.asarray(values.astype(np.float32, copy=False) <= -_float32_from(-cut))
    return np.asarray(values.astype(np.float64, copy=False) <= np.float64(cut))


def _stored_cuts(cut: float, dtype: str) -> tuple[float, float]:
    """Of the numbers of `dtype`, the lowest that is `>= cut`, and the highest that is `<= -cut`."""
    lowest = float(_float32_from(cut)) if dtype == "float32" else cut
    return lowest, -lowest


def _float32_from(cut: float) -> np.float32:
    """The lowest float32 that is >= cut."""
    with np.errstate(over="ignore"):
        nearest = np.float32(cut)
    return nearest if float(nearest) >= cut else np.nextafter(nearest, np.float32(np.inf))
