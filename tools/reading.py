"""Arrays and lines from the files that a command names."""

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from lstmvis.data.arrays import MOST_LABELS
from lstmvis.data.errors import LstmvisError
from lstmvis.data.matrix import dataset_paths, list_datasets, open_hdf5

HDF5 = (".h5", ".hdf5")
ARRAYS = (".npy", ".npz", *HDF5)
SPLITS = ("words", "lines", "characters")
TOGETHER = 1 << 16  # lines that are read at a time


def open_array(reference: str, opened: ExitStack) -> Any:
    """An array that can be sliced: mapped from .npy, read from HDF5 as it is used, whole from .npz."""
    file, _, path = reference.partition("::")
    kind = Path(file).suffix
    if kind not in ARRAYS:
        raise LstmvisError(f"{file} must be an array here; its name must end in {', '.join(ARRAYS)}.")
    if kind in HDF5:
        return _open_dataset(opened.enter_context(open_hdf5(Path(file))), path)
    try:
        found = np.load(file, mmap_mode="r" if kind == ".npy" else None)
        is_archive = isinstance(found, np.lib.npyio.NpzFile)
        members = opened.enter_context(found) if is_archive else {}
        if is_archive != (kind == ".npz"):
            held = "several arrays, or what PyTorch saves" if is_archive else "one array alone"
            writer = "numpy.savez" if kind == ".npz" else "numpy.save"
            raise LstmvisError(f"{file} holds {held}, as its name does not say. Write {kind} files with {writer}.")
        if not is_archive:
            return found
        names = list(members)
        if path not in names and (path or len(names) != 1):
            raise LstmvisError(_choice(file, path, ", ".join(map(repr, names)) or "no data"))
        return members[path or names[0]]
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise LstmvisError(f"{file} cannot be read as an array of numbers or strings: {error}") from error


def _open_dataset(file: h5py.File, path: str) -> Any:
    only = dataset_paths(file, 2)
    found = file.get(path) if path else file[only[0]] if len(only) == 1 else None
    if not isinstance(found, h5py.Dataset):
        raise LstmvisError(_choice(file.filename, path, list_datasets(file)))
    return found.asstr()[()] if h5py.check_string_dtype(found.dtype) else found


def _choice(file: str, path: str, there: str) -> str:
    wanted = f"There is no {path!r} in {file}" if path else f"{file} does not hold one array alone"
    return f"{wanted}; it holds {there}. Name one of them: {file}::NAME."


def is_array(reference: str) -> bool:
    return Path(reference.partition("::")[0]).suffix in ARRAYS


def read_tokens(path: Path, split: str) -> Iterator[list[str]]:
    """The tokens of a text, in pieces."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            while lines := list(islice(file, TOGETHER)):
                if split == "lines":
                    yield [line.rstrip("\r\n") for line in lines]
                else:
                    yield [token for line in lines for token in (line.split() if split == "words" else line)]
    except UnicodeDecodeError as error:
        raise LstmvisError(f"{path} is not text in UTF-8: {error}.") from error


def read_lines(path: Path) -> list[str]:
    return [line.strip() for piece in read_tokens(path, "lines") for line in piece]


def read_values(reference: str, opened: ExitStack) -> Any:
    """An array, or the lines of a text: as numbers where all of them are.

    Raises LstmvisError where nearly all are, too many different ones to be labels: the others are slips.
    """
    if is_array(reference):
        return open_array(reference, opened)
    lines = read_lines(Path(reference))
    for number in (int, float):
        try:
            return np.array([number(line) for line in lines])
        except (ValueError, OverflowError):
            continue
    others = [place for place, line in enumerate(lines) if not _is_number(line)]
    if 10 * len(others) < len(lines) and len({*lines}) > MOST_LABELS:
        first, numbers = others[0], len(lines) - len(others)
        raise LstmvisError(
            f"{reference}, line {first + 1}: {lines[first]!r:.60} is no number, as {numbers:,} of the {len(lines):,} "
            "lines are. Write nan where there is none."
        )
    return lines


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
