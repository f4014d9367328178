"""Rows that lie one after the other in a file, read when they are asked for.

They are not mapped into memory. Who looks at a map of a file that somebody cuts off, or whose disk fails, is ended by
the system (SIGBUS): a server, with all the projects that it serves. What is read is an error then, and hardly slower.
"""

import math
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary, finalize

import numpy as np
from numpy.typing import NDArray

NEAR_BYTES = 4096  # what is as near to each other as this is sooner read in one go
Read = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[Any]]


class StoredRows:
    """An array of a file, from byte `offset` on, row after row. Threads read it at the same time.

    Raises OSError where the file cannot be opened or read, and EOFError where it ends too early, also if it has become
    shorter since.
    """

    def __init__(self, path: Path, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.file = _open(path)
        self.offset = offset
        self.shape = shape
        self.dtype = dtype
        self.row_bytes = math.prod(shape[1:]) * dtype.itemsize
        if self.file.status.st_size < offset + shape[0] * self.row_bytes:
            raise EOFError

    def read(self, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[Any]:
        """The rows of some stretches (n,) of them, each within the array, one after the other."""
        found = np.empty((int((stops - starts).sum()), *self.shape[1:]), self.dtype)
        self._fill(found, (stops - starts) * self.row_bytes, self.offset + starts * self.row_bytes)
        return found

    def gather(self, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """As the function of that name does."""
        return gather(self.read, starts, stops, NEAR_BYTES // max(1, self.row_bytes))

    def values(self, indices: NDArray[np.int64], column: int) -> NDArray[Any]:
        """One column's values (n,) in the rows `indices`."""
        size = self.dtype.itemsize
        found = np.empty(len(indices), self.dtype)
        places = self.offset + indices * self.row_bytes + column * size
        self._fill(found, np.full(len(found), size), places)
        return found

    def _fill(self, into: NDArray[Any], sizes: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        """Fill an array with as many bytes from each place of the file as `sizes` says."""
        if into.nbytes:
            self.file.read(sizes, places, into.reshape(-1).view(np.uint8))


def gather(
    read: Read, starts: NDArray[np.int64], stops: NDArray[np.int64], near: int
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The rows of ranges starts..stops (n,), stops excluded, the starts ascending; and where in them each range begins.

    What ranges share is read once, and what lies between two of them read as well where that is no more than `near`
    rows. `read` gives the rows of stretches, one after the other.
    """
    if not len(starts):
        return read(starts, stops), starts
    reached = np.maximum.accumulate(stops)
    following = np.flatnonzero(starts[1:] - reached[:-1] > near) + 1  # ranges with which another stretch begins
    first, last = starts[np.append(0, following)], reached[np.append(following, len(starts)) - 1]
    begins = np.cumsum(last - first) - (last - first)
    stretch = np.searchsorted(first, starts, side="right") - 1
    return read(first, last), starts + (begins - first)[stretch]


class _File:
    """A file that is open for as long as somebody reads it."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        finalize(self, os.close, self.descriptor)
        self._lock = threading.Lock()

    @property
    def status(self) -> os.stat_result:
        return os.fstat(self.descriptor)

    def read(self, sizes: NDArray[np.int64], places: NDArray[np.int64], room: NDArray[np.uint8]) -> None:
        begin = 0
        for size, place in zip(sizes.tolist(), places.tolist(), strict=True):
            self._read_whole(room.data[begin : begin + size], place)
            begin += size

    def _read_whole(self, room: memoryview, place: int) -> None:
        while room:
            if not (count := self._read_some(room, place)):
                raise EOFError
            room, place = room[count:], place + count

    def _read_some(self, room: memoryview, place: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self.descriptor, [room], place)
        with self._lock:  # Windows: one at a time
            os.lseek(self.descriptor, place, os.SEEK_SET)
            found = os.read(self.descriptor, len(room))
        room[: len(found)] = found
        return len(found)


_files: WeakValueDictionary[tuple[int, int], _File] = WeakValueDictionary()


def _open(path: Path) -> _File:
    """All arrays of a file share one descriptor: a process may have only so many."""
    opened = _File(path)
    return _files.setdefault((opened.status.st_dev, opened.status.st_ino), opened)


def allow_many_files() -> None:
    """Let this process have as many files open as the system lets it, which at first are often 1,024."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
