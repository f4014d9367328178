"""The view with which a project opens: `opening` in lstm.yml, the page's own address of it.

An address says what is looked at and what is selected; `client/src/address.ts` has all of its parameters, and here are
those that the matches follow from. As there, what is left out has its default, and what cannot be read is left out.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, quote, urlencode

import yaml

from lstmvis.data.errors import ProjectError

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


def write_opening(configuration: Path, address: str) -> None:
    """Make `address` the `opening` of an lstm.yml, all else of which stays as it is, comments too.

    The file is at every moment either as it was or whole. Raises ProjectError where it is not written so that a line
    can be put in.
    """
    path = configuration.resolve()
    before = path.read_bytes().decode()
    line = f"opening: {address}"
    after = _with_line(before, line)
    try:
        as_meant = yaml.safe_load(after) == yaml.safe_load(before) | {"opening": address}
    except (yaml.YAMLError, TypeError):
        as_meant = False
    if not as_meant:
        raise ProjectError(f"{configuration} has a form that cannot be amended. Write into it by hand: {line}")
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(after.encode())
        shutil.copymode(path, part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _with_line(text: str, line: str) -> str:
    """The configuration with this line in the place of its `opening`, or at its end."""
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError:
        return text
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "opening":
            return text[: key.start_mark.index] + line + text[value.end_mark.index :]
    end = "\r\n" if "\r\n" in text else "\n"
    return text + ("" if text.endswith("\n") else end) + line + end


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
