"""The view with which a project opens: `opening` in lstm.yml, the page's own address of it.

An address says what is looked at and what is selected; `client/src/address.ts` has all of its parameters, and here are
those that the matches follow from. As there, what is left out has its default, and what cannot be read is left out.
"""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, quote, urlencode

LengthRule = Literal["any", "same", "atLeast"]


@dataclass(frozen=True)
class View:
    """A selection, and what is looked at."""

    source: str  # `file::path`; empty for the project's first
    pos: int  # in the first column
    threshold: float
    range: tuple[int, int] | None  # first and last position
    constraints: tuple[int, int] = (1, 0)
    sides: Literal["positive", "both"] = "positive"
    cells: tuple[int, ...] | None = None  # ascending; None where they follow from the range
    added: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()
    length_rule: LengthRule = "any"  # of the matches, compared with that of the range
    lengths: tuple[int, int] | None = None  # of the matches that are listed
    tracks: tuple[str, ...] | None = None  # annotations shown; None for the project's first
    colour: str = "cell_count"  # what the words of the matches are coloured by

    @property
    def address(self) -> str:
        """What follows the `?`, without the project."""
        numbers: dict[str, tuple[float, ...] | None] = {
            "pos": (self.pos,),
            "threshold": (self.threshold,),
            "range": self.range,
            "off": self.constraints,
            "cells": self.cells,
            "add": self.added or None,
            "drop": self.dropped or None,
            "lengths": self.lengths,
        }
        given: dict[str, str | list[str]] = {"source": self.source} if self.source else {}
        given |= {name: ",".join(map(str, value)) for name, value in numbers.items() if value is not None}
        given |= {"sides": self.sides} if self.sides != "positive" else {}
        given |= {"length": self.length_rule} if self.length_rule != "any" else {}
        given |= {"track": list(self.tracks) or [""]} if self.tracks is not None else {}
        given |= {"colour": self.colour} if self.colour != "cell_count" else {}
        return urlencode(given, doseq=True, safe=":/,", quote_via=quote)


def read_view(address: str) -> View:
    given = parse_qs(address, keep_blank_values=True)

    def first(name: str) -> str:
        return given.get(name, [""])[0]

    threshold = _number(first("threshold"))
    pos, off = _integers(first("pos")) or (), _integers(first("off")) or ()
    lengths, rule = _ascending(first("lengths")), first("length")
    tracks = tuple(dict.fromkeys(track for track in given["track"] if track)) if "track" in given else None
    return View(
        source=first("source"),
        pos=pos[0] if len(pos) == 1 else 0,
        threshold=0.3 if threshold is None else threshold,
        range=_ascending(first("range")),
        constraints=(off[0], off[1]) if len(off) == 2 else (1, 0),
        sides="both" if first("sides") == "both" and (threshold is None or threshold > 0) else "positive",
        cells=_integers(first("cells")) if "cells" in given else None,
        added=_integers(first("add")) or (),
        dropped=_integers(first("drop")) or (),
        length_rule="same" if rule == "same" else "atLeast" if rule == "atLeast" else "any",
        lengths=lengths if lengths and lengths[0] else None,
        tracks=tracks,
        colour=first("colour") if "colour" in given else "cell_count",
    )


def without_project(address: str) -> str:
    """What a view's address says about the view alone, of whatever was copied: the whole of it, or its last part."""
    pairs = parse_qsl(address.strip().rpartition("?")[2], keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] != "project"], safe=":/,", quote_via=quote)


def _integers(text: str) -> tuple[int, ...] | None:
    """Whole numbers from 0 on with commas between them; None where one of them is not."""
    parts = text.split(",") if text else []
    if not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts):
        return None
    return tuple(int(part) for part in parts)


def _ascending(text: str) -> tuple[int, int] | None:
    numbers = _integers(text) or ()
    return (numbers[0], numbers[1]) if len(numbers) == 2 and numbers[0] <= numbers[1] else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None
