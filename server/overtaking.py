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
        """Make this the page's newest request; gives a check that raises OvertakenError once it no longer is.

        A page that is named `name.number` numbers its requests itself, so that two that arrive in the wrong order are
        not mistaken; otherwise the last to arrive is the newest.
        """
        if page is None:
            yield lambda: None
            return
        name, _, digits = page.rpartition(".")
        numbered = bool(name) and digits.isdecimal()
        name = name if numbered else page
        with self._lock:
            mine = int(digits) if numbered else self._newest.get(name, 0) + 1
            self._newest[name] = max(mine, self._newest.get(name, mine))
            self._under_way[name] = self._under_way.get(name, 0) + 1

        def check() -> None:
            if self._newest[name] != mine:
                raise OvertakenError("A newer match of the same page has overtaken this one.")

        try:
            check()
            yield check
        finally:
            with self._lock:
                self._under_way[name] -= 1
                if not self._under_way[name]:
                    del self._under_way[name], self._newest[name]
