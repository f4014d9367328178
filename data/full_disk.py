"""A disk that is full, a quota that is used up, a file that may not become larger: what is told, and what is closed.

HDF5 takes down the process where a file of which it could not write a part is closed a second time, as happens on the
way out; so what cannot be written is closed without being written.
"""

import errno
import os
import re

import h5py

FULL = {number: os.strerror(number) for number in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)}


def why_full(error: BaseException | None) -> str:
    """Why something could not be written, in the system's words, where that was for want of space; else nothing."""
    while error is not None:
        number = error.errno if isinstance(error, OSError) else None
        if number is None and (told := re.search(r"errno = (\d+), error message", str(error))):
            number = int(told[1])  # as HDF5 has it in errors of other kinds
        if number in FULL:
            return FULL[number]
        error = error.__cause__ or error.__context__
    return ""


def close_written(file: h5py.File) -> Exception | None:
    """Close an HDF5 file, and say what kept it from being written, if something did; it is of no use then."""
    unwritten = None
    try:
        file.flush()
    except (OSError, RuntimeError) as error:
        unwritten = error
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, file.id.get_vfd_handle())
        os.close(nowhere)
    try:
        file.close()
    except (OSError, RuntimeError) as error:
        unwritten = unwritten or error
    return unwritten
