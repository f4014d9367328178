"""The threads that share the compiled loops' work: as many as there are processors."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from lstmvis.server.errors import TooManyError

T = TypeVar("T")
R = TypeVar("R")

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_threads = ThreadPoolExecutor(CORES, thread_name_prefix="matching")


def in_threads(work: Callable[[T], R], pieces: Iterable[T]) -> list[R]:
    """The results of `work` on each piece, in order. The first error ends it: no later piece is begun."""
    futures = [_threads.submit(work, piece) for piece in pieces]
    try:
        return [future.result() for future in futures]
    finally:
        for future in futures:
            future.cancel()


class Turns:
    """A few pieces of heavy work at a time: more would not end sooner, and each takes memory."""

    WAIT_S = 0.05  # between two looks whether the work is still wanted

    def __init__(self, at_a_time: int, waiting: int) -> None:
        self._lock = threading.Lock()
        self._free = at_a_time
        self._line: deque[threading.Event] = deque()  # of those who wait, first come first served
        self._places = threading.Semaphore(at_a_time + waiting)

    @contextmanager
    def taken(
        self,
        check: Callable[[], None] = lambda: None,
        when_done: Callable[[Callable[[], None]], None] | None = None,
    ) -> Iterator[None]:
        """Wait for a turn, first come first served, and hold it; `check` is called while waiting, and what it raises
        ends that.

        Each who waits or works has a place. `when_done`, where given, is handed what gives the place up, for when the
        results of the work take no memory any more; else that is the end of the turn. Raises TooManyError where no
        place is free: others would be kept from what takes no turn.
        """
        if not self._places.acquire(blocking=False):
            raise TooManyError
        if when_done:
            when_done(self._places.release)
        try:
            self._wait(check)
            try:
                yield
            finally:
                with self._lock:
                    self._hand_on()
        finally:
            if not when_done:
                self._places.release()

    def _wait(self, check: Callable[[], None]) -> None:
        mine = threading.Event()
        with self._lock:
            if self._free:
                self._free -= 1
                return
            self._line.append(mine)
        try:
            while not mine.wait(self.WAIT_S):
                check()
        except BaseException:
            with self._lock:
                if mine.is_set():
                    self._hand_on()
                else:
                    self._line.remove(mine)
            raise

    def _hand_on(self) -> None:
        if self._line:
            self._line.popleft().set()
        else:
            self._free += 1
