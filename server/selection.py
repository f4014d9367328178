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
    fits = np.ones(activity.cells, np.bool_)
    for start in range(first, last + 1, activity.block_steps):
        fits &= activity.rows(start, min(start + activity.block_steps, last + 1)).all(axis=0)
    for start, stop in ((max(low, first - constraints[0]), first), (last + 1, min(high, last + 1 + constraints[1]))):
        for block in range(start, stop, activity.block_steps):
            fits &= ~activity.rows(block, min(block + activity.block_steps, stop)).any(axis=0)
    return np.flatnonzero(fits)
