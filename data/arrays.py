"""A project from arrays, whatever made them: Keras, JAX, NumPy, files of one's own.

    from lstmvis.data import write_project

    write_project(
        "projects/mine",
        tokens,                                          # T strings
        {"layer1/hidden": hidden, "layer1/cell": cell},  # (T, cells) each
        annotations={"part_of_speech": tags, "loss": losses},
    )

Each may come in any form of `lstmvis.data.series`: as an array, one step after the other; as a padded batch of
sequences with `lengths`; as a list of sequences; as a generator of pieces. Arrays are read and written piece by piece,
so what is mapped, or comes from a generator, may be larger than memory. Sequences are laid end to end and kept in the
project: the state was reset where each begins, and no match crosses that.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lstmvis.data.errors import ProjectError
from lstmvis.data.labels import Labels, by_id, texts
from lstmvis.data.project import Transform, ascend_from_zero
from lstmvis.data.series import PIECE, Lengths, Series, blocks, ranges, spool
from lstmvis.data.writing import ProjectWriter

MOST_LABELS = 100  # so many different integers are labels; more are numbers on a scale


@dataclass(frozen=True)
class States:
    """A source, with what its name does not say.

    Layer and type are those in the name, as in `layer2/cell`; else layer 1, and the name is the type. `transform` leads
    from what is given to the activation: `tanh` for the type `cell`, as in the LSTM's own output; `none` for all
    others, because hidden states and gates have been through theirs. `unsigned`: none is below 0.
    """

    values: Any
    layer: int | None = None
    type: str | None = None
    transform: Transform | None = None
    unsigned: bool = False


@dataclass(frozen=True)
class Discrete:
    """An annotation of labels: integers that stand for `labels`, or strings; `labels` in the order of their colours."""

    values: Any
    labels: Sequence[str] | None = None


@dataclass(frozen=True)
class Scalar:
    """An annotation of numbers, on a scale from range[0] to range[1]; without it, from the lowest to the highest."""

    values: Any
    range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Ranked:
    """A ranked list a step, such as predictions: ids into `labels`, or the vocabulary, and weights, (T, ranks) each."""

    ids: Any
    weights: Any
    labels: Sequence[str] | None = None


def write_project(
    path: Path | str,
    tokens: Any,
    states: Any,
    annotations: Mapping[str, Any] | None = None,
    sequences: ArrayLike | None = None,
    *,
    lengths: ArrayLike | None = None,
    vocabulary: Sequence[str] | Mapping[str, int] | None = None,
    name: str | None = None,
    description: str | None = None,
    replace: bool = False,
    progress: Callable[[int], object] = lambda steps: None,
) -> None:
    """Write a project. Nothing is there unless it is whole.

    tokens: strings; or ids with a `vocabulary`, which lists the tokens by id or maps them to ids; or None for a series
        without words. A string stands for its characters.
    states: (T, cells), or several by name, each an array or `States`. They are kept as float32, or float16 where they
        are that. What is called `cell`, or `.../cell`, is shown through tanh, all else as it is.
    annotations: by name, a value a step, or a value a sequence, which then holds at all of its steps. Strings and
        booleans are labels, so are integers of at most MOST_LABELS kinds; other numbers lie on a scale. `Discrete`,
        `Scalar` and `Ranked` say more.
    sequences: the first steps of the sequences, ascending from 0, where the arrays are one pass with resets in it.
    lengths: instead, how many steps each sequence has; what lies behind them in a batch is padding.
    name, description: for the project page; the directory's name where nothing is said.
    progress: called with the number of steps whenever states have been written.

    Raises ProjectError for what does not fit together, and ProjectExistsError where `path` is taken, unless `replace`.
    Warns of NaN, infinities, and numbers beyond float32.
    """
    path = Path(path)
    name = name or path.resolve().name
    named = states if isinstance(states, Mapping) else {"state": states}
    if not named:
        raise ProjectError("There are no states: a project needs at least one source.")
    if lengths is not None and sequences is not None:
        raise ProjectError("Give either `lengths` or `sequences`: each says where the sequences are.")
    extent = _Extent(None if lengths is None else _checked_lengths(lengths))
    words = None if tokens is None else Series("tokens", _characters(tokens), 1, extent.lengths)
    sources = [_Source(str(key), given, extent.lengths) for key, given in named.items()]
    with ProjectWriter(path, name, description or name, replace) as project:
        labels = None if words is None else _write_tokens(project, words, vocabulary, extent)
        for source in sources:
            extent.agree(source.series)

        def annotate() -> None:
            if sequences is not None:
                extent.begin(sequences)
            for key, given in (annotations or {}).items():
                _write_annotation(project, str(key), given, labels, extent)

        # What is wrong with an annotation is said before the states are written, unless these are to tell their number.
        late = any(source.series.steps is None for source in sources)
        if not late:
            annotate()
        for source in sources:
            source.write(project, extent, progress)
        if late:
            annotate()
        if extent.lengths is not None:
            project.write_sequences(extent.starts)


def write_annotation(
    project: ProjectWriter,
    name: str,
    values: Any,
    steps: int,
    starts: Lengths,
    vocabulary: Sequence[str] | Mapping[str, int] | None,
) -> None:
    """Write an annotation as `write_project` does, of a corpus that is there: `steps` tokens, the first steps of its
    sequences, and the `vocabulary` that ids refer to where a `Ranked` has no labels. Raises ProjectError likewise.
    """
    extent = _Extent(None)
    extent.count(steps, "tokens")
    if (begun := starts[starts < steps]).size:
        extent.begin(begun)
    needed = vocabulary if isinstance(values, Ranked) and values.labels is None else None
    _write_annotation(project, name, values, None if needed is None else by_id(needed), extent)


class _Extent:
    """How many steps and which sequences there are. What comes first says so, and all else is held to it."""

    def __init__(self, lengths: Lengths | None) -> None:
        self.steps: int | None = None
        self.lengths: Lengths | None = None  # of the sequences; None: one pass
        self._counted = self._divided = ""  # what said so
        if lengths is not None:
            self._divide(lengths, "`lengths`")
            self.count(int(lengths.sum()), "steps in `lengths`")

    @property
    def starts(self) -> Lengths:
        """The first steps of the sequences that are not empty."""
        assert self.lengths is not None
        return (np.cumsum(self.lengths) - self.lengths)[self.lengths > 0]

    def agree(self, series: Series) -> None:
        """Raises ProjectError where the series, as far as it is known, does not fit what came before."""
        if series.steps == 0:
            raise ProjectError(f"The {series.what} are empty.")
        if series.lengths is not None:
            self._divide(series.lengths, f"the {series.what}")
        if series.steps is not None:
            self.count(series.steps, series.what if series.axes == 1 else f"steps of the {series.what}")

    def begin(self, starts: ArrayLike) -> None:
        """Sequences begin at `starts`."""
        assert self.steps is not None
        firsts = np.asarray(starts)
        if firsts.ndim != 1 or not firsts.size or firsts.dtype.kind not in "iu" or not ascend_from_zero(firsts):
            raise ProjectError("`sequences` must be the first steps of the sequences: integers, ascending from 0.")
        if firsts[-1] >= self.steps:
            raise ProjectError(f"`sequences` go up to {firsts[-1]:,}, but there are {self.steps:,} {self._counted}.")
        self._divide(np.diff(firsts, append=self.steps).astype(np.int64), "`sequences`")

    def refuse(self, found: str) -> NoReturn:
        raise ProjectError(f"There are {self.steps:,} {self._counted}, but {found}.")

    def spread(self, values: NDArray[Any], series: Series) -> Iterator[NDArray[Any]]:
        """An annotation (n, ...), in pieces of (T, ...): n is the number of steps, or that of the sequences."""
        assert self.steps is not None
        if series.lengths is not None and self.lengths is not None:
            self.agree(series)
        if series.lengths is not None or len(values) == self.steps:
            self.count(len(values), series.what)  # the form of an annotation alone makes no sequences
            yield from blocks(values)
        elif self.lengths is not None and len(values) == len(self.lengths):
            ends = np.cumsum(self.lengths)
            for start, stop in ranges(self.steps, PIECE // prod(values.shape[1:])):
                yield values[np.searchsorted(ends, np.arange(start, stop), side="right")]
        else:
            sequences = "no sequences" if self.lengths is None else f"{len(self.lengths):,} sequences"
            raise ProjectError(
                f"There are {len(values):,} {series.what}, but {self.steps:,} {self._counted} and {sequences}: an "
                "annotation has a value a step or a value a sequence."
            )

    def count(self, steps: int, what: str) -> None:
        if self.steps is None:
            self.steps, self._counted = steps, what
        elif steps != self.steps:
            self.refuse(f"{steps:,} {what}")

    def _divide(self, lengths: Lengths, what: str) -> None:
        if self.lengths is None:
            self.lengths, self._divided = lengths, what
        elif len(lengths) != len(self.lengths):
            raise ProjectError(
                f"There are {len(self.lengths):,} sequences in {self._divided}, but {len(lengths):,} in {what}."
            )
        elif (different := np.flatnonzero(lengths != self.lengths)).size:
            first = int(different[0])
            raise ProjectError(
                f"Sequence {first:,} (of 0 to {len(lengths) - 1:,}) has {self.lengths[first]:,} steps in "
                f"{self._divided}, but {lengths[first]:,} in {what}."
            )


class _Source:
    """States on their way into a project."""

    def __init__(self, name: str, given: Any, lengths: Lengths | None) -> None:
        self._name = name
        self._states = given if isinstance(given, States) else States(given)
        self.series = Series(f"states {name!r}", self._states.values, 2, lengths)

    def write(self, project: ProjectWriter, extent: _Extent, progress: Callable[[int], object]) -> None:
        faults = _Faults(self.series.what)
        pieces = self._alike(faults.stored(piece) for piece in self.series.pieces())
        if extent.steps is None:
            kept = spool(pieces, project.path.parent)
            extent.agree(self.series)
            pieces = blocks(kept)
        first = next(pieces, None)
        if first is None or not extent.steps or not first.shape[1]:
            raise ProjectError(f"The {self.series.what} are empty.")
        dataset = project.create_source(
            self._name, extent.steps, first.shape[1], dtype=first.dtype.name, **self._description()
        )
        done = 0
        for piece in chain([first], pieces):
            done += len(piece)
            if done > extent.steps:  # said at once: a generator may have no end
                extent.refuse(f"at least {done:,} steps of the {self.series.what}")
            dataset[done - len(piece) : done] = piece
            progress(len(piece))
        extent.agree(self.series)
        faults.warn()

    def _alike(self, pieces: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
        """The same pieces, if they have as many cells as the first."""
        cells, done = None, 0
        for piece in pieces:
            cells = piece.shape[1] if cells is None else cells
            if piece.shape[1] != cells:
                raise ProjectError(
                    f"The {self.series.what} have {cells:,} cells at first and {piece.shape[1]:,} at step {done:,}."
                )
            done += len(piece)
            yield piece

    def _description(self) -> dict[str, Any]:
        in_name = re.fullmatch(r"layer(\d+)/(.+)", self._name)
        kind = self._states.type or (in_name[2] if in_name else self._name)
        layer = self._states.layer or (int(in_name[1]) if in_name else 1)
        transform = self._states.transform or ("tanh" if kind == "cell" else "none")
        return {"layer": layer, "type": kind, "transform": transform, "unsigned": self._states.unsigned}


class _Faults:
    """Counts what is no ordinary number among states."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._type: np.dtype[Any] | None = None
        self._done = 0
        self._found: dict[str, tuple[int, int]] = {}  # kind: how many, and the first step

    def stored(self, piece: NDArray[Any]) -> NDArray[Any]:
        """States (n, cells) in the type in which they are stored, for which the first piece decides."""
        if _kind(piece) not in "fiub":
            raise ProjectError(f"The {self._what} must be numbers; they are {piece.dtype}.")
        if self._type is None:
            self._type = np.dtype(np.float16 if piece.dtype.name == "float16" else np.float32)
        with np.errstate(over="ignore"):
            stored = piece.astype(self._type, copy=False)
        if not np.isfinite(stored).all():
            infinite = np.isinf(stored)
            beyond = infinite & np.isfinite(piece.astype(np.float64, copy=False))
            self._add("NaN, where a cell counts as off", np.isnan(stored))
            self._add("infinities", infinite & ~beyond)
            self._add(f"numbers beyond {self._type}, which have become infinite", beyond)
        self._done += len(piece)
        return stored

    def _add(self, kind: str, where: NDArray[np.bool_]) -> None:
        if where.any():
            count, first = self._found.get(kind, (0, self._done + int(where.any(axis=1).argmax())))
            self._found[kind] = count + int(where.sum()), first

    def warn(self) -> None:
        for kind, (count, first) in self._found.items():
            warnings.warn(f"The {self._what} hold {count:,} {kind}; the first at step {first:,}.", stacklevel=4)


