"""The doctor's look at the states."""

from collections.abc import Iterator

import numpy as np

from lstmvis.data.check_corpus import check_length
from lstmvis.data.findings import Finding, are, fault, hint, number, share
from lstmvis.data.project import Project, Source
from lstmvis.data.statistics import SATURATED, THRESHOLD, Statistics

MOST_SATURATED = 0.5  # of the states of a source
MOST_CONSTANT = 0.1  # of its cells
NEAR_ONE = 0.95  # states that reach this far and never beyond 1 have most likely been through tanh


def check_source(project: Project, source: Source, statistics: Statistics | None) -> Iterator[Finding]:
    """What the layout of a source and its figures, where it could be read, say about it."""
    where = f"source {source.id}"
    if not source.steps or not source.cells:
        yield fault(where, f"It holds no states: it has {source.steps:,} steps x {source.cells:,} cells.")
        return
    yield from _check_layout(project, source, where)
    if statistics:
        yield from _check_values(source, statistics, where)


def _check_layout(project: Project, source: Source, where: str) -> Iterator[Finding]:
    states, steps, cells = source.states, source.steps, source.cells
    if project.words and cells == len(project.words.ids) != steps:
        what = f"It seems to lie cells x steps: it is {steps:,} x {cells:,}, and there are {cells:,} tokens."
        yield fault(where, what, "Store its transpose: the states of step t are row t.")
    else:
        yield from check_length(project, where, steps)
    if states.chunks:
        layout = f"compressed ({states.compression})" if states.compression else "stored in chunks"
        change = (
            "Write it in one piece: in h5py, `create_dataset` without `chunks`, `compression` and `maxshape`; for a "
            "whole file, `h5repack -f NONE -l CONTI OLD NEW`."
        )
        yield hint(where, f"{states.name} is {layout}. It works, but is read more slowly.", change)
    if states.dtype not in (np.float32, np.float16):
        what = f"{states.name} is stored as {states.dtype}. It works, but is read more slowly."
        yield hint(where, what, "Store it as float32, or as float16 for half the disk.")


def _check_values(source: Source, statistics: Statistics, where: str) -> Iterator[Finding]:
    for count, first, name in (
        (statistics.nan, statistics.first_nan, "NaN"),
        (statistics.infinite, statistics.first_infinite, "infinite"),
    ):
        if count:
            place = f"position {first[0]:,}, cell {first[1]:,}"
            what = f"Of {source.steps * source.cells:,} states, {are(count)} {name}; the first is at {place}."
            yield fault(where, what, "Look for a division by 0, a model that diverged, or float16 that overflowed.")
    if source.steps == 1:
        return  # nothing can change, and a threshold has little to tell
    if statistics.constant_cells == source.cells:
        what = f"No cell ever changes; all states lie in {number(statistics.lowest)} to {number(statistics.highest)}."
        yield hint(where, what, "Was the array filled after it was made? Is this the right `path`?")
        return
    if statistics.constant_cells > MOST_CONSTANT * source.cells:
        what = f"{statistics.constant_cells:,} of {source.cells:,} cells never change."
        yield hint(where, what, "Are these cells dead, or columns that were never filled?")
    if source.unsigned and statistics.lowest < 0:
        what = f"`unsigned: true` says that no state is below 0; the lowest is {number(statistics.lowest)}."
        yield hint(where, what, "Write `unsigned: false`.")
    if statistics.nan + statistics.infinite < source.steps * source.cells:
        yield from _check_threshold(source, statistics, where)


def _check_threshold(source: Source, statistics: Statistics, where: str) -> Iterator[Finding]:
    """Whether a threshold tells some activations from others."""
    low, high, squashed = statistics.lowest, statistics.highest, source.transform == "tanh"
    reach, span = max(-low, high), f"{number(low)} to {number(high)}"
    if squashed and reach <= 1 and (reach > NEAR_ONE or source.type in ("hidden", "output")):
        what = f"The states lie in {span}, as if tanh had been taken of them already, and it is taken again."
        yield hint(where, what, "For a hidden state, or any other activation, write `transform: none`.")
    elif squashed and statistics.share_saturated > MOST_SATURATED:
        what = (
            f"{share(statistics.share_saturated)} of the activations are beyond ±{SATURATED}, for tanh is taken of "
            f"states in {span}: a threshold tells little more than their sign."
        )
        yield hint(
            where, what, "Where these are no cell states, write `transform: none`; thresholds are then in their range."
        )
    elif not squashed and reach > 1 and source.type in ("cell", "state"):
        what = f"The states lie in {span}, and `transform: none` leaves them so."
        yield hint(where, what, "For the cell state of an LSTM write `transform: tanh`: that is its activation.")
    if not statistics.share_on:
        top = np.tanh(high) if squashed else high
        what = f"No activation reaches {THRESHOLD}, where the page's threshold begins; the highest is {number(top)}."
        yield hint(where, what, "Choose a lower threshold, or scale the states.")
    elif statistics.share_on == 1:
        what = f"Every activation is at least {THRESHOLD}, where the page's threshold begins: all cells are always on."
        yield hint(where, what, "Choose a higher threshold.")
