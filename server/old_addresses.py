"""The addresses of LSTMVis's page, translated into those of this one, so that links of years ago open the same view.

LSTMVis writes `name=value` with JavaScript's `encodeURI`, a list as `..` and its items with commas between them. Its
page shows the corpus from three steps before `pos`, and counts the brushed words from there, their end excluded. Where
it takes 0 for "not given" (`pos`, `activation`), its user saw a 0, and gets one here. What cannot be read is left out.
"""

import re
from urllib.parse import unquote, urlencode

LEFT = 3  # steps in view before `pos`
POS = 100  # `pos` where the address has none
WIDTHS = (7, 200)  # of a column of our page, in pixels: COLUMN_WIDTHS in client/src/state.ts
INTEGER = re.compile(r"-?\d{1,15}", re.ASCII)
NUMBER = re.compile(rf"{INTEGER.pattern}(\.\d{{1,20}})?(e-?\d{{1,2}})?", re.ASCII)


def translate(query: str) -> str:
    """The query of our page for one of LSTMVis's; empty, which is the page of all projects, where it names none."""
    given = _parameters(query)
    if not given.get("project"):
        return ""
    pos = _number(given.get("pos"))
    start = max(0, round(POS if pos is None else pos) - LEFT)
    here = {
        "project": given["project"],
        "source": given.get("source"),
        "pos": str(start),
        "width": _width(given.get("cw")),
        "threshold": None if _number(given.get("activation")) is None else given["activation"],
        "range": _range(given.get("wordBrush"), start),
        "off": _constraints(given.get("wordBrushZero")),
        # LSTMVis takes the cells from the address rather than from the brush: they are pinned.
        "cells": _cells(given.get("sc")),
        "track": _tracks(given.get("meta")),
    }
    return urlencode({name: value for name, value in here.items() if value is not None}, doseq=True)


def _parameters(query: str) -> dict[str, str]:
    """By name. A plus is a plus; of a parameter given twice the last counts."""
    pairs = [part.partition("=") for part in query.split("&")]
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _width(text: str | None) -> str | None:
    width = _number(text)
    return None if width is None else str(min(WIDTHS[1], max(WIDTHS[0], round(width))))


def _range(text: str | None, start: int) -> str | None:
    brush = _integers(text)
    if len(brush) != 2:
        return None
    first, last = max(0, start + brush[0]), start + brush[1] - 1
    return f"{first},{last}" if first <= last else None


def _constraints(text: str | None) -> str | None:
    widths = _integers(text)
    return _joined(widths) if len(widths) == 2 and min(widths) >= 0 else None


def _cells(text: str | None) -> str | None:
    cells = _integers(text)
    return _joined(cells) if cells and min(cells) >= 0 else None


def _tracks(text: str | None) -> list[str] | None:
    """Our page writes that there are none as one without a name."""
    names = _items(text)
    return None if names is None else names or [""]


def _integers(text: str | None) -> list[int]:
    """Empty also where an item is not a whole number."""
    items = _items(text) or []
    return [int(item) for item in items] if all(INTEGER.fullmatch(item) for item in items) else []


def _items(text: str | None) -> list[str] | None:
    if text is None or not text.startswith(".."):
        return None
    return [item for item in text[2:].split(",") if item]


def _number(text: str | None) -> float | None:
    return float(text) if text and NUMBER.fullmatch(text) else None


def _joined(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))