def _write_tokens(
    project: ProjectWriter, series: Series, vocabulary: Sequence[str] | Mapping[str, int] | None, extent: _Extent
) -> list[str]:
    """Write the tokens, and return the vocabulary."""
    labels = Labels("tokens", None if vocabulary is None else by_id(vocabulary))

    def ids() -> Iterator[NDArray[Any]]:
        for piece in series.pieces():
            if _kind(piece) == "text":
                yield labels.encode(piece.tolist())
            elif vocabulary is None or piece.dtype.kind not in "iu":
                raise ProjectError(
                    "Tokens must be strings, or integers with a `vocabulary` that says what they stand for; they are "
                    f"{piece.dtype}{' without a vocabulary' if piece.dtype.kind in 'iu' else ''}."
                )
            else:
                yield piece.astype(np.int64)

    kept = spool(ids(), project.path.parent)
    extent.agree(series)
    project.write_tokens(blocks(kept), labels.names, len(kept))
    return labels.names


def _write_annotation(
    project: ProjectWriter, name: str, given: Any, vocabulary: Sequence[str] | None, extent: _Extent
) -> None:
    if isinstance(given, Ranked):
        _write_ranked(project, name, given, vocabulary, extent)
        return
    values = given.values if isinstance(given, Discrete | Scalar) else given
    series = Series(f"values of {name!r}", values, 1, extent.lengths)
    labels = Labels(series.what, given.labels if isinstance(given, Discrete) else None)
    kinds: set[str] = set()

    def numbers() -> Iterator[NDArray[Any]]:
        for piece in series.pieces():
            kinds.add(_kind(piece))
            if not kinds <= {"text"} and not kinds <= set("fiub"):
                raise ProjectError(f"The {series.what} must all be strings, or all be numbers.")
            yield labels.encode(piece.tolist()) if "text" in kinds else piece.astype(np.float64)

    kept = spool(numbers(), project.path.parent)
    if isinstance(given, Scalar) and "text" in kinds:
        raise ProjectError(f"The {series.what} must be numbers; they are strings.")
    if isinstance(given, Discrete) and "f" in kinds:
        raise ProjectError(f"The {series.what} must be strings or integers; they are floats.")
    pieces = extent.spread(kept, series)
    if labelled := _labelled(kept, kinds, labels, given):
        names, number = labelled
        project.write_discrete(name, map(number, pieces), names, extent.steps or 0)
    else:
        scalars = spool((piece.astype(np.float32) for piece in pieces), project.path.parent)
        if len(scalars) and not any(np.isfinite(block).any() for block in blocks(scalars)):
            raise ProjectError(f"The {series.what} are all NaN or infinite: there is nothing to see.")
        project.write_scalar(name, scalars, given.range if isinstance(given, Scalar) else None)


