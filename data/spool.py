"""Rows kept on disk as they come, and read again in another order: arrays whose length nobody knows beforehand."""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.errors import FullDiskError
from lstmvis.data.full_disk import why_full


class Spool:
    """Appends arrays (n, ...) to a file without a name on `near`'s disk; nothing is left of it, whatever happens."""

    def __init__(self, near: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=near)  # noqa: SIM115 - closed by `close`
        self._like: NDArray[Any] | None = None
        self._rows = 0

    def append(self, rows: NDArray[Any]) -> None:
        """Raises FullDiskError where there is no space."""
        if self._like is None:
            self._like = rows[:0]
        try:
            self._file.write(np.ascontiguousarray(rows, self._like.dtype).data)
            self._file.flush()
        except OSError as error:
            if reason := why_full(error):
                raise FullDiskError("What was recorded", reason) from error
            raise
        self._rows += len(rows)

    def read(self) -> NDArray[Any]:
        """All of it, memory-mapped."""
        assert self._like is not None
        return np.memmap(self._file, self._like.dtype, "r", shape=(self._rows, *self._like.shape[1:]))

    def close(self) -> None:
        with suppress(OSError):  # of what the disk had no space for
            self._file.close()


class Chains:
    """Pieces of rows as they come, each of which may go on with an earlier one: where they lie, chain by chain."""

    def __init__(self) -> None:
        self._lengths: list[int] = []
        self._chains: list[int] = []
        self._count = 0

    def new(self) -> int:
        """A chain that has no piece yet. Chains will lie in the order in which they were begun."""
        self._count += 1
        return self._count - 1

    def append(self, chain: int, length: int) -> None:
        self._lengths.append(length)
        self._chains.append(chain)

    @property
    def rows(self) -> int:
        return sum(self._lengths)

    def starts(self) -> NDArray[np.int64]:
        """Where each chain that has rows will begin."""
        rows = np.bincount(self._chains, self._lengths).astype(np.int64)
        return (np.cumsum(rows) - rows)[rows > 0]

    def arranged(self, rows: NDArray[Any]) -> Any:
        """Rows that came piece by piece, in the order of the chains: an array, or what can be sliced like one."""
        if all(before <= after for before, after in pairwise(self._chains)):
            return rows
        lengths = np.array(self._lengths)
        order = np.argsort(self._chains, kind="stable")
        return Arranged(rows, (np.cumsum(lengths) - lengths)[order], lengths[order])


class Arranged:
    """An array whose pieces, which begin at `starts` (n,) and have `lengths` (n,), are read in this order."""

    def __init__(self, rows: NDArray[Any], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> None:
        self._rows = rows
        self._starts = starts
        self._ends = np.cumsum(lengths)  # in the new order
        self._lengths = lengths
        self.shape = rows.shape
        self.dtype = rows.dtype

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, wanted: slice) -> NDArray[Any]:
        start, stop, _ = wanted.indices(len(self))
        return np.concatenate([self._rows[:0], *self._pieces(start, stop)])

    def _pieces(self, start: int, stop: int) -> Iterator[NDArray[Any]]:
        piece = int(np.searchsorted(self._ends, start, side="right"))
        while start < stop:
            offset = self._starts[piece] + self._lengths[piece] - self._ends[piece]  # from the new place to the old
            end = min(stop, int(self._ends[piece]))
            yield self._rows[start + offset : end + offset]
            start, piece = end, piece + 1
