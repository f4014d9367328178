"""Values along time, in whatever form they come, laid end to end in pieces that fit into memory.

The forms, for values that have `axes` axes when they are laid end to end (1: a value a step, 2: a row a step):

- an array of that many axes: one step after the other;
- an array of one more, a batch: (sequences, steps, ...), each sequence as long as `lengths` says, then padding;
- a list of sequences, each an array or list of its own length;
- an iterable of pieces, each in any of these forms, or of single values.

An array is what has a shape and can be sliced: NumPy's, a memory map, an HDF5 dataset, a tensor, a pandas column.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import closing
from itertools import groupby, islice
from math import prod
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.errors import ProjectError
from lstmvis.data.spool import Spool

PIECE = 1 << 21  # values that are read at a time
UNORDERED = (str, bytes, Mapping, Set)  # or text: what can be gone through, and is no series
Lengths = NDArray[np.int64]  # of sequences (sequences,)


class Series:
    """Raises ProjectError where `values` have none of the forms, or where `lengths`, if given, do not fit a batch.

    what: a plural for messages, such as "tokens".
    """

    def __init__(self, what: str, values: Any, axes: int, lengths: Lengths | None = None) -> None:
        self.what = what
        self.steps: int | None = None  # None: known when all of it has been read
        self.lengths: Lengths | None = None  # None: one pass without sequences, or not read yet
        self.axes = axes
        self._form: Literal["flat", "list", "batch", "parts"]
        self._given = lengths
        if hasattr(values, "to_numpy"):
            values = values.to_numpy()
        is_list = isinstance(values, list | tuple)
        if is_list and axes == 2 and _depth(values) == 2:
            values, is_list = self._array(values), False
        self._values = values
        if is_list and _depth(values) == axes:
            self._form, self.steps = "flat", len(values)
        elif is_list and _depth(values) == axes + 1:
            self._form, self.lengths = "list", np.array([len(sequence) for sequence in values], np.int64)
        elif hasattr(values, "shape") and len(values.shape) == axes:
            self._form, self.steps = "flat", values.shape[0]
        elif hasattr(values, "shape") and len(values.shape) == axes + 1:
            self._form, self.lengths = "batch", self._lengths_of_batch(*values.shape[:2])
        elif hasattr(values, "shape") or isinstance(values, UNORDERED) or not isinstance(values, Iterable):
            raise ProjectError(
                f"The {what} must be an array {self._shape()}, a batch of sequences {self._shape('sequences')}, a list "
                f"of sequences, or a generator of such; not {_form(values)}."
            )
        else:
            self._form = "parts"
        if self.lengths is not None:
            self.steps = int(self.lengths.sum())

    def pieces(self) -> Iterator[NDArray[Any]]:
        """All of it in arrays (n, ...) of `axes` axes. What comes from a generator can be read once."""
        match self._form:
            case "flat":
                return self._blocks(self._values)
            case "list":
                return (block for sequence in self._values for block in self._blocks(sequence))
            case "batch":
                return self._read_batch()
            case _:
                return self._read_parts()

    def _read_batch(self) -> Iterator[NDArray[Any]]:
        assert self.lengths is not None
        length, width = self._values.shape[1], prod(self._values.shape[2:])
        together = PIECE // max(1, length * width)
        if not together:  # not even one sequence can be read at a time
            for sequence, steps in enumerate(self.lengths):
                for start, stop in ranges(steps, PIECE // max(1, width)):
                    yield self._array(self._values[sequence, start:stop])
            return
        for start, stop in ranges(len(self.lengths), together):
            yield self._array(self._values[start:stop])[np.arange(length) < self.lengths[start:stop, None]]

    def _read_parts(self) -> Iterator[NDArray[Any]]:
        steps, sequences = 0, 0
        lengths: list[Lengths] = []
        for values in self._pieces_given():
            given = None
            if self._given is not None and _depth(values) > self.axes:
                given = self._given[sequences : sequences + len(values)]
            part = Series(self.what, values, self.axes, given)
            yield from part.pieces()
            if part.steps is None:
                raise ProjectError(f"The {self.what} come as a generator of generators; a generator of arrays will do.")
            if steps and (part.lengths is None) != (not lengths):
                raise ProjectError(f"Either all pieces of the {self.what} are batches of sequences, or none is.")
            steps += part.steps
            if part.lengths is not None:
                sequences += len(part.lengths)
                lengths.append(part.lengths)
        self.steps = steps
        self.lengths = np.concatenate(lengths) if lengths else None

    def _pieces_given(self) -> Iterator[Any]:
        """The pieces as they come, single values of a series of them together."""
        for alone, values in groupby(self._values, lambda value: self.axes == 1 and _is_single(value)):
            if not alone:
                yield from values
            while alone and (piece := list(islice(values, PIECE))):
                yield piece

    def _blocks(self, values: Any) -> Iterator[NDArray[Any]]:
        width = prod(getattr(values, "shape", (0,))[1:])
        for start, stop in ranges(len(values), PIECE // max(1, width)):
            yield self._array(values[start:stop])

    def _array(self, values: Any) -> NDArray[Any]:
        if str(getattr(values, "dtype", "")) == "torch.bfloat16":  # which NumPy has no type for
            values = values.float()
        is_text = isinstance(values, list | tuple) and any(isinstance(value, str) for value in values)
        try:
            return np.array(values, object) if is_text else np.asarray(values)
        except (TypeError, ValueError, RuntimeError) as error:  # ragged lists, tensors with a gradient or on a GPU
            raise ProjectError(f"The {self.what} cannot be read as an array: {error}") from error

    def _lengths_of_batch(self, sequences: int, steps: int) -> Lengths:
        if self._given is None:
            return np.full(sequences, steps, np.int64)
        if len(self._given) != sequences:
            raise ProjectError(
                f"The {self.what} come as a batch of {sequences:,} sequences; `lengths` has {len(self._given):,}."
            )
        if self._given.size and self._given.max() > steps:
            raise ProjectError(
                f"The {self.what} come as a batch of sequences of {steps:,} steps; `lengths` goes up to "
                f"{self._given.max():,}."
            )
        return self._given

    def _shape(self, *before: str) -> str:
        names = [*before, "steps", "n"][: self.axes + len(before)]
        return f"({', '.join(names)}{',' * (len(names) == 1)})"


def spool(pieces: Iterable[NDArray[Any]], near: Path) -> NDArray[Any]:
    """All pieces (n, ...) as one array of the first one's type, mapped from a file without a name in folder `near`."""
    size = 0
    with closing(Spool(near)) as kept:
        for piece in pieces:
            kept.append(piece)
            size += piece.size
        return kept.read() if size else np.zeros(0)


def blocks(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """An array in pieces."""
    return Series("values", values, values.ndim).pieces()


def ranges(count: int, most: int) -> Iterator[tuple[int, int]]:
    """0 to `count` in stretches of at most `most`, at least 1."""
    most = max(1, most)
    return ((start, min(start + most, count)) for start in range(0, count, most))


def _depth(values: Any) -> int:
    """How many axes there are, judged by what comes first."""
    if hasattr(values, "shape"):
        return len(values.shape)
    if isinstance(values, list | tuple):
        return 1 + (_depth(values[0]) if values else 0)
    return 0


def _is_single(value: Any) -> bool:
    return _depth(value) == 0 and (isinstance(value, str | bytes) or not isinstance(value, Iterable))


def _form(values: Any) -> str:
    return f"of shape {tuple(values.shape)}" if hasattr(values, "shape") else f"{values!r:.60}"
