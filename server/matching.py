"""Matching: every range of the corpus over which selected cells repeat a pattern, exactly.

Q(a, b) are the selected cells K that are on at all of a..b and off in the constraints' steps around it; P(a, b) are
all such cells, selected or not. A range is a candidate when its length is allowed, a cell of Q switches on at a and a
cell of Q switches off after b. Each start gives one match, the candidate with the largest Q and among those the
longest; matches are ranked by |Q| (most first), |P union K| (fewest first), length (longest first) and position.

The search works on runs, the maximal stretches over which a cell stays on, because both ends of a candidate are ends
of runs of selected cells. Only |P union K|, a tie-break, looks at cells that are not selected, and only for the
matches whose |Q| lets them into the answer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmvis.server.activity import Activity, Constraints

Positions = NDArray[np.int64]
HISTOGRAM_LENGTHS = 201  # lengths 0 to 199, and all from 200 on


@dataclass(frozen=True)
class Query:
    """What to match. `phrase_length` 0 allows any length from `min_length`, otherwise it replaces it."""

    cells: tuple[int, ...]  # ascending, distinct
    constraints: Constraints = (1, 0)
    min_length: int = 1
    phrase_length: int = 0
    limit: int = 50
    match_length: tuple[int, int] | None = None


@dataclass(frozen=True)
class Match:
    """A range that repeats the pattern."""

    position: int
    length: int
    selected: int  # |Q|
    union: int  # |P union K|
    wanted: int  # |K|

    @property
    def jaccard(self) -> float:
        """|P intersect K| / |P union K|"""
        return self.selected / self.union


@dataclass(frozen=True)
class Matches:
    """The best matches, and exact figures over all of them."""

    best: list[Match]
    counts: NDArray[np.int64]  # (|K| + 1,): matches by |Q|
    fuzzy_lengths: NDArray[np.int64]  # (201,): matches by length
    strict_lengths: NDArray[np.int64]  # (201,): matches with |Q| = |K| by length


@dataclass(frozen=True)
class Runs:
    """The runs of one cell in the order of the corpus; none crosses a sequence start."""

    first: Positions
    last: Positions
    off_before: Positions  # steps off before the run, at least `FREE` where they reach the edge of the sequence
    off_after: Positions


FREE = np.iinfo(np.int64).max // 2


def find_matches(
    activity: Activity,
    query: Query,
    sequence_starts: Positions,
    check: Callable[[], None] = lambda: None,
) -> Matches:
    """All matches of the corpus, the best `limit` of them in detail.

    `sequence_starts` ascend from 0, or are empty for one sequence. `check` is called between pieces of work; what it
    raises ends the search.
    """
    starts = sequence_starts[sequence_starts < activity.steps]
    cells = np.asarray(query.cells, np.int64)
    shortest = query.phrase_length or query.min_length
    runs = _runs_of(activity, cells, starts, check)
    before, after = query.constraints
    # A run is usable at its own start when it is off long enough before it, at its own end likewise.
    if after == 0:
        found = _smallest_end(runs, activity.steps, before, shortest, check)
    else:
        found = _largest_group(runs, activity.steps, before, after, shortest, query.phrase_length, check)
    first, last, selected = found
    length = last - first + 1
    if query.phrase_length and after == 0:
        kept = length == query.phrase_length
        first, last, selected, length = first[kept], last[kept], selected[kept], length[kept]
    strict = length[selected == len(cells)]
    return Matches(
        best=_best(activity, query, starts, first, last, selected, check),
        counts=np.bincount(selected, minlength=len(cells) + 1),
        fuzzy_lengths=_histogram(length),
        strict_lengths=_histogram(strict),
    )


def _histogram(lengths: Positions) -> NDArray[np.int64]:
    return np.bincount(np.minimum(lengths, HISTOGRAM_LENGTHS - 1), minlength=HISTOGRAM_LENGTHS)


def _runs_of(activity: Activity, cells: Positions, starts: Positions, check: Callable[[], None]) -> "_RunSet":
    """Read the source once; keep each selected cell's states as bits."""
    packed = np.empty((len(cells), -(-activity.steps // 8)), np.uint8)  # cells x steps / 8
    step = activity.block_steps
    for start in range(0, activity.steps if len(cells) else 0, step):
        check()
        on = activity.rows(start, min(start + step, activity.steps), cells)
        packed[:, start // 8 : -(-(start + len(on)) // 8)] = np.packbits(on.T, axis=1)
    return _RunSet(packed, activity.steps, starts)


class _RunSet:
    """The runs of several cells, made from their bits one cell at a time: all at once would not fit in memory."""

    def __init__(self, packed: NDArray[np.uint8], steps: int, starts: Positions) -> None:
        self._packed, self._steps, self._starts = packed, steps, starts
        self._edges = np.append(starts if len(starts) else np.zeros(1, np.int64), steps)

    def __iter__(self) -> Iterator[Runs]:
        for bits in self._packed:
            yield self._runs(np.unpackbits(bits, count=self._steps).view(np.bool_))

    def _runs(self, on: NDArray[np.bool_]) -> Runs:
        begins = on.copy()
        begins[1:] &= ~on[:-1]
        begins[self._starts] = on[self._starts]
        ends = on.copy()
        ends[:-1] &= ~on[1:]
        inner = self._starts[self._starts > 0] - 1
        ends[inner] = on[inner]
        first, last = np.flatnonzero(begins), np.flatnonzero(ends)
        following = np.searchsorted(self._edges, first, side="right")
        low, high = self._edges[following - 1], self._edges[following]
        previous_last = np.concatenate([[-1], last[:-1]])
        next_first = np.append(first[1:], self._steps)
        return Runs(
            first,
            last,
            np.where(previous_last < low, FREE, first - previous_last - 1),
            np.where(next_first >= high, FREE, next_first - last - 1),
        )


Found = tuple[Positions, Positions, Positions]  # first position, last position and |Q| of each match, by position


def _smallest_end(runs: _RunSet, steps: int, before: int, shortest: int, check: Callable[[], None]) -> Found:
    """Matches whose right end is free.

    Q(a, b) loses cells and gains none as b grows, and candidates end where a cell of Q does. So the best candidate of
    a start is the nearest such end that is far enough, and Q are the cells that reach it: all those that last for the
    shortest length allowed.
    """
    count = np.zeros(steps, np.int32)
    nearest = np.full(steps, steps, np.int64)
    begun = np.zeros(steps, np.bool_)  # where a long enough run of a selected cell begins
    for run in runs:
        check()
        usable = (run.off_before >= before) & (run.last - run.first + 1 >= shortest)
        first, last = run.first[usable], run.last[usable]
        begun[first] = True
        if before:  # every cell of Q begins at the start
            count[first] += 1
            nearest[first] = np.minimum(nearest[first], last)
    first = np.flatnonzero(begun)
    if before:
        return first, nearest[first], count[first].astype(np.int64)
    selected = np.zeros(len(first), np.int64)
    last = np.full(len(first), steps, np.int64)
    for run in runs:
        check()
        if not len(run.first):
            continue
        covering = np.searchsorted(run.first, first, side="right") - 1
        end = run.last[covering]
        fits = (covering >= 0) & (end - first + 1 >= shortest)
        selected += fits
        np.minimum(last, np.where(fits, end, steps), out=last)
    return first, last, selected


def _largest_group(
    runs: _RunSet, steps: int, before: int, after: int, shortest: int, phrase: int, check: Callable[[], None]
) -> Found:
    """Matches whose right end is constrained.

    A cell of Q then ends exactly at b, so the candidates of a start are the distinct ends of runs that begin there,
    each with the cells that share it.
    """
    width = steps + 1
    keys = []  # a * width + b, one for each run that makes a..b a candidate
    for run in runs:
        check()
        length = run.last - run.first + 1
        allowed = length == phrase if phrase else length >= shortest
        usable = allowed & (run.off_before >= before) & (run.off_after >= after)
        keys.append(run.first[usable] * width + run.last[usable])
    key, selected = np.unique(np.concatenate([np.zeros(0, np.int64), *keys]), return_counts=True)
    first, last = key // width, key % width
    if not before:  # cells that were on before the start count too
        selected = np.zeros(len(key), np.int64)
        for run in runs:
            check()
            if not len(run.first):
                continue
            ending = np.minimum(np.searchsorted(run.last, last), len(run.last) - 1)
            selected += (run.last[ending] == last) & (run.first[ending] <= first) & (run.off_after[ending] >= after)
    order = np.lexsort((-last, -selected, first))
    best = order[np.diff(first[order], prepend=-1) != 0]
    return first[best], last[best], selected[best]


def _best(
    activity: Activity,
    query: Query,
    starts: Positions,
    first: Positions,
    last: Positions,
    selected: Positions,
    check: Callable[[], None],
) -> list[Match]:
    length = last - first + 1
    if query.match_length:
        kept = (length >= query.match_length[0]) & (length <= query.match_length[1])
        first, last, selected, length = first[kept], last[kept], selected[kept], length[kept]
    if len(first) > query.limit:  # all with as many cells as the last that is wanted: the ties are decided below
        least = -np.partition(-selected, query.limit - 1)[query.limit - 1]
        kept = selected >= least
        first, last, selected, length = first[kept], last[kept], selected[kept], length[kept]
    fitting = _count_fitting(activity, query.constraints, starts, first, last, check)
    union = fitting + len(query.cells) - selected
    order = np.lexsort((first, -length, union, -selected))[: query.limit]
    return [
        Match(int(first[i]), int(length[i]), int(selected[i]), int(union[i]), len(query.cells)) for i in order.tolist()
    ]


def _count_fitting(
    activity: Activity,
    constraints: Constraints,
    starts: Positions,
    first: Positions,
    last: Positions,
    check: Callable[[], None],
) -> Positions:
    """|P(a, b)| for ranges in the order of their starts."""
    edges = np.append(starts if len(starts) else np.zeros(1, np.int64), activity.steps)
    following = np.searchsorted(edges, first, side="right")
    left = np.maximum(first - constraints[0], edges[following - 1])  # first step of the left constraint
    right = np.minimum(last + constraints[1], edges[following] - 1)  # last step of the right one
    fitting = np.empty(len(first), np.int64)
    step = activity.block_steps
    start = 0
    while start < len(first):
        check()
        # As many ranges as lie within one block of rows, which is read once; at least one, however long.
        low = int(left[start])
        reach = np.maximum.accumulate(right[start : start + step])
        stop = start + max(1, int(np.searchsorted(reach, low + step)))
        part = slice(start, stop)
        rows = _PackedRows(activity, int(left[part].min()), int(right[part].max()) + 1, check)
        fits = rows.all(first[part], last[part] + 1)
        fits &= ~rows.any(left[part], first[part])
        fits &= ~rows.any(last[part] + 1, right[part] + 1)
        fitting[part] = np.bitwise_count(fits).sum(axis=1, dtype=np.int64)
        start = stop
    return fitting


class _PackedRows:
    """The cells that are on at each step of start..stop, packed to 64-bit words."""

    def __init__(self, activity: Activity, start: int, stop: int, check: Callable[[], None]) -> None:
        self._start = start
        words = -(-activity.cells // 64)
        # One row of zeros more, so that the end of a range may be the end of the rows.
        self._rows = np.zeros((stop - start + 1, words * 8), np.uint8)
        for block in range(start, stop, activity.block_steps):
            check()
            on = np.packbits(activity.rows(block, min(block + activity.block_steps, stop)), axis=1)
            self._rows[block - start : block - start + len(on), : on.shape[1]] = on
        self._words = self._rows.view(np.uint64)

    def all(self, first: Positions, stop: Positions) -> NDArray[np.uint64]:
        """The cells on at all of first..stop, stop excluded; ranges x words. No range may be empty."""
        return self._reduce(np.bitwise_and, first, stop)

    def any(self, first: Positions, stop: Positions) -> NDArray[np.uint64]:
        """The cells on at any of first..stop, stop excluded; ranges x words; none for an empty range."""
        on = self._reduce(np.bitwise_or, first, stop)
        on[first == stop] = 0
        return on

    def _reduce(self, operation: np.ufunc, first: Positions, stop: Positions) -> NDArray[np.uint64]:
        bounds = np.stack([first, stop], axis=1).ravel() - self._start
        return np.asarray(operation.reduceat(self._words, bounds, axis=0)[::2])
