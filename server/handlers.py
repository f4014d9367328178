"""The request handlers, one for each operation of lstm_server.yaml: parse, call, encode, and nothing else."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
from flask import Response, current_app
from numpy.typing import NDArray

from lstmvis.data.project import TRANSFORMS, Project, Source, Transform
from lstmvis.server import encoding
from lstmvis.server.activity import Activity, Sides, cut_of
from lstmvis.server.errors import BadParameterError, UnknownNameError
from lstmvis.server.library import Library, ServedProject
from lstmvis.server.matching import Match, Query, find_matches
from lstmvis.server.overtaking import Overtaking
from lstmvis.server.search import Findings, Kind
from lstmvis.server.selection import select_cells
from lstmvis.server.sending import BYTES_OF_A_VALUE, LargeAnswers
from lstmvis.server.threads import Turns
from lstmvis.server.windows import count_values, find_annotations, read_windows, whole_names, window_around

Request = dict[str, Any]
LARGEST = 2**53  # integers beyond it are not exact in JSON
MOST_STATES_BYTES = 32_000_000
BYTES_OF_A_PLACE = 100  # of `/search`, besides its text, which it has twice


@dataclass(frozen=True)
class Service:
    """What the handlers share; the app's configuration holds one."""

    KEY: ClassVar[str] = "LSTMVIS_SERVICE"

    library: Library
    overtaking: Overtaking
    turns: Turns  # for what reads much of the corpus
    expressions: Turns  # searches that take up to seconds: matches do not wait for them
    answers: LargeAnswers


def health() -> dict[str, Any]:
    """What is known without looking at any file."""
    library = _service().library
    entries = library.entries()
    return {
        "status": "ok",
        "version": version("lstmvis"),
        "projects": len(entries),
        "with_errors": sum(entry.has_error for entry in entries),
        "indexing": library.indexer.building,
    }


def info() -> list[dict[str, Any]]:
    service = _service()
    service.library.refresh()
    return [entry.describe() for entry in service.library.entries()]


def context(**request: Any) -> Response:
    view = _view(request)
    cells = _cells(request, view.activity)
    positions = [_bounded(pos) for pos in request["pos"]]
    left, right = _bounded(request["left"]), _bounded(request["right"])
    dims = request["dims"] = whole_names(view.project, request.get("dims") or [])
    values = count_values(view.project, view.activity, positions, left, right, dims, cells)
    with _service().answers.room(values * BYTES_OF_A_VALUE):
        results = read_windows(view.project, view.activity, view.transform, positions, left, right, dims, cells)
        return _json({"request": _echo(request, view.transform, "cells", "dims"), "results": results})


def states(**request: Any) -> Response:
    view = _view(request)
    first, last = _range(request)
    window = window_around(first, 0, last - first, view.source.steps)
    stored = view.source.states
    size = (window.stop - window.left) * view.source.cells * _portable_type(stored.dtype).itemsize
    if size > MOST_STATES_BYTES:
        limit = f"nearer to 'from': this is {size:,} bytes, and the limit is {MOST_STATES_BYTES:,}"
        raise BadParameterError("to", limit)
    headers = {"X-Cut": repr(view.activity.cut), "X-From": str(window.left), "Cache-Control": "no-store"}
    with _service().answers.room(size):
        values = stored.rows(window.left, window.stop)
        body = io.BytesIO()
        np.save(body, np.ascontiguousarray(values, _portable_type(stored.dtype)), allow_pickle=False)
        return Response(body.getvalue(), mimetype="application/octet-stream", headers=headers)


def cuts(**request: Any) -> dict[str, Any]:
    _, _, transform = _source(request)
    found = [cut_of(_threshold(threshold, transform), transform) for threshold in request["activation"]]
    return {"request": _echo(request, transform), "results": {"cuts": found}}


def select(**request: Any) -> dict[str, Any]:
    view = _view(request)
    first, last = _range(request)
    window = window_around(first, 0, last - first, view.source.steps)
    if window.right < window.left:
        raise BadParameterError("from", f"a position of the corpus, 0 to {view.source.steps - 1}")
    constraints = _constraints(request)
    with _service().turns.taken():
        cells = select_cells(view.activity, window.left, window.right, constraints, view.project.sequence_starts)
    return {"request": _echo(request, view.transform), "results": {"cells": cells.tolist()}}


def match(**request: Any) -> Response:
    view = _view(request)
    cells = _cells(request, view.activity)
    selected = np.zeros(0, np.int64) if cells is None else cells
    left, right = _bounded(request["left"]), _bounded(request["right"])
    query = Query(
        cells=tuple(selected.tolist()),
        constraints=_constraints(request),
        min_length=_bounded(request["min_length"]),
        phrase_length=_bounded(request["phrase_length"]),
        limit=request["limit"],
        match_length=_match_length(request),
    )
    dims = request["dims"] = whole_names(view.project, request.get("dims") or [])
    find_annotations(view.project, dims)  # a name that is wrong is told before the work, not after
    service = _service()
    activity = replace(view.activity, index=service.library.indexer.find(view.project, view.source))
    with service.overtaking.newest(request.get("page")) as check, service.turns.taken(check):
        found = find_matches(activity, query, view.project.sequence_starts, check)
        positions = [best.position for best in found.best]
        window = (view.project, view.activity, positions, left, right, dims, selected)
        with service.answers.room(count_values(*window) * BYTES_OF_A_VALUE):
            results = {
                "rankingDetail": [{"pos": best.position, "factors": _factors(best)} for best in found.best],
                "positionDetail": read_windows(view.project, view.activity, view.transform, *window[2:]),
                "counts": found.counts.tolist(),
                "fuzzyLengthHistogram": found.fuzzy_lengths.tolist(),
                "strictLengthHistogram": found.strict_lengths.tolist(),
            }
            return _json({"request": _echo(request, view.transform, "cells", "dims"), "results": results})


