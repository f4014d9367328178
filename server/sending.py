"""Large answers are made one or two at a time, and few of them wait to be read.

An answer in JSON takes about five times its size while it is made, and then its size until its reader has taken the
last byte, however slowly. What is small goes through at once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import request
from starlette.types import ASGIApp, Receive, Scope, Send

from lstmvis.server.threads import Turns

LARGE = 500_000  # bytes; an answer that is as small takes no turn
BYTES_OF_A_VALUE = 10  # in JSON
MADE_AT_A_TIME = 2
WAITING = 8  # to be made, or to be read to their end
_WHEN_SENT = "lstmvis.when_sent"


class LargeAnswers:
    """The room that large answers share."""

    def __init__(self) -> None:
        self._turns = Turns(MADE_AT_A_TIME, WAITING)

    @contextmanager
    def room(self, size: int) -> Iterator[None]:
        """Where an answer of `size` bytes is made. It takes room until it is sent, or its reader is gone. Raises
        TooManyError where there is none."""
        if size <= LARGE:
            yield
            return
        with self._turns.taken(when_done=_when_sent):
            yield


class Sending:
    """ASGI middleware around whatever uses `LargeAnswers`: it knows when an answer has been sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        when_sent: list[Callable[[], None]] = []
        try:
            await self._app({**scope, _WHEN_SENT: when_sent}, receive, send)
        finally:
            for call in when_sent:
                call()


def _when_sent(call: Callable[[], None]) -> None:
    """Call when the answer to the request that this thread handles has been sent."""
    request.environ["asgi.scope"][_WHEN_SENT].append(call)
