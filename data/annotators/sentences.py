"""Where sentences begin in a corpus of words."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.annotators.text import numbers_are_n
from lstmvis.data.words import END_OF_LINE

ENDS = ".!?…"
CLOSERS = frozenset({"''", "”", "’", "»", ")", "]", "}", "'", "-RRB-", "-rrb-"})
ABBREVIATED = re.compile(
    "mr|mrs|ms|dr|st|prof|rev|hon|gen|col|capt|lieut|sr|jr|messrs|mme|mlle|vs|etc|no|vol|[a-z]", re.IGNORECASE
)
LINE_ENDS = frozenset({END_OF_LINE, "\n", "\r\n", "\n\n"})


def sentence_starts(words: Sequence[str]) -> NDArray[np.int64]:
    """The first positions (sentences,) of the sentences, ascending from 0.

    A sentence ends after `.`, `!` or `?`, with the closing marks that follow, unless it goes on in small letters or the
    point is that of an abbreviation. It also ends after `<eos>` or a line end, where most of these follow the end of
    a sentence or there is hardly any punctuation; else only where two of them stand together, after an empty line.
    """
    kinds = set(words)
    apart = "." in kinds or not any(word[-1:] in ENDS for word in kinds)  # points are tokens of their own
    ends = {word for word in kinds if _ends(word, apart)}
    marks = {word for word in ends if not any(map(str.isalnum, word))}
    lines = kinds & LINE_ENDS
    cased = any(word[:1].isupper() for word in kinds) and not numbers_are_n(kinds)
    small = {word for word in kinds if word[:1].islower()} if cased else set()
    at_every_line = _lines_are_sentences(words, lines, ends)

    starts = [0] if words else []
    ended = certain = quoted = False  # certain: also before small letters
    for position, word in enumerate(words):
        if word in lines:
            doubled = word == "\n\n" or (position > 0 and words[position - 1] in lines)
            certain = certain or at_every_line or doubled
            quoted = quoted and not doubled
            continue
        closes = word in CLOSERS or (word == '"' and quoted)
        if certain or (ended and not closes and word not in marks and word not in small):
            if position:
                starts.append(position)
            ended = False
        ended, certain = word in ends or (ended and closes), False
        if word == '"':
            quoted = not quoted
    return np.array(starts, np.int64)


def sentence_ranges(words: Sequence[str]) -> list[tuple[int, int]]:
    """The first position of each sentence, and the one behind its last."""
    starts = sentence_starts(words).tolist()
    return list(zip(starts, [*starts[1:], len(words)], strict=False))  # no words: no sentence, but an end


def _lines_are_sentences(words: Sequence[str], lines: set[str], ends: set[str]) -> bool:
    if not lines:
        return False
    before = [words[place - 1] for place, word in enumerate(words) if place and word in lines]
    texts = [word for word in before if word not in lines]
    closed = sum(word in ends or word in CLOSERS or word == '"' for word in texts)
    punctuation = sum(word in ends for word in words)
    return 2 * closed >= len(texts) or 2 * punctuation < len(texts)


def _ends(word: str, apart: bool) -> bool:
    bare = word.rstrip("\"'”’»)]")
    if bare[-1:] not in ENDS or not bare:
        return False
    name = bare.rstrip(ENDS)
    if not name:
        return True
    return not apart and not (bare[-1] == "." and ABBREVIATED.fullmatch(name))
