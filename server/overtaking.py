"""Giving up work that a newer request of the same page has made needless."""

import hashlib
import mmap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np

from lstmvis.server.errors import OvertakenError

MOST_UNDER_WAY = 64  # requests, in a process
ROW_BYTES = MOST_UNDER_WAY * 2 * 8
HIGHEST = 2**63 - 1


class Overtaking:
    """Which request of each page is the newest. Pages with nothing under way take no memory.

    Of several processes each has a row of its own in a `shared` file, which `write_shared` has made: the page's newest
    request may be another's. Each request under way has a place in the row: its page, and the page's newest number.
    """

    def __init__(self, shared: BinaryIO | None = None, row: int = 0) -> None:
        self._lock = threading.Lock()
        self._shared = shared
        memory = mmap.mmap(shared.fileno() if shared else -1, 0 if shared else ROW_BYTES)
        self._table = np.frombuffer(memory, np.int64).reshape(-1, MOST_UNDER_WAY, 2)
        self._row = self._table[row]
        with self._locked():
            self._row[:] = 0  # of a process before this one, which was killed

    @contextmanager
    def newest(self, page: str | None) -> Iterator[Callable[[], None]]:
        """Make this the page's newest request; gives a check that raises OvertakenError once it no longer is.

        A page that is named `name.number` numbers its requests itself, so that two that arrive in the wrong order are
        not mistaken; otherwise the last to arrive is the newest.
        """
        if page is None:
            yield lambda: None
            return
        name, _, digits = page.rpartition(".")
        numbered = bool(name) and digits.isdecimal()
        key = _key(name if numbered else page)
        pages, numbers = self._table[..., 0], self._table[..., 1]
        with self._locked():
            same = pages == key
            before = int(numbers[same].max(initial=0))
            mine = min(int(digits) if numbered else before + 1, HIGHEST)
            numbers[same] = max(mine, before)
            [place] = np.flatnonzero(self._row[:, 0] == 0)[:1]
            self._row[place] = key, max(mine, before)

        def check() -> None:
            if self._row[place, 1] != mine:
                raise OvertakenError("A newer match of the same page has overtaken this one.")

        try:
            check()
            yield check
        finally:
            with self._locked():
                self._row[place] = 0

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else changes the table, neither a thread nor a process. One that is killed locks nobody out."""
        with self._lock:
            if not self._shared:
                yield
                return
            import fcntl  # which Windows lacks; there is one process only

            fcntl.lockf(self._shared, fcntl.LOCK_EX)  # not flock, which a file keeps that processes have in common
            try:
                yield
            finally:
                fcntl.lockf(self._shared, fcntl.LOCK_UN)


def write_shared(file: BinaryIO, processes: int) -> None:
    """Make an empty file the one that so many processes share."""
    file.write(bytes(ROW_BYTES * processes))
    file.flush()


def _key(page: str) -> int:
    """A number that stands for a page; not 0, which a free place has."""
    return int.from_bytes(hashlib.sha256(page.encode()).digest()[:8], "little", signed=True) or 1
