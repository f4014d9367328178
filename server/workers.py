"""Several processes that answer at one address, and the one that started them and looks after them.

They share the socket that they listen at: whichever is free takes who connects next. They know of each other's matches
(`overtaking.py`), and one of them builds an index that all want (`index.py`). The cookie of a visitor who has shown the
token is the same for all (`access.py`). What a process may do at a time it may do beside the others.

    python -P -m lstmvis.server.workers

is one of them. It reads what to do from its standard input, and serves until that ends: so it stops when it is told to,
and also when the process that started it is gone, however that went.
"""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lstmvis.server.access import Access
from lstmvis.server.overtaking import Overtaking, write_shared
from lstmvis.server.running import Duty, end_at_once, serve_until_stopped, set_up_log

LOOK_S = 0.1  # between two looks at them
PAUSE_S = 1.0  # between two that have one place: what ends each of them at once must not fill the log
ENDING_S = 15.0  # for a worker that was told to stop: it finishes what is under way

log = logging.getLogger(__name__)


class _Worker:
    """A process, as the one sees it that started it. It inherits the files, whose descriptors it is told."""

    def __init__(self, duty: Duty, listening: int, shared: int, row: int) -> None:
        command = [sys.executable, "-P", "-m", __name__]
        # In a group of its own: Ctrl-C in a terminal is for the process that looks after it.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(listening, shared), process_group=0)
        self._started = time.monotonic()
        with suppress(OSError):  # it has ended: that will be seen
            assert self._process.stdin
            orders = {"duty": _told(duty), "listening": listening, "shared": shared, "row": row}
            self._process.stdin.write(json.dumps(orders).encode() + b"\n")
            self._process.stdin.flush()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def is_young(self) -> bool:
        return time.monotonic() < self._started + PAUSE_S

    def __str__(self) -> str:
        return f"process {self._process.pid} (status {self._process.returncode})"

    def stop(self) -> None:
        assert self._process.stdin
        with suppress(OSError):
            self._process.stdin.close()

    def end(self) -> None:
        """At once, where it has not ended."""
        self.stop()
        self._process.kill()
        self._process.wait()


def serve_by_many(listening: socket.socket, duty: Duty, workers: int) -> None:
    """Answer who connects to `listening` by so many processes, one of which takes the place of each that ends, until
    Ctrl-C or SIGTERM. Then all finish what is under way. The second time, all end at once, this one too."""
    set_up_log(duty)
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: asked.append(number))

    def start(row: int) -> _Worker:
        return _Worker(duty, listening.fileno(), shared.fileno(), row)

    running: list[_Worker] = []
    with tempfile.TemporaryFile() as shared:
        write_shared(shared, workers)
        try:
            for row in range(workers):
                running.append(start(row))
            while not asked:
                for row, worker in enumerate(running):
                    if worker.ended and not worker.is_young:
                        log.warning("Of the processes that answer one has ended: %s. Another takes its place.", worker)
                        running[row] = start(row)
                time.sleep(LOOK_S)
            listening.close()
            for worker in running:
                worker.stop()
            deadline = time.monotonic() + ENDING_S
            while len(asked) == 1 and time.monotonic() < deadline and not all(worker.ended for worker in running):
                time.sleep(LOOK_S)
        finally:
            for worker in running:
                worker.end()
    if len(asked) > 1:
        end_at_once(asked[1])


def main() -> None:
    orders = json.loads(sys.stdin.readline())
    threading.Thread(target=_stop_when_told, name="listening to orders", daemon=True).start()
    overtaking = Overtaking(os.fdopen(orders["shared"], "r+b"), orders["row"])
    serve_until_stopped(socket.socket(fileno=orders["listening"]), _understood(orders["duty"]), overtaking)


def _told(duty: Duty) -> dict[str, Any]:
    """The duty as JSON can hold it."""
    access = {**asdict(duty.access), "hosts": sorted(duty.access.hosts)}
    return {**asdict(duty), "directory": str(duty.directory), "access": access}


def _understood(told: dict[str, Any]) -> Duty:
    access = Access(**{**told["access"], "hosts": frozenset(told["access"]["hosts"])})
    return Duty(**{**told, "directory": Path(told["directory"]), "access": access})


def _stop_when_told() -> None:
    os.read(sys.stdin.fileno(), 1)  # not through `sys.stdin`, which Python could not close meanwhile
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
