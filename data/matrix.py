"""Arrays in HDF5 files, read in slices of their first axis, whatever way they are laid out."""

import math
import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from itertools import count
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from lstmvis.data.errors import ProjectError
from lstmvis.data.links import find_dataset
from lstmvis.data.stamps import stamp_of
from lstmvis.data.stored import NEAR_BYTES, StoredRows, gather

WRITE_AGAIN = "Copy it again from where it came from, or let what wrote it write it again, to its end."
DAMAGED = (OSError, RuntimeError, LookupError, ValueError, TypeError, ArithmeticError, MemoryError)
"""What h5py raises where a file is damaged, or claims what cannot be."""
MOST_NAMES = 1000  # of which the one that was meant is looked for
MOST_VISITS = 10_000  # to the objects of a file
NEAR = 64  # entries that HDF5 reads in one go where they lie as near to each other as this
FEW = 256  # of as many entries a column is looked for at one place each
COLUMN_BYTES = 1 << 22  # of rows that are read for a column
MOST_CLAIMED = 1 << 26  # bytes that an array may claim and not hold
MOST_COMPRESSED = 1100  # times less than it holds, which is a little more than gzip can do


class Matrix:
    """A numeric HDF5 dataset of one or two axes, time first.

    Contiguous, uncompressed data are read past HDF5: threads read them at the same time, and the file is not kept open
    in HDF5, whose lock would stop its writers. All other layouts go through h5py, which serialises its readers, and
    keep their file open.
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
        self._path = dataset.name
        self.file = Path(dataset.file.filename)
        self.stamp = stamp_of(dataset.file.id.get_vfd_handle())  # of what HDF5 opened, whatever has the name by now
        self.shape: tuple[int, ...] = dataset.shape
        self.dtype: np.dtype[Any] = dataset.dtype
        self.chunks: tuple[int, ...] | None = dataset.chunks
        self.compression: str | None = dataset.compression
        _refuse_what_is_not_there(dataset, name)
        self._dataset: h5py.Dataset | None = None
        self._stored = _stored(dataset)
        if self._stored is None:
            self._dataset = dataset

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def nbytes(self) -> int:
        """The size of all values, before any compression."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def contiguous(self) -> bool:
        """Whether the values lie in one piece, as they are."""
        return self._stored is not None

    @property
    def changed(self) -> bool:
        """Whether the file is no longer as it was when it was opened, or is gone."""
        return stamp_of(self.file) != self.stamp

    def close(self) -> None:
        """Let go of what HDF5 keeps open; nothing can be read of such a matrix any more.

        What is opened again while HDF5 has it open is taken to be as it was.
        """
        if self._dataset:
            self._dataset.file.close()

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Entries start..stop of the first axis, stop excluded, cut at both ends.

        Raises ProjectError where the file turns out to be damaged, or has been cut off.
        """
        start, stop = max(min(start, len(self)), 0), max(min(stop, len(self)), 0)
        return self._read(np.array([start]), np.array([max(start, stop)]))

    def gather(self, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """The entries of ranges starts..stops (n,), within the array and ascending, each entry once; and where in them
        each range begins. Raises as `rows` does."""
        return gather(self._read, starts, stops, NEAR_BYTES // self._stored.row_bytes if self._stored else NEAR)

    def take(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        """The entries at `indices` of the first axis, in any order, repeated or not. Raises as `rows` does."""
        wanted, where = np.unique(indices, return_inverse=True)
        rows, places = self.gather(wanted, wanted + 1)
        return rows[places][where]

    def column(self, indices: NDArray[np.int64], column: int) -> NDArray[Any]:
        """One column's entries at `indices` of the first axis, ascending. Raises as `rows` does."""
        if self._stored and len(indices) * FEW < len(self):
            with self._told():
                return self._stored.values(indices, column)
        entries = max(1, COLUMN_BYTES // (self.nbytes // len(self)))
        cuts = np.searchsorted(indices, np.arange(0, len(self), entries))
        found = [self.rows(0, 0)[:, column]]
        for part in np.split(indices, cuts[1:]):
            rows, places = self.gather(part, part + 1)
            found.append(rows[places, column])
        return np.concatenate(found)

    def _read(self, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[Any]:
        with self._told():
            if self._stored:
                return self._stored.read(starts, stops)
            assert self._dataset is not None
            found = [self._dataset[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
            return found[0] if len(found) == 1 else np.concatenate([self._dataset[:0], *found])

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What keeps values from being read, in a sentence."""
        try:
            yield
        except EOFError as error:
            raise _cut_off(self.file, self._path) from error
        except DAMAGED as error:
            if self._dataset is not None and not self._dataset:  # closed, because somebody opens it anew
                raise ProjectError(f"{self.name} has changed; ask again.") from error
            raise ProjectError(f"{self.name} cannot be read: {_reason(error)}.", WRITE_AGAIN) from error

    def integers(self, start: int, stop: int) -> NDArray[np.int64]:
        """The same entries as ids; -1 for what is not a finite number."""
        return as_integers(self.rows(start, stop))


def as_integers(values: NDArray[Any]) -> NDArray[np.int64]:
    """Ids of whatever type they are stored in: LSTMVis's own tools write doubles. -1 for what no id can be."""
    if values.dtype.kind == "f":
        values = np.where(np.abs(values) < 2.0**63, values, -1)  # neither NaN nor infinities are below
    return values.astype(np.int64)


def _stored(dataset: h5py.Dataset) -> StoredRows | None:
    """The dataset as rows of its file, or None where its values do not lie in one piece, or only HDF5 can read them."""
    offset = dataset.id.get_offset()
    if dataset.chunks is not None or offset is None or not dataset.size:
        return None
    if not dataset.id.get_type().equal(h5py.h5t.py_create(dataset.dtype)):
        return None
    path = Path(dataset.file.filename)
    try:
        return StoredRows(path, offset, dataset.shape, dataset.dtype)
    except EOFError as error:
        raise _cut_off(path, dataset.name) from error


def _cut_off(path: Path, name: object) -> ProjectError:
    return ProjectError(f"{path.name} is cut off: it ends before the data of {name} do.", WRITE_AGAIN)


def _refuse_what_is_not_there(dataset: h5py.Dataset, name: str) -> None:
    """An array may claim any number of values without holding one: all of them are 0 then, and take long to read."""
    claimed = max(math.prod(dataset.shape) * dataset.dtype.itemsize, *dataset.shape)
    if claimed <= MOST_CLAIMED:
        return
    status = os.stat(dataset.file.id.get_vfd_handle())
    on_disk = getattr(status, "st_blocks", math.inf) * 512  # less than its size where there are holes in it
    held = min(dataset.id.get_storage_size(), on_disk)
    if claimed > MOST_COMPRESSED * held:
        raise ProjectError(
            f"{name} claims to be {dataset.dtype} {dataset.shape}, of which {held:,} bytes are there.",
            "It was made and never filled. " + WRITE_AGAIN,
        )


def open_hdf5(path: Path) -> h5py.File:
    """Raises ProjectError for a file that is missing or not HDF5."""
    require_file(path)
    try:
        return h5py.File(path, "r")
    except DAMAGED as error:
        if cut := re.search(r"truncated file: eof = (\d+), .*stored_eof = (\d+)", str(error)):
            there, whole = map(int, cut.groups())
            sentence = f"{path.name} is cut off: {there:,} bytes are there of {whole:,}."
            raise ProjectError(sentence, WRITE_AGAIN) from error
        raise ProjectError(f"{path.name} cannot be read as HDF5: {error}.", _unreadable(path, str(error))) from error


def require_file(path: Path, others: Collection[Path] = ()) -> None:
    """Raises ProjectError where there is none. To open a pipe would be to wait for ever."""
    if not path.exists():
        raise missing(path, others)
    if not path.is_file():
        raise ProjectError(f"{path.name} is not a file.", "Put one there, or correct `files`.")


def missing(path: Path, others: Collection[Path] = ()) -> ProjectError:
    """That a file is not there; and which may be meant, if not one of the `others`, which have a use of their own."""
    beside = [file.name for file in path.parent.glob("*") if file.is_file() and file not in others]
    alike = [name for name in beside if Path(name).suffix == path.suffix]
    meant = get_close_matches(path.name, beside, n=1) or (alike if len(alike) == 1 else [])
    there = f": there is {meant[0]}" if meant else ""
    return ProjectError(f"The file {path.name} is missing.", f"Put it there, or correct `files`{there}.")


def _reason(error: BaseException) -> str:
    return str(error.args[0] if isinstance(error, KeyError) and error.args else error)  # which would be in quotes


def _unreadable(path: Path, reason: str) -> str:
    if "lock" in reason:
        return "A program has it open for writing: close it there, or wait until it is done."
    if not path.stat().st_size:
        return "It is empty. " + WRITE_AGAIN
    with path.open("rb") as file:
        if file.read(40).startswith(b"version https://git-lfs"):
            return "It is only Git's placeholder for it: run `git lfs pull`."
    return "Is it HDF5? Arrays of other formats have to be written into an HDF5 file."


def open_matrix(file: h5py.File, path: str, directory: Path | None = None) -> Matrix:
    """Raises ProjectError, with the paths that exist, where there is no dataset at `path`.

    Links to other files are followed below `directory` alone, without one: below that of the file.
    """
    name = f"{path!r} in {Path(file.filename).name}"
    try:
        found = find_dataset(file, path, directory or Path(file.filename).parent)
        if found is not None:
            return Matrix(found, name)
    except DAMAGED as error:
        raise ProjectError(f"{name} cannot be read: {_reason(error)}.", WRITE_AGAIN) from error
    meant = get_close_matches(path, dataset_paths(file, MOST_NAMES), n=1)
    change = f"Did you mean `path: {meant[0]}`?" if meant else "Correct `path`: it is the name inside the file."
    raise ProjectError(f"There is no {name}; it holds {list_datasets(file)}.", change)


def list_datasets(file: h5py.File, most: int = 20) -> str:
    """The paths of the datasets in a file, for a message."""
    names = dataset_paths(file, most + 1)
    return ", ".join(map(repr, names[:most])) + (" and more" if len(names) > most else "") or "no data"


def dataset_paths(file: h5py.File, most: int) -> list[str]:
    """The paths of its datasets; where it is damaged, those that can be found."""
    names: list[str] = []
    visits = count(1)

    def visit(name: str | bytes, item: object) -> bool | None:
        if isinstance(item, h5py.Dataset):
            names.append(name if isinstance(name, str) else name.decode(errors="backslashreplace"))
        return True if len(names) >= most or next(visits) >= MOST_VISITS else None  # anything but None ends it

    with suppress(*DAMAGED):
        file.visititems(visit)
    return names
