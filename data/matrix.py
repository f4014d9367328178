"""Arrays in HDF5 files, read in slices of their first axis, whatever way they are laid out."""

import math
import os
import re
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from lstmvis.data.errors import ProjectError
from lstmvis.data.stamps import stamp_of

WRITE_AGAIN = "Copy it again from where it came from, or let what wrote it write it again, to its end."
MOST_NAMES = 1000  # of which the one that was meant is looked for
NEAR = 64  # entries that lie as near to each other as this are read in one go


class Matrix:
    """A numeric HDF5 dataset of one or two axes, time first.

    Contiguous, uncompressed data are memory-mapped: slices cost no copy, threads read them at the same time, and the
    file is not kept open in HDF5, whose lock would stop its writers. All other layouts go through h5py, which
    serialises its readers, and keep their file open.
    """

    def __init__(self, dataset: h5py.Dataset, name: str) -> None:
        """Raises ProjectError where the dataset is not numeric or has not one or two axes.

        Also where its values come from other files, which the project does not name and which may lie anywhere.
        """
        if elsewhere := "external storage" if dataset.external else "a virtual dataset" if dataset.is_virtual else "":
            raise ProjectError(f"{name} must hold its values itself; as {elsewhere} it takes them from elsewhere.")
        if dataset.ndim not in (1, 2) or dataset.dtype.kind not in "fiub":
            raise ProjectError(
                f"{name} must be an array of numbers with one or two axes; it is {dataset.dtype} {dataset.shape}.",
                "Text becomes ids, with a dictionary that says what they stand for; states become steps x cells.",
            )
        self.name = name
        self.file = Path(dataset.file.filename)
        self.stamp = stamp_of(dataset.file.id.get_vfd_handle())  # of what HDF5 opened, whatever has the name by now
        self.shape: tuple[int, ...] = dataset.shape
        self.dtype: np.dtype[Any] = dataset.dtype
        self.chunks: tuple[int, ...] | None = dataset.chunks
        self.compression: str | None = dataset.compression
        self._data: Any = _map(dataset)
        if self._data is None:
            self._data = dataset

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def nbytes(self) -> int:
        """The size of all values, before any compression."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def mapped(self) -> bool:
        return isinstance(self._data, np.memmap)

    @property
    def changed(self) -> bool:
        """Whether the file is no longer as it was when it was opened, or is gone."""
        return stamp_of(self.file) != self.stamp

    def mapped_as(self, *types: type[np.generic]) -> NDArray[Any] | None:
        """The whole, memory-mapped, where it is stored as one of these types in this machine's byte order."""
        return np.asarray(self._data) if self.mapped and self.dtype in types else None

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Entries start..stop of the first axis, stop excluded, cut at both ends. Do not write into the result.

        Raises ProjectError where the file turns out to be damaged.
        """
        try:
            return np.asarray(self._data[max(start, 0) : max(min(stop, len(self)), 0)])
        except OSError as error:
            raise ProjectError(f"{self.name} cannot be read: {error}.") from error

    def take(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        """The entries at `indices` of the first axis, in any order, repeated or not. Raises as `rows` does."""
        if self.mapped:
            return np.asarray(self._data[indices])
        wanted, where = np.unique(indices, return_inverse=True)
        pieces = np.split(wanted, np.flatnonzero(np.diff(wanted) > NEAR) + 1)
        rows = [self.rows(int(piece[0]), int(piece[-1]) + 1)[piece - piece[0]] for piece in pieces if len(piece)]
        return np.concatenate([self.rows(0, 0), *rows])[where]

    def column(self, indices: NDArray[np.int64], column: int) -> NDArray[Any]:
        """One column's entries at `indices` of the first axis. Raises as `rows` does."""
        return np.asarray(self._data[indices, column]) if self.mapped else self.take(indices)[:, column]

    def integers(self, start: int, stop: int) -> NDArray[np.int64]:
        """The same entries as ids; -1 for what is not a finite number."""
        return as_integers(self.rows(start, stop))