def search(**request: Any) -> Response:
    service = _service()
    entry, _ = _project(request)
    kind: Kind = request.get("kind") or entry.kind_of(request["q"])
    turns = service.turns if kind == "phrase" and "*" not in request["q"] else service.expressions
    # One after the other: a match has its turn while it waits for room.
    with turns.taken():
        found = Findings()
        if entry.search:
            found = entry.search.find(request["q"], request["limit"], kind, request["case"])
    size = sum(BYTES_OF_A_PLACE + 2 * len(place.text(as_html=False)) for place in found.places)
    with service.answers.room(size):
        places = [
            {
                "index": place.index,
                "length": place.length,
                "text": place.text(as_html=request["html"]),
                "parts": [place.before, place.found, place.after],
            }
            for place in found.places
        ]
        echo = {**request, "kind": kind}
        return _json({"request": echo, "total": found.total, "complete": found.complete, "res": places})


@dataclass(frozen=True)
class _View:
    project: Project
    source: Source
    transform: Transform
    activity: Activity


def _service() -> Service:
    service: Service = current_app.config[Service.KEY]
    return service


def _project(request: Request) -> tuple[ServedProject, Project]:
    return _service().library.get(request["project"])


def _source(request: Request) -> tuple[Project, Source, Transform]:
    _, project = _project(request)
    source = project.sources.get(request["source"])
    if source is None:
        raise UnknownNameError("source", request["source"], project.sources)
    transform: Transform = request.get("transform") or source.transform
    assert transform in TRANSFORMS
    return project, source, transform


def _json(content: Any) -> Response:
    """Written here rather than by connexion, so that it is done while the answer has its room."""
    return Response(encoding.dumps(content), mimetype="application/json")


def _echo(request: Request, transform: Transform, *lists: str) -> Request:
    """The request with its defaults filled in, also those that lstm_server.yaml cannot know."""
    return {**request, "transform": transform, **{name: request.get(name) or [] for name in lists}}


def _view(request: Request) -> _View:
    project, source, transform = _source(request)
    threshold = _threshold(request["activation"], transform)
    sides: Sides = request.get("sides", "positive")
    if sides == "both" and threshold <= 0:
        raise BadParameterError("activation", f"above 0 where 'sides' is both, not {threshold}")
    return _View(project, source, transform, Activity(source, cut_of(threshold, transform), sides))


def _threshold(threshold: float, transform: Transform) -> float:
    if transform == "tanh" and not -1 < threshold < 1:
        allowed = f"between -1 and 1, both excluded, for the transform tanh, not {threshold}"
        raise BadParameterError("activation", allowed)
    if not math.isfinite(threshold):
        raise BadParameterError("activation", f"a finite number, not {threshold}")
    return threshold


def _bounded(number: int) -> int:
    """Positions and widths far outside any corpus mean the same as its ends."""
    return max(-LARGEST, min(number, LARGEST))


def _range(request: Request) -> tuple[int, int]:
    first, last = _bounded(request["from"]), _bounded(request["to"])
    if last < first:
        raise BadParameterError("to", f"a position from 'from' on, which is {first}; it is {last}")
    return first, last


def _constraints(request: Request) -> tuple[int, int]:
    before, after = request["constraints"]
    return _bounded(before), _bounded(after)


def _match_length(request: Request) -> tuple[int, int] | None:
    lengths = request.get("match_length")
    if lengths is None:
        return None
    low, high = lengths
    if high < low:
        raise BadParameterError("match_length", f"two lengths, the lower one first, not {low},{high}")
    return _bounded(low), _bounded(high)


def _cells(request: Request, activity: Activity) -> NDArray[np.int64] | None:
    """The ids that were asked for, ascending, each once; None for all of them."""
    bitmask = request.get("bitmask")
    given: Sequence[int]
    if bitmask is not None:
        given = [number for number, bit in enumerate(bitmask) if bit == "1"]
    else:
        given = request.get("cells") or []
    outside = [cell for cell in given if not 0 <= cell < activity.ids]
    if outside:
        name = "cells" if bitmask is None else "bitmask"
        raise BadParameterError(name, f"cells from 0 to {activity.ids - 1}, not {outside[0]}")
    return np.unique(np.asarray(given, np.int64)) if len(given) else None


def _portable_type(stored: np.dtype[Any]) -> np.dtype[Any]:
    """A type that every page can read and that holds the same numbers: little-endian float32 or float64."""
    return np.dtype("<f4" if np.can_cast(stored, np.float32) else "<f8")


def _factors(best: Match) -> list[float]:
    return [
        best.position,
        0,
        best.length,
        best.jaccard,
        best.wanted - best.selected,
        best.union,
        best.selected,
    ]
