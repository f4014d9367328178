"""What the doctor finds, and the words it has for numbers and places."""

from dataclasses import dataclass
from typing import Literal

from lstmvis.data.statistics import Tally


@dataclass(frozen=True)
class Finding:
    """A fault keeps a part of a project from working or from being right.

    A hint is what works, but slower, less or otherwise than its owner may think.
    """

    severity: Literal["fault", "hint"]
    where: str
    what: str
    change: str = ""
    example: str = ""  # lines to be copied as they are


def fault(where: str, what: str, change: str = "", example: str = "") -> Finding:
    return Finding("fault", where, what, change, example)


def hint(where: str, what: str, change: str = "") -> Finding:
    return Finding("hint", where, what, change)


def at(tally: Tally) -> str:
    position, *column = tally.first
    return f"at position {position:,}" + (f", rank {column[0]}" if column else "")


def how_many(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def are(count: int) -> str:
    return f"{count:,} {'is' if count == 1 else 'are'}"


def share(part: float) -> str:
    return f"{part:.1%}" if part >= 0.001 else "less than 0.1%"


def number(value: float) -> str:
    return f"{value:.4g}"
