"""The match index of a source: its states once more, as codes that can be searched fast.

Each stored number becomes a code of 16 bits that never falls as the number rises; 0 stands for NaN. So a code above
that of a threshold's cut is on, one below it is off, and only where the two are equal (one state in thousands) does
the stored number itself have to be looked at: answers are those of the stored numbers, bit for bit.

Two orders are kept, since matching reads some cells at all steps and then all cells at some steps:

    by_cell.npy   uint16, cells x steps
    by_step.npy   uint8, steps x cells: the upper halves of the codes
    index.json    by what and from what it was built, and how numbers become codes

An index lies in `.lstmvis/index/` in the project's directory, or in the user's cache folder where that cannot be
written. It is built under a temporary name and renamed when whole; one that was built from other data, or by another
VERSION, is replaced.
"""

import errno
import hashlib
import itertools
import json
import math
import os
import re
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.errors import LstmvisError
from lstmvis.data.project import Source
from lstmvis.data.stored import StoredRows
from lstmvis.data.versions import KEY, this_version
from lstmvis.server import kernels
from lstmvis.server.errors import IndexNotReadyError

VERSION = 1
BLOCK_BYTES = 1 << 25  # of states that are coded together
CACHED_ROW_BYTES = 1 << 26
CODES_TOGETHER = 1 << 17  # of a cell, which stay near the processor; a multiple of 64
SAMPLED_VALUES = 1 << 18
RARE = 5e-4  # share of the states on either side that may lie beyond the codes' range
HIGHEST = 65535
LOOK_S = 0.1  # between two looks at the lock that another process holds
Progress = Callable[[float], None]


class IndexingError(LstmvisError):
    """An index cannot be built."""


@dataclass(frozen=True)
class Coding:
    """How numbers become codes: 1 + (number - low) * scale, cut to 1..65535, in arithmetic of `dtype`."""

    low: float
    scale: float
    dtype: str  # float32 where that holds every stored number, else float64

    def code(self, value: float) -> int:
        """The code of a number that is one of `dtype`."""
        return int(kernels.encode(np.array([[value]], self.dtype), *self.constants)[0][0, 0])

    @property
    def constants(self) -> tuple[Any, Any]:
        kind = np.dtype(self.dtype).type
        return kind(self.low), kind(self.scale)


