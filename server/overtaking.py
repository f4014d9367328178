"""Giving up work that a newer request of the same page has made needless."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lstmvis.server.errors import OvertakenError


class Overtaking:
    """Which request of each page is the newest. Pages with nothing under way take no memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: dict[str, int] = {}
        self._under_way: dict[str, int] = {}

    @contextmanager
    def newest(self, page: str | None) -> Iterator[Callable[[], None]]:
        """Make this the page's newest request; gives a check that raises OvertakenError once it no longer is."""
        if page is None:
            yield lambda: None
            return
        with self._lock:
            mine = self._newest[page] = self._newest.get(page, 0) + 1
            self._under_way[page] = self._under_way.get(page, 0) + 1

        def check() -> None:
            if self._newest[page] != mine:
                raise OvertakenError("A newer match of the same page has overtaken this one.")

        try:
            yield check
        finally:
            with self._lock:
                self._under_way[page] -= 1
                if not self._under_way[page]:
                    del self._under_way[page], self._newest[page]
