"""What a file looked like when it was opened, so that one can tell whether it has changed since."""

import os
from pathlib import Path
from typing import NamedTuple


class Stamp(NamedTuple):
    size: int
    modified_ns: int
    inode: int


def stamp_of(file: Path | int) -> Stamp | None:
    """The stamp of a path or of an open file's descriptor; None where there is nothing, or nothing that can be seen."""
    try:
        status = os.stat(file)
    except (OSError, ValueError):  # a name may hold what no name can
        return None
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ino)
