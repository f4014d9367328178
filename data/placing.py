"""Put what was made under a temporary name in its place, in one step.

Who looks for it, at any moment and after a crash, finds what was there before or what is there now, and all of it.
"""

import ctypes
import errno
import os
import re
import shutil
import tempfile
from pathlib import Path

from lstmvis.data.interrupts import raise_interrupt

AT_FDCWD = -100  # from fcntl.h of Linux
RENAME_EXCHANGE = 2  # from linux/fs.h
NOT_HERE = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM)  # says a system that cannot exchange


def make_part(place: Path) -> Path:
    """A new directory beside `place`, hidden from who looks for projects, in which what goes there is made."""
    return Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".part", dir=place.parent))


def remove_parts(place: Path) -> None:
    """Take away what a writer of `place` that was killed has left; for who knows that there is no other one.

    An older directory that was killed on its way to be replaced comes back.
    """
    older = _aside(place)
    if older.exists() and not place.exists():
        os.rename(older, place)
    part = re.compile(re.escape(f".{place.name}.") + r"[a-z0-9_]{8}\.part")
    for left in place.parent.iterdir():
        if left == older or part.fullmatch(left.name):
            shutil.rmtree(left, ignore_errors=True)


def put_directory(part: Path, place: Path) -> None:
    """Put a directory where there is none, or one that is empty, or in the place of an older one, which is removed.

    Raises OSError where that cannot be done; then all is as it was.
    """
    sync_all(part)
    if not place.exists() or not any(place.iterdir()):
        if place.exists():
            place.rmdir()  # not every system does it by renaming
        os.rename(part, place)
    elif exchange(part, place):
        shutil.rmtree(part, ignore_errors=True)
    else:
        older = _aside(place)
        os.rename(place, older)
        try:
            os.rename(part, place)
        except OSError:
            os.rename(older, place)
            raise
        shutil.rmtree(older, ignore_errors=True)
    sync(place.parent)


def _aside(place: Path) -> Path:
    return place.with_name(f".{place.name}.older.part")


def exchange(one: Path, other: Path) -> bool:
    """Let two files or directories change their names in one step. False where the system cannot; then none has.

    Raises OSError where it fails otherwise.
    """
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # another system than Linux, or a C library without it
        return False
    if rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in NOT_HERE:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))


def sync_all(directory: Path) -> None:
    """Wait until a directory and all that is in it is on the disk."""
    for path, _, files in os.walk(directory):
        for file in files:
            sync(Path(path, file))
            raise_interrupt()
        sync(Path(path))


def sync(path: Path) -> None:
    """Wait until a file, or which names a directory holds, is on the disk."""
    if os.name == "nt" and path.is_dir():  # where directories cannot be opened
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