def _labelled(
    values: NDArray[Any], kinds: set[str], labels: Labels, given: Any
) -> tuple[list[str], Callable[[NDArray[Any]], NDArray[Any]]] | None:
    """The labels in their order, and what makes their ids of values. None: these are numbers on a scale."""
    if "text" in kinds:
        names, places = labels.in_order()
        return names, lambda piece: places[piece]
    if labels.fixed:
        return labels.names, lambda piece: piece.astype(np.int64)
    if isinstance(given, Scalar) or "f" in kinds:
        return None
    if kinds == {"b"}:
        return ["False", "True"], lambda piece: piece.astype(np.int64)
    different = np.zeros(0)
    for block in blocks(values):
        different = np.union1d(different, block)
        if len(different) > MOST_LABELS and not isinstance(given, Discrete):
            return None
    return [str(int(number)) for number in different], lambda piece: np.searchsorted(different, piece)


def _write_ranked(
    project: ProjectWriter, name: str, given: Ranked, vocabulary: Sequence[str] | None, extent: _Extent
) -> None:
    labels = vocabulary if given.labels is None else texts(given.labels, f"labels of {name!r}")
    if labels is None:
        raise ProjectError(f"{name!r} ranks ids, so it needs `labels`: there is no vocabulary.")

    def whole(what: str, values: Any, kinds: str, dtype: type[np.generic]) -> NDArray[Any]:
        series = Series(f"{what} of {name!r}", values, 2, extent.lengths)

        def numbers() -> Iterator[NDArray[Any]]:
            for piece in series.pieces():
                if _kind(piece) not in kinds:
                    allowed = "numbers" if "f" in kinds else "integers"
                    raise ProjectError(f"The {series.what} must be {allowed}; they are {piece.dtype}.")
                yield piece.astype(dtype)

        kept = spool(numbers(), project.path.parent)
        return spool(extent.spread(kept, series), project.path.parent)

    ids, weights = whole("ids", given.ids, "iu", np.int64), whole("weights", given.weights, "fiub", np.float32)
    project.write_ranked(name, ids, weights, labels)


def _characters(tokens: Any) -> Any:
    return list(tokens) if isinstance(tokens, str) else tokens


def _checked_lengths(lengths: ArrayLike) -> Lengths:
    array = np.asarray(lengths)
    if array.ndim != 1 or not array.size or array.dtype.kind not in "iu" or array.min() < 0:
        raise ProjectError("`lengths` must be how many steps each sequence has: integers from 0.")
    return array.astype(np.int64)


def _kind(piece: NDArray[Any]) -> str:
    """`text`, or one of NumPy's kinds: `f`, `i`, `u`, `b` for numbers."""
    if piece.dtype.kind in "OUST":
        return "text"
    return "f" if piece.dtype.name == "bfloat16" else piece.dtype.kind  # JAX's, which NumPy does not know
