"""A process that serves until it is told to stop, by Ctrl-C or SIGTERM. Then it finishes what is under way."""

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from lstmvis.server.access import Access
from lstmvis.server.connections import Connection
from lstmvis.server.journal import Journal

with warnings.catch_warnings():  # connexion brings its test client along, which is not for whoever serves
    warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
    from lstmvis.server.app import create_app, known_parameters
from lstmvis.server.handlers import Service
from lstmvis.server.matching import warm_up
from lstmvis.server.overtaking import Overtaking

FINISHING_S = 8.0  # for what is under way when the server is told to stop; `docker stop` kills after 10
LONGEST_REQUEST = 1 << 19  # bytes of an address and headers; half of it for the address, see trimming.py
M_MMAP_THRESHOLD = -3  # from glibc's malloc.h
LARGE_BLOCK = 4 << 20  # bytes


@dataclass(frozen=True)
class Duty:
    """What is served, to whom, and what is written down."""

    directory: Path
    access: Access
    every_request: bool
    """Whether each request has a line in the log; else only those in which something went wrong."""
    is_shared: bool = False
    """Whether other processes do the same: then lines in the log say which wrote them."""


def serve_until_stopped(listening: socket.socket, duty: Duty, overtaking: Overtaking | None = None) -> None:
    """Answer who connects to `listening`. Returns when the process was told to stop, and has nothing left to do."""
    set_up_log(duty)
    _give_large_blocks_back()
    _allow_many_connections()
    threading.Thread(target=warm_up, name="warming up", daemon=True).start()
    with until_stopped() as check:
        app = create_app(duty.directory, duty.access, overtaking)
        config = uvicorn.Config(
            Journal(app, known_parameters()),
            http=Connection,  # by h11, which, unlike httptools, has a limit
            ws="none",
            log_config=None,
            log_level="warning",
            timeout_graceful_shutdown=round(FINISHING_S + 1),
            h11_max_incomplete_event_size=LONGEST_REQUEST,
        )
        server = _Server(config, ends_when_told_twice=not duty.is_shared)
        try:
            check()
            server.run(sockets=[listening])
        finally:
            app.app.config[Service.KEY].library.indexer.stop()
            if server.has_given_up:  # Python would wait for the threads that make answers for nobody
                logging.shutdown()
                sys.stdout.flush()
                os._exit(0)


@contextmanager
def until_stopped() -> Iterator[Callable[[], None]]:
    """Ctrl-C and SIGTERM end what is in here, with KeyboardInterrupt, and the program goes on behind it.

    Python loses it in a destructor; what this gives raises it again.
    """
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    def check() -> None:
        if asked:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield check
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ends_when_told_twice: bool) -> None:
        super().__init__(config)
        self.has_given_up = False
        """Whether something was still under way when its time was over."""
        self._ends_when_told_twice = ends_when_told_twice

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Whoever has not read his answer in time is let go: it would be told as a fault of the program."""
        letting_go = asyncio.get_running_loop().call_later(FINISHING_S, self._let_go)
        await super().shutdown(sockets)
        letting_go.cancel()

    def _let_go(self) -> None:
        self.has_given_up = True
        for connection in list(self.server_state.connections):
            assert isinstance(connection, Connection)
            connection.transport.abort()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit and self._ends_when_told_twice:
            end_at_once(sig)
        super().handle_exit(sig, frame)


def end_at_once(number: int) -> None:
    """By a signal, as a program ends that knows none."""
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def set_up_log(duty: Duty) -> None:
    process = "[%(process)d] " if duty.is_shared else ""
    logging.basicConfig(format=f"%(asctime)s {process}%(message)s", datefmt="%Y-%m-%d %H:%M:%S")
    logging.getLogger("connexion").setLevel(logging.CRITICAL)  # it calls a parameter of another operation an error
    logging.getLogger(Journal.__module__).setLevel(logging.INFO if duty.every_request else logging.WARNING)


def _give_large_blocks_back() -> None:
    """Let the C library return large freed blocks to the system, which it otherwise learns to keep: with matches over
    2,560,000,000 states the server then holds 170 MB rather than 370."""
    with contextlib.suppress(AttributeError, OSError, TypeError):  # a C library other than glibc
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)


def _allow_many_connections() -> None:
    """As many as the system allows a process: where it has no more, it can't open a project's files either."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows; macOS has a number that it refuses itself
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
