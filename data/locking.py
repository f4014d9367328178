"""One writer at a time."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lstmvis.data.errors import ProjectError

LOCK_NAME = ".lstmvis.lock"  # stays there: whoever removes a lock may remove that of another
STEP = 0.05  # seconds between two attempts


@contextmanager
def writing(directory: Path, patience: float = 0.0) -> Iterator[None]:
    """While this lasts, no other process that asks in the same way writes to what is in `directory`.

    patience: seconds to wait for another one to finish.
    Raises ProjectError where one does not. The lock of a process that was killed is gone with it.
    """
    try:
        descriptor = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise ProjectError(f"{directory} cannot be written: {error.strerror} ({error.filename}).") from error
    try:
        waited = 0.0
        while not _locked(descriptor):
            if waited >= patience:
                raise ProjectError(f"{directory} is being written by another process.", "Wait until it is done.")
            time.sleep(STEP)
            waited += STEP
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    import fcntl  # which Windows lacks: there, reading and all else works without

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
