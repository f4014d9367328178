"""Selecting: the cells that are on over a range of positions and off around it."""

import numpy as np
from numpy.typing import NDArray

from lstmvis.server.activity import Activity, Constraints


def sequence_bounds(starts: NDArray[np.int64], position: int, steps: int) -> tuple[int, int]:
    """First position of the sequence that `position` lies in, and the first after it. No starts: one sequence."""
    following = int(np.searchsorted(starts, position, side="right"))
    first = int(starts[following - 1]) if following else 0
    return first, min(int(starts[following]), steps) if following < len(starts) else steps


def select_cells(
    activity: Activity, first: int, last: int, constraints: Constraints, sequence_starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """P(first, last): the ids, ascending, of the cells on at all of first..last and off at the constraints' steps.

    `first` and `last` are positions of the corpus, both included. Steps outside the sequence that `first` lies in
    count as off: at the edge of a sequence a constraint is fulfilled, and a range that crosses one fits no cell.
    """
    low, high = sequence_bounds(sequence_starts, first, activity.steps)
    if last >= high:
        return np.zeros(0, np.int64)
    left, right = max(low, first - constraints[0]), min(high - 1, last + constraints[1])
    return np.flatnonzero(activity.fits(first, last, left, right))
