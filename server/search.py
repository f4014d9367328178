"""Where tokens and phrases stand in the corpus."""

import html
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.project import Words

CONTEXT_TOKENS = 5


@dataclass(frozen=True)
class Place:
    """Where a phrase was found, with the tokens around it."""

    index: int
    before: str
    found: str
    after: str

    def text(self, as_html: bool) -> str:
        if not as_html:
            return self.before + self.found + self.after
        return f"{html.escape(self.before)}<b>{html.escape(self.found)}</b>{html.escape(self.after)}"


class PhraseIndex:
    """The positions of every token of a corpus, in memory: 16 bytes a position. Made on first use, safe in threads.

    Tokens from position `steps` on, which no source has states for, are not found.
    """

    def __init__(self, words: Words, steps: int) -> None:
        assert words.dictionary is not None
        self._words = words
        self._steps = steps
        self._numbers = words.dictionary.ids
        self.by_character = all(len(token) == 1 for token in self._numbers)
        self._lock = threading.Lock()
        self._postings: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None

    def find(self, query: str, limit: int) -> list[Place]:
        """The first `limit` places, in the order of the corpus, where the tokens of the query follow each other."""
        tokens = list(query) if self.by_character else query.split()
        if not tokens or not all(token in self._numbers for token in tokens):
            return []
        numbers = [self._numbers[token] for token in tokens]
        positions = self._positions(numbers[0])
        for offset, number in enumerate(numbers[1:], start=1):
            if not len(positions):
                break
            positions = positions[np.isin(positions + offset, self._positions(number), assume_unique=True)]
        return [self._place(int(position), len(tokens)) for position in positions[:limit]]

    def _positions(self, number: int) -> NDArray[np.int64]:
        """Where the token stands, ascending."""
        with self._lock:
            if self._postings is None:
                ids = self._words.ids.integers(0, self._steps)
                order = np.argsort(ids, kind="stable")
                self._postings = (ids[order], order)
        ids, order = self._postings
        low, high = np.searchsorted(ids, [number, number + 1])
        return order[low:high]

    def _place(self, position: int, length: int) -> Place:
        first = max(position - CONTEXT_TOKENS, 0)
        ids = self._words.ids.integers(first, min(position + length + CONTEXT_TOKENS, self._steps))
        tokens = self._words.decode(ids)
        begin, end = position - first, position - first + length
        gap = "" if self.by_character else " "
        before, found, after = (gap.join(part) for part in (tokens[:begin], tokens[begin:end], tokens[end:]))
        return Place(position, before + gap if before else "", found, gap + after if after else "")
