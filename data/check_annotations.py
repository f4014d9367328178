"""The doctor's look at annotations."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.check_corpus import check_ids, check_length, shown
from lstmvis.data.dictionary import Dictionary
from lstmvis.data.errors import ProjectError
from lstmvis.data.findings import Finding, are, at, fault, hint, how_many, number, share
from lstmvis.data.matrix import as_integers
from lstmvis.data.project import Annotation, Project, did_you_mean
from lstmvis.data.statistics import Tally, Watch, blocks

VIEWS = ("discrete", "scalar", "wordvec")


def check_annotation(project: Project, annotation: Annotation, watch: Watch) -> Iterator[Finding]:
    where = f"annotation {annotation.name}"
    vis = project.meta[annotation.name]["vis"]
    given = project.config["meta"][annotation.name].get("vis") or {}
    yield from _check_view(annotation, vis["type"], given, where)
    try:
        if annotation.index is None:
            yield from check_length(project, where, len(annotation.values))
        else:
            yield from _check_index(project, annotation, where)
        stop = None if annotation.index else shown(project)
        if annotation.dictionary or annotation.type == "wordvec":
            yield from check_ids(where, annotation.values, annotation.dictionary, stop, watch, required=False)
            if annotation.dictionary and vis["type"] == "discrete" and "range" in given:
                yield from _check_labels(annotation, annotation.dictionary, vis["range"], where, stop)
        else:
            yield from _check_numbers(project, annotation, vis, where, stop, watch)
    except ProjectError as error:
        yield fault(where, str(error), error.change)


def _check_view(annotation: Annotation, view: str, given: dict[str, Any], where: str) -> Iterator[Finding]:
    if not given:
        yield hint(where, f"It has no `vis`, so it is drawn as {view}.", f"Write `vis: {{type: {view}}}`.")
    if view not in VIEWS:
        change = did_you_mean(str(view), VIEWS) or f"What is drawn: {', '.join(VIEWS)}."
        yield fault(where, f"Nothing draws `vis: {{type: {view}}}`.", change)
    elif (view == "wordvec") != (annotation.type == "wordvec"):
        what = f"Its `type` is {annotation.type} and that of its `vis` {view}, which do not go together."
        yield fault(where, what, "Ranked words have `wordvec` as both; everything else has it as neither.")
    elif view == "scalar" and annotation.dictionary:
        what = "It is drawn on a scale of numbers, but its `dict` gives it labels."
        yield fault(where, what, "Write `vis: {type: discrete, range: dict}`, or take `dict` out.")
    elif view == "discrete" and annotation.dictionary and "range" not in given:
        what = "Its labels have no order, so their colours are arbitrary."
        yield hint(where, what, "Write `vis: {type: discrete, range: dict}`.")


def _check_index(project: Project, annotation: Annotation, where: str) -> Iterator[Finding]:
    """Positions whose id has no row."""
    outside = Tally()
    for start, block in blocks(annotation.index, shown(project)) if annotation.index else ():
        ids = as_integers(block)
        outside.add((ids < 0) | (ids >= len(annotation.values)), start)
    if outside.count:
        what = (
            f"It is looked up by id and has {len(annotation.values):,} rows. Nothing is shown at "
            f"{how_many(outside.count, 'position')} whose id is beyond them; the first is {at(outside)}."
        )
        yield hint(where, what, "Give it a row for each id, from 0 on.")


def _check_labels(
    annotation: Annotation, dictionary: Dictionary, values: list[Any], where: str, stop: int | None
) -> Iterator[Finding]:
    """Whether the range, a list of labels, has those that occur."""
    names = {str(value) for value in values}
    ids = dictionary.numbers()
    not_named = np.array([n for n, label in zip(ids, dictionary.decode(ids), strict=True) if label not in names], int)
    if not len(not_named):
        return
    outside, total, example = Tally(), 0, 0
    for start, block in blocks(annotation.values, stop):
        strangers = np.isin(block, not_named)
        if not outside.count and strangers.any():
            example = int(block[strangers][0])
        outside.add(strangers, start)
        total += len(block)
    if outside.count:
        which = f"the first is {dictionary.decode([example])[0]!r}, {at(outside)}"
        yield _not_covered(where, outside, total, which, "Add them, or write `range: dict` for all labels.")


def _check_numbers(
    project: Project, annotation: Annotation, vis: dict[str, Any], where: str, stop: int | None, watch: Watch
) -> Iterator[Finding]:
    """Whether the range, two ends or a list of numbers, has those that occur."""
    none, outside, total = Tally(), Tally(), 0
    # A loss has no value at the first token, and after each reset.
    begins: NDArray[np.int64] = np.zeros(0, np.int64) if annotation.index else np.append(0, project.sequence_starts)
    low, high = np.inf, -np.inf
    for start, block in blocks(annotation.values, stop, watch):
        values: NDArray[np.float64] = block.astype(np.float64)
        finite = np.isfinite(values)
        none.add(~finite & ~np.isin(np.arange(start, start + len(values)), begins), start)
        if finite.any():
            low, high = min(low, float(values[finite].min())), max(high, float(values[finite].max()))
        if vis["type"] == "scalar":
            outside.add(finite & ((values < vis["range"][0]) | (values > vis["range"][1])), start)
        elif vis["type"] == "discrete":
            listed = [value for value in vis["range"] if isinstance(value, int | float)]
            outside.add(finite & ~np.isin(values, listed), start)
        total += int(np.count_nonzero(finite))
    if none.count:
        name = annotation.values.name
        what = f"Of the values in {name}, {are(none.count)} NaN or infinite; the first is {at(none)}."
        yield hint(where, what, "Nothing is drawn there, which may be meant.")
    if outside.count:
        which = f"they lie in {number(low)} to {number(high)}"
        low, high = math.floor(low), math.ceil(high)
        ends = f"[{low}, {high}]" if vis["type"] == "scalar" else f"{low}...{high + 1}"
        yield _not_covered(where, outside, total, which, f"For all of them write `range: {ends}`.")


def _not_covered(where: str, outside: Tally, total: int, which: str, change: str) -> Finding:
    if outside.count == total:
        return fault(where, f"Its `range` covers none of its values; {which}.", change)
    return hint(where, f"Its `range` leaves out {share(outside.count / total)} of its values; {which}.", change)