class _RowCache:
    """The rows of bits that were used last, of all indexes together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: OrderedDict[tuple[int, int, bool, float], NDArray[np.uint64]] = OrderedDict()
        self._bytes = 0

    def get(self, key: tuple[int, int, bool, float]) -> NDArray[np.uint64] | None:
        with self._lock:
            if key in self._rows:
                self._rows.move_to_end(key)
            return self._rows.get(key)

    def put(self, key: tuple[int, int, bool, float], row: NDArray[np.uint64]) -> None:
        with self._lock:
            if key not in self._rows:
                self._rows[key] = row
                self._bytes += row.nbytes
            while self._bytes > CACHED_ROW_BYTES:
                self._bytes -= self._rows.popitem(last=False)[1].nbytes


_rows = _RowCache()
_numbers = itertools.count()


class StateIndex:
    """An index that has been opened. Threads may share it.

    What reads it raises IndexNotReadyError where its files turn out to be damaged, or have been cut off; then it is
    `damaged`, and to be built again.
    """

    def __init__(self, directory: Path, source: Source, coding: Coding) -> None:
        """Raises OSError, EOFError or ValueError where its files are not what they should be."""
        self.coding = coding
        # Not the source: what knows the index by its source would keep both, and their files, for ever.
        self._states = source.states
        self._id = source.id
        steps, cells = source.steps, source.cells
        by_cell, by_step = directory / "by_cell.npy", directory / "by_step.npy"
        begin = _begin_of_codes(by_cell, (cells, steps), np.uint16)
        self._by_cell = StoredRows(by_cell, begin, (cells * steps,), np.dtype(np.uint16))
        begin = _begin_of_codes(by_step, (steps, cells), np.uint8)
        self._by_step = StoredRows(by_step, begin, (steps, cells), np.dtype(np.uint8))
        self._steps = steps
        self._number = next(_numbers)
        self.damaged = False

    def row(self, cell: int, cut: float, negative: bool) -> NDArray[np.uint64]:
        """At which steps a cell is on (its number `>= cut`, or `<= cut` on the negative side), as bits of words."""
        key = (self._number, cell, negative, cut)
        row = _rows.get(key)
        if row is None:
            row = self._compute_row(cell, cut, negative)
            _rows.put(key, row)
        return row

    def _compute_row(self, cell: int, cut: float, negative: bool) -> NDArray[np.uint64]:
        code = self.coding.code(cut)
        packed = np.zeros(-(-self._steps // 64) * 8, np.uint8)
        for start in range(0, self._steps, CODES_TOGETHER):
            codes = self._codes_of(cell, start, min(start + CODES_TOGETHER, self._steps))
            on = (codes < code) & (codes > 0) if negative else codes > code
            level = np.flatnonzero(codes == code)
            if len(level):
                numbers = self._states.column(start + level, cell).astype(np.float64)
                on[level] = numbers <= cut if negative else numbers >= cut
            bits = np.packbits(on, bitorder="little")
            packed[start // 8 : start // 8 + len(bits)] = bits
        return packed.view(np.uint64)

    def _codes_of(self, cell: int, start: int, stop: int) -> NDArray[np.uint16]:
        first = cell * self._steps
        return self._read(self._by_cell, first + start, first + stop)

    def _read(self, codes: StoredRows, start: int, stop: int) -> NDArray[Any]:
        try:
            return codes.read(np.array([start]), np.array([stop]))
        except (OSError, EOFError) as error:
            self.damaged = True
            raise IndexNotReadyError(self._id, 0) from error

    @property
    def can_bound(self) -> bool:
        """Whether this system has what `bound_fitting` reads with: all but Windows."""
        return hasattr(os, "pread")

    def bound_fitting(
        self,
        level: int,
        negative_level: int,
        both: bool,
        ranges: NDArray[np.int64],
        bounds: NDArray[np.int64],
    ) -> None:
        """Write the lower and upper bounds (2 x ranges) that the function of that name in `kernels` gives."""
        codes = self._by_step
        cells = codes.shape[1]
        place = codes.file.descriptor, codes.offset
        done = kernels.bound_fitting(*place, cells, level, negative_level, both, *ranges, *bounds)
        if done < ranges.shape[1]:
            self._read(codes, int(ranges[2, done]), int(ranges[3, done]) + 1)  # raises, for it cannot be read
            raise IndexNotReadyError(self._id, 0)


def _begin_of_codes(path: Path, shape: tuple[int, int], dtype: type[np.generic]) -> int:
    """Where the values begin in an .npy file. Raises ValueError where they are not of this shape and type."""
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        if read(file) != (shape, False, np.dtype(dtype)):
            raise ValueError(f"{path.name} does not hold codes of these states")
        return file.tell()


def open_index(project: Path, source: Source) -> StateIndex | None:
    """The index of a project's source, or None where there is none that was built from the source as it is now."""
    for directory in _places(project, source):
        try:
            if not all((directory / name).is_file() for name in ("index.json", "by_cell.npy", "by_step.npy")):
                continue  # reading a pipe would never end
            description = json.loads((directory / "index.json").read_text(encoding="utf-8"))
            if description["built_from"] == _built_from(source):
                return StateIndex(directory, source, _read_coding(description["coding"], source))
        except (OSError, EOFError, ValueError, LookupError, TypeError):
            continue  # absent, or not one of ours: it will be built
    return None


def _read_coding(description: dict[str, Any], source: Source) -> Coding:
    """Raises ValueError or TypeError where an index of this source has no such coding."""
    coding = Coding(**description)
    numbers = all(isinstance(each, float) and math.isfinite(each) for each in (coding.low, coding.scale))
    if not numbers or coding.scale <= 0 or coding.dtype != _number_type(source).__name__:
        raise ValueError(f"{coding} is no coding of {source.id}")
    return coding


def build_index(
    project: Path,
    source: Source,
    progress: Progress = lambda share: None,
    waiting: Progress = lambda share: None,
) -> StateIndex:
    """Build the index unless there is one; `progress` is told the share that is done, and may raise to stop.

    Memory does not grow with the source. Of several processes that want the same index one builds it, and the others
    wait: their `waiting` is told its share, and may raise as well. Raises IndexingError where there is no place for it.
    """
    reasons = []
    for directory in _places(project, source):
        try:
            directory.parent.mkdir(parents=True, exist_ok=True)
            with _only_one(directory.with_suffix(".lock"), waiting) as tell:

                def told(share: float) -> None:
                    tell(share)
                    progress(share)

                return open_index(project, source) or _build(directory, source, told)
        except OSError as error:
            reasons.append(error.strerror or str(error))
    size = index_bytes(source)
    why = "; ".join(dict.fromkeys(reasons))
    raise IndexingError(f"The match index of {source.id} takes {size:,} bytes and cannot be written: {why}.")


def index_bytes(source: Source) -> int:
    return 3 * source.steps * source.cells


