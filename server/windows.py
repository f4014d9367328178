"""Windows on a project: states, tokens and annotations around positions, as plain lists for JSON.

A window reaches `left` steps before a position and `right` after it, and is cut at both ends of the corpus: the
source's steps, or fewer where tokens or an annotation end earlier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.dictionary import Dictionary
from lstmvis.data.matrix import Matrix, as_integers
from lstmvis.data.project import Annotation, Project, Transform, Words
from lstmvis.server.activity import Activity
from lstmvis.server.errors import BadParameterError, UnknownNameError

PLAIN_DIMENSIONS = ("states", "words", "cell_count", "sequences")
ANNOTATION_PREFIX = "meta_"
MOST_VALUES = 2_000_000  # of one answer in JSON: some 20 MB of text, and five times that while it is made
MOST_CHARACTERS = 20_000_000  # of the tokens and labels of one answer, which are as long as their writer likes
DIGITS = 5


@dataclass(frozen=True)
class Window:
    """Positions left..right, both included; empty where right = left - 1."""

    pos: int
    left: int
    right: int

    @property
    def stop(self) -> int:
        return self.right + 1

    def describe(self) -> dict[str, Any]:
        return {"pos": self.pos, "left": self.left, "right": self.right}


def window_around(pos: int, left: int, right: int, steps: int) -> Window:
    first = min(max(pos - left, 0), steps)
    return Window(pos, first, max(min(pos + right, steps - 1), first - 1))


def read_windows(
    project: Project,
    activity: Activity,
    transform: Transform,
    positions: Sequence[int],
    left: int,
    right: int,
    dims: Sequence[str],
    cells: NDArray[np.int64] | None,
) -> dict[str, Any]:
    """What `dims` ask for around each position. `cells` (ascending) are the ids that are counted, None for all.

    With both sides, the states of an id are those of its cell. Raises as `find_annotations` does, and
    BadParameterError for more than `MOST_VALUES` values.
    """
    source = activity.source
    annotations = find_annotations(project, dims)
    windows = [window_around(pos, left, right, source.steps) for pos in positions]
    columns = None if cells is None else cells % source.cells
    values = count_values(project, activity, positions, left, right, dims, cells)
    _refuse_too_much(values)
    results: dict[str, Any] = {"cells": [] if cells is None else cells.tolist()}
    if "states" in dims:
        results["states"] = [_states(activity, transform, window, columns) for window in windows]
    if "words" in dims:
        results["words"] = [_words(project.words, window) for window in windows]
    if "cell_count" in dims:
        results["cell_count"] = [_count_on(activity, window, cells) for window in windows]
    if "sequences" in dims:
        results["sequences"] = [_sequence_starts(project.sequence_starts, window) for window in windows]
    for annotation in annotations:
        results[ANNOTATION_PREFIX + annotation.name] = _annotate(project, annotation, windows)
    dictionaries = [annotation.dictionary for annotation in annotations]
    if "words" in dims and project.words:
        dictionaries.append(project.words.dictionary)
    _refuse_too_long(results, dictionaries, values)
    return results


def count_values(
    project: Project,
    activity: Activity,
    positions: Sequence[int],
    left: int,
    right: int,
    dims: Sequence[str],
    cells: NDArray[np.int64] | None,
) -> int:
    """How many values `read_windows` would give; raises as `find_annotations` does."""
    source = activity.source
    ranks = sum(
        annotation.values.shape[1] for annotation in find_annotations(project, dims) if annotation.type == "wordvec"
    )
    per_step = ((source.cells if cells is None else len(cells)) if "states" in dims else 0) + len(dims) + ranks
    windows = (window_around(pos, left, right, source.steps) for pos in positions)
    # An empty window still is a list a cell.
    return sum(max(1, window.stop - window.left) for window in windows) * per_step


def find_annotations(project: Project, dims: Sequence[str]) -> list[Annotation]:
    """The annotations that `dims` name, in their order.

    Raises UnknownNameError for one that the project does not have, BadParameterError for an unknown dimension.
    """
    return [_annotation(project, dimension) for dimension in dims if dimension not in PLAIN_DIMENSIONS]


def whole_names(project: Project, dims: Sequence[str]) -> list[str]:
    """`dims` with the names of annotations in one piece that hold commas, at which a list in a query is split."""
    names = {ANNOTATION_PREFIX + name for name in project.annotations if "," in name}
    sizes = sorted({name.count(",") + 1 for name in names}, reverse=True)
    whole: list[str] = []
    first = 0
    while first < len(dims):
        joined = (",".join(dims[first : first + pieces]) for pieces in sizes)
        name = next((name for name in joined if name in names), dims[first])
        whole.append(name)
        first += 1 + name.count(",")
    return whole


def _annotation(project: Project, dimension: str) -> Annotation:
    if not dimension.startswith(ANNOTATION_PREFIX):
        allowed = ", ".join(PLAIN_DIMENSIONS)
        raise BadParameterError("dims", f"a list of {allowed} and {ANNOTATION_PREFIX}NAME, not {dimension!r}")
    name = dimension.removeprefix(ANNOTATION_PREFIX)
    if name not in project.annotations:
        raise UnknownNameError("annotation", name, project.annotations)
    return project.annotations[name]


def _refuse_too_much(values: int) -> None:
    if values > MOST_VALUES:
        raise BadParameterError(
            "right",
            f"smaller, or there must be fewer positions, cells or dims: these are {values:,} values, and the limit is "
            f"{MOST_VALUES:,}",
        )


def _refuse_too_long(results: dict[str, Any], dictionaries: Sequence[Dictionary | None], values: int) -> None:
    """Tokens are counted as values; here those are told that are books rather than words."""
    longest = max((dictionary.longest for dictionary in dictionaries if dictionary), default=0)
    if values * longest <= MOST_CHARACTERS:
        return
    characters = _count_characters(results)
    if characters > MOST_CHARACTERS:
        raise BadParameterError(
            "right",
            f"smaller, or there must be fewer positions or dims: the tokens are {characters:,} characters, and the "
            f"limit is {MOST_CHARACTERS:,}",
        )


def _count_characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_count_characters, value.values()))
    return sum(map(_count_characters, value)) if isinstance(value, list) else 0


def _states(
    activity: Activity, transform: Transform, window: Window, cells: NDArray[np.int64] | None
) -> dict[str, Any]:
    with np.errstate(over="ignore", invalid="ignore"):  # of numbers so large that they have no digits, and of any NaN
        values = _rows(activity, window, cells).astype(np.float64)
        if transform == "tanh":
            values = np.tanh(values)
        rounded = np.round(values.T, DIGITS)
    return {**window.describe(), "data": np.where(np.isfinite(rounded), rounded, values.T).tolist()}


def _rows(activity: Activity, window: Window, cells: NDArray[np.int64] | None) -> NDArray[Any]:
    """The stored values of the window, steps x cells; never more of the other cells in memory than a block."""
    states = activity.source.states
    if cells is None:
        return states.rows(window.left, window.stop)
    starts = range(window.left, max(window.stop, window.left + 1), activity.block_steps)
    return np.concatenate(
        [states.rows(start, min(start + activity.block_steps, window.stop))[:, cells] for start in starts]
    )


def _count_on(activity: Activity, window: Window, cells: NDArray[np.int64] | None) -> list[int]:
    counts: list[int] = []
    for start in range(window.left, window.stop, activity.block_steps):
        stop = min(start + activity.block_steps, window.stop)
        counts += activity.rows(start, stop, cells).sum(axis=1).tolist()
    return counts


def _words(words: Words | None, window: Window) -> dict[str, Any]:
    if words is None:
        return {**window.describe(), "right": window.left - 1, "word_ids": [], "words": []}
    ids = words.ids.integers(window.left, window.stop)
    there = {"pos": window.pos, "left": window.left, "right": window.left + len(ids) - 1}
    return {**there, "word_ids": ids.tolist(), "words": words.decode(ids)}


def _sequence_starts(starts: NDArray[np.int64], window: Window) -> list[int]:
    low, high = np.searchsorted(starts, [window.left, window.stop])
    return [int(start) for start in starts[low:high]]


def _annotate(project: Project, annotation: Annotation, windows: list[Window]) -> Any:
    rows = [annotation_rows(annotation.values, annotation.index, window) for window in windows]
    labels = annotation.dictionary
    if annotation.type == "general":
        if labels is None:
            return [values.tolist() for values in rows]
        return [_decode(labels, values) for values in rows]
    result: dict[str, Any] = {"word_ids": [as_integers(values).tolist() for values in rows]}
    if labels is not None:
        result["words"] = [[_decode(labels, ranks) for ranks in values] for values in rows]
    if annotation.weights is not None:
        result["weights"] = [
            annotation_rows(annotation.weights, annotation.index, window).tolist() for window in windows
        ]
    return result


def _decode(labels: Dictionary, values: NDArray[Any]) -> list[str | None]:
    """The labels of ids (n,); None for what is not a finite number."""
    decoded = labels.decode(as_integers(values).tolist())
    return [label if known else None for label, known in zip(decoded, np.isfinite(values).tolist(), strict=True)]


def annotation_rows(values: Matrix, index: Matrix | None, window: Window) -> NDArray[Any]:
    """The annotation's entry for each step of the window, NaN where it has none for the step's word.

    Ends early where the annotation, or the words that it is looked up by, do.
    """
    if index is None:
        return values.rows(window.left, window.stop)
    entries = index.integers(window.left, window.stop)
    known = (entries >= 0) & (entries < len(values))
    rows = values.take(np.where(known, entries, 0)) if len(values) else np.zeros((len(entries), *values.shape[1:]))
    if known.all():
        return rows
    rows = rows.astype(np.float64)
    rows[~known] = np.nan
    return rows