def as_integers(values: NDArray[Any]) -> NDArray[np.int64]:
    """Ids of whatever type they are stored in: LSTMVis's own tools write doubles. -1 for what no id can be."""
    if values.dtype.kind == "f":
        values = np.where(np.abs(values) < 2.0**63, values, -1)  # neither NaN nor infinities are below
    return values.astype(np.int64)


def _map(dataset: h5py.Dataset) -> Any:
    """The dataset as a memory map, or None where its values do not lie in one piece."""
    offset = dataset.id.get_offset()
    if dataset.chunks is not None or offset is None or not dataset.size:
        return None
    path = dataset.file.filename
    if os.path.getsize(path) < offset + dataset.size * dataset.dtype.itemsize:
        raise ProjectError(f"{Path(path).name} is cut off: it ends before the data of {dataset.name} do.", WRITE_AGAIN)
    return np.memmap(path, mode="r", dtype=dataset.dtype, shape=dataset.shape, offset=offset)


def open_hdf5(path: Path) -> h5py.File:
    """Raises ProjectError for a file that is missing or not HDF5."""
    if not path.is_file():
        raise missing(path)
    try:
        return h5py.File(path, "r")
    except OSError as error:
        if cut := re.search(r"truncated file: eof = (\d+), .*stored_eof = (\d+)", str(error)):
            there, whole = map(int, cut.groups())
            sentence = f"{path.name} is cut off: {there:,} bytes are there of {whole:,}."
            raise ProjectError(sentence, WRITE_AGAIN) from error
        raise ProjectError(f"{path.name} cannot be read as HDF5: {error}.", _unreadable(path, str(error))) from error


def missing(path: Path, others: Collection[Path] = ()) -> ProjectError:
    """That a file is not there; and which may be meant, if not one of the `others`, which have a use of their own."""
    beside = [file.name for file in path.parent.glob("*") if file.is_file() and file not in others]
    alike = [name for name in beside if Path(name).suffix == path.suffix]
    meant = get_close_matches(path.name, beside, n=1) or (alike if len(alike) == 1 else [])
    there = f": there is {meant[0]}" if meant else ""
    return ProjectError(f"The file {path.name} is missing.", f"Put it there, or correct `files`{there}.")


def _unreadable(path: Path, reason: str) -> str:
    if "lock" in reason:
        return "A program has it open for writing: close it there, or wait until it is done."
    if not path.stat().st_size:
        return "It is empty. " + WRITE_AGAIN
    with path.open("rb") as file:
        if file.read(40).startswith(b"version https://git-lfs"):
            return "It is only Git's placeholder for it: run `git lfs pull`."
    return "Is it HDF5? Arrays of other formats have to be written into an HDF5 file."


def open_matrix(file: h5py.File, path: str) -> Matrix:
    """Raises ProjectError, with the paths that exist, where there is no dataset at `path`."""
    name = f"{path!r} in {Path(file.filename).name}"
    try:
        found = file.get(path)
    except (KeyError, RuntimeError, OSError, ValueError) as error:
        raise ProjectError(f"{name} cannot be read: {error}.") from error
    if not isinstance(found, h5py.Dataset):
        meant = get_close_matches(path, dataset_paths(file, MOST_NAMES), n=1)
        change = f"Did you mean `path: {meant[0]}`?" if meant else "Correct `path`: it is the name inside the file."
        raise ProjectError(f"There is no {name}; it holds {list_datasets(file)}.", change)
    return Matrix(found, name)


def list_datasets(file: h5py.File, most: int = 20) -> str:
    """The paths of the datasets in a file, for a message."""
    names = dataset_paths(file, most + 1)
    return ", ".join(map(repr, names[:most])) + (" and more" if len(names) > most else "") or "no data"


def dataset_paths(file: h5py.File, most: int) -> list[str]:
    names: list[str] = []

    def visit(name: str, item: object) -> bool | None:
        if isinstance(item, h5py.Dataset):
            names.append(name)
        return True if len(names) >= most else None  # anything but None ends the visit

    file.visititems(visit)
    return names