def _places(project: Path, source: Source) -> list[Path]:
    """Where the index may lie, best first."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", source.id).strip("-")[:60] + "-" + _digest(source.id)
    own = project / ".lstmvis" / "index" / name
    # In a project of somebody else, links may lead to what is not theirs.
    places = [own] if own.parent.resolve().is_relative_to(project.resolve()) else []
    with suppress(RuntimeError):  # a user without a home has no cache folder
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lstmvis"
        places.append(cache / _digest(str(project.resolve())) / "index" / name)
    return places


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _built_from(source: Source) -> dict[str, Any]:
    status = source.states.file.stat()
    return {
        "version": VERSION,
        "file": source.states.file.name,
        "bytes": status.st_size,
        "modified_ns": status.st_mtime_ns,
        "path": source.path,
        "shape": list(source.states.shape),
        "dtype": source.states.dtype.str,
    }


@contextmanager
def _only_one(lock: Path, waiting: Progress) -> Iterator[Progress]:
    """Wait until no other process holds the lock; a process that ends, however, gives it back.

    Who holds it tells its share through what this gives, to the `waiting` of the others.
    """
    try:
        import fcntl
    except ImportError:  # a system without it: the work may be done twice, and the later one wins
        yield lambda share: None
        return
    held = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    try:
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                share = os.pread(held, 5, 0)
                waiting(float(share) if re.fullmatch(rb"[01]\.\d{3}", share) else 0.0)
                time.sleep(LOOK_S)

        def tell(share: float) -> None:
            os.pwrite(held, f"{share:.3f}".encode(), 0)

        tell(0)
        yield tell
    finally:
        os.close(held)


def _build(directory: Path, source: Source, progress: Progress) -> StateIndex:
    for abandoned in directory.parent.glob(f"{directory.name}.*.part"):
        shutil.rmtree(abandoned, ignore_errors=True)
    if index_bytes(source) > shutil.disk_usage(directory.parent).free:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    part = Path(tempfile.mkdtemp(prefix=f"{directory.name}.", suffix=".part", dir=directory.parent))
    try:
        built_from = _built_from(source)
        coding = _choose_coding(source)
        _write_codes(part, source, coding, progress)
        if _built_from(source) != built_from or source.states.changed:
            raise IndexingError(f"{source.states.file.name} changed while its match index was being built.")
        description = {KEY: this_version(), "built_from": built_from, "coding": asdict(coding)}
        (part / "index.json").write_text(json.dumps(description, allow_nan=False), encoding="utf-8")
        shutil.rmtree(directory, ignore_errors=True)
        part.rename(directory)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return StateIndex(directory, source, coding)


def _number_type(source: Source) -> type[np.float32 | np.float64]:
    return np.float32 if np.can_cast(source.states.dtype, np.float32) else np.float64


def _choose_coding(source: Source) -> Coding:
    """Codes evenly over the range in which nearly all states lie, judged by rows from all over the source."""
    kind = _number_type(source)
    pieces = 64
    length = max(1, SAMPLED_VALUES // max(1, source.cells) // pieces)
    begins = np.linspace(0, max(0, source.steps - length), pieces).astype(np.int64)
    sample = np.concatenate([source.states.rows(begin, begin + length).astype(kind) for begin in begins.tolist()])
    finite = sample[np.isfinite(sample)]
    low, high = np.quantile(finite.astype(np.float64), [RARE, 1 - RARE]) if finite.size else (0.0, 1.0)
    margin = max((high - low) * 0.05, abs(low) * 1e-5, abs(high) * 1e-5, 1e-30)
    largest = float(np.finfo(kind).max) / 4  # nothing that is computed with `low` and `high` may overflow
    low, high = max(low - margin, -largest), min(high + margin, largest)
    return Coding(float(kind(low)), float(kind((HIGHEST - 1) / (high - low))), kind.__name__)


def _write_codes(part: Path, source: Source, coding: Coding, progress: Progress) -> None:
    steps, cells = source.steps, source.cells
    by_cell = np.lib.format.open_memmap(part / "by_cell.npy", "w+", np.uint16, (cells, steps))
    offset = by_cell.offset
    del by_cell  # the file has its header and its size; written through a map, its pages would count as memory
    length = max(1, BLOCK_BYTES // max(1, cells * np.dtype(coding.dtype).itemsize))
    with (part / "by_cell.npy").open("r+b") as cell_file, (part / "by_step.npy").open("wb") as step_file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (steps, cells)}
        np.lib.format.write_array_header_2_0(step_file, header)
        for start in range(0, steps, length):
            progress(start / steps)
            values = np.ascontiguousarray(source.states.rows(start, start + length), coding.dtype)
            codes, upper = kernels.encode(values, *coding.constants)
            step_file.write(upper.data)
            for cell in range(cells):
                cell_file.seek(offset + 2 * (cell * steps + start))
                cell_file.write(codes[cell].data)
        for file in (cell_file, step_file):  # or, after a power cut, the name could be there without the codes
            file.flush()
            os.fsync(file.fileno())
    progress(1.0)
