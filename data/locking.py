"""One writer at a time.

A lock is a file that its holder has locked: the lock of a process that was killed is gone with it, whatever is left of
the file. Who lets go of a lock removes the file; who gets one makes sure that it is still the file of that name.
"""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lstmvis.data.errors import ProjectError
from lstmvis.data.interrupts import raise_interrupt

LOCK_NAME = ".lstmvis.lock"
STEP = 0.05  # seconds between two attempts
NO_LINK = getattr(os, "O_NOFOLLOW", 0)  # in a project of somebody else, a link may name any file
NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL)  # says a file system that has none


@contextmanager
def writing(directory: Path, patience: float = 0.0) -> Iterator[bool]:
    """While this lasts, no other process that asks in the same way writes to what is in `directory`.

    patience: seconds to wait for another one to finish.
    Says whether that is sure: some systems have no locks. Raises ProjectError where another process does not finish.
    """
    with _holding(directory / LOCK_NAME, directory, patience) as alone:
        yield alone


@contextmanager
def making(path: Path) -> Iterator[bool]:
    """While this lasts, no other process that asks in the same way makes `path`, or puts another in its place.

    Says whether that is sure, as above. Raises ProjectError where another process does it already.
    """
    with _holding(path.with_name(f".{path.name}.lock"), path, 0.0) as alone:
        yield alone


@contextmanager
def _holding(lock: Path, what: Path, patience: float) -> Iterator[bool]:
    waited = 0.0
    while (taken := _take(lock, what)) is None:
        if waited >= patience:
            raise ProjectError(f"{what} is being written by another process.", "Wait until it is done.")
        time.sleep(STEP)
        raise_interrupt()
        waited += STEP
    descriptor, alone = taken
    try:
        yield alone
    finally:
        if _is(descriptor, lock):
            with suppress(OSError):
                lock.unlink()
        os.close(descriptor)


def _take(lock: Path, what: Path) -> tuple[int, bool] | None:
    """The descriptor of the lock, and whether it locks anything; None where another process has it."""
    while True:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | NO_LINK, 0o666)
        except OSError as error:
            raise ProjectError(f"{what} cannot be written: {error.strerror} ({error.filename}).") from error
        locked = _locked(descriptor)
        if locked is None or (locked and _is(descriptor, lock)):
            return descriptor, bool(locked)
        os.close(descriptor)
        if not locked:
            return None


def _locked(descriptor: int) -> bool | None:
    """Whether the file is locked now by this process; None where files cannot be locked."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in NO_LOCKS:
            return None
        raise
    return True


def _is(descriptor: int, path: Path) -> bool:
    """Whether the file of that name is the one that is open."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
