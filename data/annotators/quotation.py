"""Inside quotation marks."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.annotators.text import Text
from lstmvis.data.arrays import Discrete
from lstmvis.data.words import UNKNOWN

LABELS = ["outside", "inside a quotation"]
LONGEST = 3000  # characters: what goes on for longer was no quotation, but a mark that stands alone

PARAGRAPH = r"\n[ \t\r]*\n"
MARK = re.compile(rf"""(?P<paragraph>{PARAGRAPH})|(?P<line>\n)|``|''|["“”„«»‘’']""")
APART = " '"  # a single mark that is a word of its own, and as often an apostrophe
CLOSED_BY = {
    "“": ("”", '"'),
    "„": ("“", "”", '"'),
    "«": ("»",),
    "‘": ("’",),
    "``": ("''", '"'),
    '"': ('"', "”"),
    "'": ("'",),
    APART: ("'",),
}
ELIDED = re.compile(r"'(?:tis|twas|twere|twill|em|til|cause|bout|round|neath|gainst|[dsmt]|ll|re|ve|n)\b|'\d", re.I)
BEFORE_OPENING = " \n\t\r([{<-—–“„«‘`\"'*_"


def quotation(tokens: Sequence[str]) -> Discrete:
    """Whether a token is inside a quotation; the marks are.

    The marks are straight, curly or angled, double or single, and `` with ''. A straight mark opens after white space
    and closes before it; where it stands between spaces, as a word of its own, it does the one after the other.
    Apostrophes are told from single marks by what stands beside them; a single mark that is a word of its own opens
    nothing after a word, as in `the boys ' toys`, nor where nothing closes it in its line. What is open at the end of a
    paragraph, an empty line, ends there, as does a mark that nothing closes within 3,000 characters: one mark too many
    turns no more than that round.
    """
    text = Text.of(tokens)
    return Discrete(text.largest(_inside(text.characters)), LABELS)


def _inside(text: str) -> NDArray[np.uint8]:
    """(characters,) 1 where a quotation is open."""
    inside = np.zeros(len(text), np.uint8)
    open_marks: list[str] = []
    begun = 0
    for found in MARK.finditer(text + "\n\n"):
        mark, start, stop = found[0], found.start(), found.end()
        if mark[0] == "\n" and APART in open_marks:
            del open_marks[open_marks.index(APART) :]
        if found["line"]:
            continue
        if found["paragraph"]:
            if open_marks:
                inside[begun : start if start - begun < LONGEST else begun + 1] = 1
            open_marks.clear()
            continue
        if open_marks and start - begun > LONGEST:
            inside[begun] = 1
            open_marks.clear()
        closed = _closes(mark, text, start, stop, open_marks)
        if closed is not None:
            del open_marks[closed:]
            if not open_marks:
                inside[begun:stop] = 1
        elif _opens(mark, text, start, stop, open_marks):
            if not open_marks:
                begun = start
            open_marks.append(APART if _is_apart(mark, text, start, stop) else mark)
    return inside


def _closes(mark: str, text: str, start: int, stop: int, open_marks: list[str]) -> int | None:
    """Which of the open marks this one closes, None: none of them."""
    place = next((n for n in reversed(range(len(open_marks))) if mark in CLOSED_BY[open_marks[n]]), None)
    if place is None:
        return None
    before, after = text[start - 1 : start], text[stop : stop + 1]
    if mark in "'’":
        return None if after.isalnum() or _is_possessive(mark, text, start) else place
    if mark == '"' and before.isspace() and after and not after.isspace():
        return None  # it opens: the one before was never closed
    return place


def _opens(mark: str, text: str, start: int, stop: int, open_marks: list[str]) -> bool:
    before, after = text[start - 1 : start], text[stop : stop + 1]
    if mark not in CLOSED_BY or mark in open_marks:
        return False
    if _is_apart(mark, text, start, stop):
        return APART not in open_marks and not _follows_word(text, start)
    if mark == "'":
        return (not before or before in BEFORE_OPENING) and after.isalnum() and not ELIDED.match(text, start)
    if mark == '"':
        return bool(after) and (not before or before in BEFORE_OPENING or not after.isspace())
    return True


def _is_possessive(mark: str, text: str, start: int) -> bool:
    """Whether a straight mark at the end of a word may be an apostrophe, as in `the boys' toys`."""
    return mark == "'" and text[start - 1] in "sS"


def _is_apart(mark: str, text: str, start: int, stop: int) -> bool:
    return mark == "'" and text[start - 1 : start] in ("", *" \n\t") and text[stop : stop + 1] == " "


def _follows_word(text: str, start: int) -> bool:
    """Whether the last that stands before `start`, but for spaces, is of a word; `<unk>` is one."""
    before = text[max(0, start - 8) : start].rstrip(" ")
    return before[-1:].isalnum() or before.endswith(UNKNOWN)
