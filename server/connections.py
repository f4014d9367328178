"""A connection that does nothing for long is ended: it takes memory and a place, and others need them.

Who asks nothing, or begins to and does not go on, is waited for as long as LOOK_S to twice that; so is who does not
take an answer that is ready, or takes it so slowly that nobody can be waiting for it. While an answer is being made
nobody is hurried.
"""

import asyncio
import logging
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

LOOK_S = 30.0  # between two looks at a connection
LEAST_TAKEN = 300_000  # bytes of a waiting answer that a reader takes between them

log = logging.getLogger(__name__)


class Connection(H11Protocol):
    """One of uvicorn's, which by itself waits for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._idle_after: RequestResponseCycle | bool | None = False  # at the last look; False: it was not idle
        self._unsent = 0
        self._was_full = False  # since the last look, without a break
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        self._looking.cancel()
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        self._was_full = False
        super().resume_writing()

    def _look_later(self) -> None:
        self._looking: Any = self.loop.call_later(LOOK_S, self._look)

    def _look(self) -> None:
        unsent = self.transport.get_write_buffer_size()
        is_taken = unsent == 0 or unsent <= self._unsent - LEAST_TAKEN
        is_idle = self.cycle is None or self.cycle.response_complete
        if is_idle and self._idle_after is self.cycle and not (unsent and is_taken):
            self.transport.abort()
        elif self._was_full and not is_taken:
            seconds = f"{LOOK_S:.0f} s"
            log.warning("Given up: an answer of which its reader took less than %d bytes in %s.", LEAST_TAKEN, seconds)
            self.transport.abort()
        else:
            self._idle_after = self.cycle if is_idle else False
            self._unsent, self._was_full = unsent, self.flow.write_paused
            self._look_later()
