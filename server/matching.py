"""Matching: every range of the corpus over which selected cells repeat a pattern, exactly.

Q(a, b) are the selected cells K that are on at all of a..b and off in the constraints' steps around it; P(a, b) are
all such cells, selected or not. A range is a candidate when its length is allowed, a cell of Q switches on at a and a
cell of Q switches off after b. Each start gives one match, the candidate with the largest Q and among those the
longest; matches are ranked by |Q| (most first), |P union K| (fewest first), length (longest first) and position.

The search works on runs, the maximal stretches over which a cell stays on, because both ends of a candidate are ends
of runs of selected cells. Only |P union K|, a tie-break, looks at cells that are not selected, and only for the
matches whose |Q| lets them into the answer.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmvis.server import kernels
from lstmvis.server.activity import Activity, Constraints
from lstmvis.server.kernels import Positions
from lstmvis.server.threads import CORES, in_threads

ANY_LENGTH = np.iinfo(np.int64).max
WORK_PER_SPAN = 1 << 24  # selected cells x steps that are looked at between two checks
WORK_PER_BLOCK = 1 << 20  # ... and that share scratch memory, which should stay near the processor
LEAST_BLOCK = 1024  # steps
MOST_BLOCK = 1 << 15
COUNTED_TOGETHER = 4096
LOOKED_AT_FIRST = 2048  # of the ranges that are level, the longest
Check = Callable[[], None]


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
    fuzzy_lengths: NDArray[np.int64]  # (201,): matches by length, the last entry for 200 and more
    strict_lengths: NDArray[np.int64]  # (201,): matches with |Q| = |K| by length


def find_matches(activity: Activity, query: Query, sequence_starts: Positions, check: Check = lambda: None) -> Matches:
    """All matches of the corpus, the best `limit` of them in detail.

    `sequence_starts` ascend from 0, or are empty for one sequence. `check` is called between pieces of work; what it
    raises ends the search.
    """
    if not query.cells:
        lengths = np.zeros(kernels.HISTOGRAM_LENGTHS, np.int64)
        return Matches([], np.zeros(1, np.int64), lengths, lengths)
    edges = _edges(sequence_starts, activity.steps)
    cells = np.asarray(query.cells, np.int64)
    rows = activity.bits(cells, check)
    spans = _find(rows, edges, query, check)
    counts, shown, fuzzy, strict = (np.sum([span[part] for span in spans], axis=0) for part in range(4))
    first, last, selected = (np.concatenate([span[part] for span in spans]) for part in (4, 5, 6))
    # The matches that |Q| alone puts into the answer, and those that are level with the last of them.
    surpassing = np.cumsum(shown[::-1])[::-1]
    least = max(1, int(np.count_nonzero(surpassing[1:] >= query.limit)))
    kept = selected >= least
    best = _rank(activity, query, edges, first[kept], last[kept], selected[kept], check)
    return Matches(best, counts, fuzzy, strict)


def _edges(sequence_starts: Positions, steps: int) -> Positions:
    """The first step of each sequence, and the number of steps."""
    starts = sequence_starts[sequence_starts < steps].astype(np.int64)
    return np.concatenate([starts if len(starts) else np.zeros(1, np.int64), [steps]])


def _find(rows: kernels.Words, edges: Positions, query: Query, check: Check) -> list[kernels.Found]:
    """What `kernels.find_in_span` finds in each span of the corpus, in order."""
    steps = int(edges[-1])
    cells = len(rows)
    block = max(LEAST_BLOCK, min(MOST_BLOCK, WORK_PER_BLOCK // cells))
    span = max(block, min(WORK_PER_SPAN // cells, -(-steps // CORES)))
    shortest, longest = query.phrase_length or query.min_length, query.phrase_length or ANY_LENGTH
    shown_from, shown_to = query.match_length or (0, ANY_LENGTH)
    # Widths and lengths beyond the corpus mean the same as its length.
    before, after = (min(width, steps) for width in query.constraints)
    shortest = min(shortest, steps + 1)

    def find(start: int) -> kernels.Found:
        check()
        stop = min(start + span, steps)
        return kernels.find_in_span(
            rows, edges, before, after, shortest, longest, shown_from, shown_to, query.limit, start, stop, block
        )

    return in_threads(find, range(0, max(steps, 1), span))


def _rank(
    activity: Activity,
    query: Query,
    edges: Positions,
    first: Positions,
    last: Positions,
    selected: Positions,
    check: Check,
) -> list[Match]:
    """The best `limit` of these matches, in order."""
    following = np.searchsorted(edges, first, side="right")
    left = np.maximum(first - query.constraints[0], edges[following - 1])  # first step of the left constraint
    right = np.minimum(last + query.constraints[1], edges[following] - 1)  # last step of the right one
    ranges = np.stack([first, last, left, right])
    # Only among the matches that are level in |Q| with the worst may some not be wanted.
    least = int(selected.min(initial=len(query.cells)))
    level = selected == least
    wanted = query.limit - int(np.count_nonzero(~level))
    kept = np.ones(len(first), np.bool_)
    fitting = np.empty(len(first), np.int64)
    fitting[~level] = activity.count_fitting(ranges[:, ~level], check)
    fitting[level], kept[level] = _fewest(activity, ranges[:, level], least, wanted, check)
    first, last, selected, fitting = first[kept], last[kept], selected[kept], fitting[kept]
    union, length = fitting + len(query.cells) - selected, last - first + 1
    order = np.lexsort((first, -length, union, -selected))[: query.limit]
    return [
        Match(int(first[i]), int(length[i]), int(selected[i]), int(union[i]), len(query.cells)) for i in order.tolist()
    ]


def _fewest(
    activity: Activity, ranges: Positions, least: int, wanted: int, check: Check
) -> tuple[Positions, NDArray[np.bool_]]:
    """How many cells fit each of `ranges` (4 x ranges, by position), `least` or more; and which of these counts are
    exact: those of all ranges that can be among the `wanted` that rank best. The other counts are of no use."""
    number = ranges.shape[1]
    wanted = min(wanted, number)
    if not wanted:
        return np.zeros(number, np.int64), np.zeros(number, np.bool_)
    order = np.argsort(
        ranges[0] - ranges[1], kind="stable"
    )  # of ranges that fit as many cells: the longer, the earlier
    lower, upper = np.zeros((2, number), np.int64)
    looked, fewest = 0, 0
    # Once as many as are wanted are known to fit no more than the least, none of the shorter can rank better.
    while looked < number and fewest < wanted:
        part = np.sort(order[looked : max(2 * looked, LOOKED_AT_FIRST)])
        lower[part], upper[part] = activity.bound_fitting(ranges[:, part], check)
        fewest += int(np.count_nonzero(upper[part] == least))
        looked += len(part)
    ties = np.empty(number, np.int64)
    ties[order] = np.arange(number)
    lower[order[looked:]] = upper[order[looked:]] = np.iinfo(np.int64).max // number - 1  # worse than all others
    while True:
        best, worst = lower * number + ties, upper * number + ties
        enough = np.partition(worst, wanted - 1)[wanted - 1]  # as many as are wanted rank no worse than this
        unsure = np.flatnonzero((lower < upper) & (best <= enough))
        if not len(unsure):
            return lower, best <= enough
        if len(unsure) > COUNTED_TOGETHER:  # counting those first that promise the most makes many others needless
            unsure = unsure[np.sort(np.argpartition(best[unsure], COUNTED_TOGETHER)[:COUNTED_TOGETHER])]
        lower[unsure] = upper[unsure] = activity.count_fitting(ranges[:, unsure], check)


def warm_up() -> None:
    """Compile the loops, where they are not on disk yet: ten seconds that the first match need not wait for."""
    states = np.zeros((1, 1), np.float32)
    kernels.encode(states, np.float32(0), np.float32(1))
    edges = np.array([0, 1])
    kernels.find_in_span(np.ones((1, 1), np.uint64), edges, 1, 0, 1, 1, 1, 1, 1, 0, 1, LEAST_BLOCK)
    zero = np.zeros(1, np.int64)
    if hasattr(os, "pread"):
        kernels.bound_fitting(-1, 0, 1, 1, 1, False, zero, zero, zero, zero, zero.copy(), zero.copy())
    kernels.count_fitting(states, np.float32(0), np.float32(0), False, zero, zero, zero, zero, zero.copy())
