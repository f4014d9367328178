"""Where every token of a corpus stands: the positions of each, 4 bytes a position up to four billion of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Ids as far apart as this many tables of the corpus' length are looked up in a table; others are searched for.
DENSE = 4
# From one position in so many on, marking them is quicker than sorting them.
SORTED_SHARE = 16


class Postings:
    """The positions of tokens by row: the tokens that occur, numbered in the order of their ids."""

    def __init__(self, ids: NDArray[np.int64]) -> None:
        """`ids` (T,), of any size and sign."""
        self.steps = len(ids)
        low, high = (int(ids.min()), int(ids.max())) if self.steps else (0, 0)
        self._low = low
        self._table: NDArray[Any] | None = None  # row by id - low
        if high - low < DENSE * self.steps:
            occurs = np.bincount(ids - low, minlength=1) > 0
            self.ids = np.flatnonzero(occurs) + low  # (rows,)
            self._table = (np.cumsum(occurs) - 1).astype(np.min_scalar_type(len(self.ids)))
        else:
            self.ids = np.unique(ids)
        rows = self.rows(ids)
        self.counts = np.bincount(rows, minlength=len(self.ids))  # (rows,)
        self._ends = np.cumsum(self.counts)
        self._order = np.argsort(rows, kind="stable").astype(np.min_scalar_type(self.steps))  # (T,)

    def rows(self, ids: NDArray[np.int64]) -> NDArray[Any]:
        """The row of each of some ids that occur."""
        if self._table is not None:
            return np.asarray(self._table[ids - self._low])
        return np.searchsorted(self.ids, ids).astype(np.min_scalar_type(len(self.ids)))

    def positions(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Where any of these tokens stands, ascending. Do not write into the result."""
        pieces = [self._order[self._ends[row] - self.counts[row] : self._ends[row]] for row in rows]
        if len(pieces) == 1:
            return pieces[0]
        if not pieces:
            return self._order[:0]
        found = np.concatenate(pieces)
        if len(found) * SORTED_SHARE < self.steps:
            return np.sort(found)
        marked = np.zeros(self.steps, np.bool_)
        marked[found] = True
        return np.flatnonzero(marked).astype(self._order.dtype)
