"""Where tokens and phrases stand in the corpus."""

import html
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.project import Words

# Tokens on either side of what was found.
CONTEXT_WORDS = 5
CONTEXT_CHARACTERS = 20


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
    """The positions of every token of a corpus, in memory: 4 bytes a position. Made on first use, safe in threads.

    Tokens from position `steps` on, which no source has states for, are not found.
    """

    def __init__(self, words: Words, steps: int) -> None:
        assert words.dictionary is not None
        self._words = words
        self._steps = steps
        self._numbers = words.dictionary.ids
        # A few longer ones, such as <unk>, do not make words of characters.
        self.by_character = 2 * sum(len(token) == 1 for token in self._numbers) > len(self._numbers)
        self._lock = threading.Lock()
        # Ids that occur, ascending; where the positions of each begin and end; all positions by id, ascending in each.
        self._postings: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]] | None = None

    def find(self, query: str, limit: int) -> tuple[int, list[Place]]:
        """At how many places the tokens of the query follow each other, and the first `limit` of them."""
        tokens = [query] if query in self._numbers else list(query) if self.by_character else query.split()
        if not tokens or not all(token in self._numbers for token in tokens):
            return 0, []
        numbers = [self._numbers[token] for token in tokens]
        positions = self._positions(numbers[0])
        for offset, number in enumerate(numbers[1:], start=1):
            if not len(positions):
                break
            positions = positions[np.isin(positions + offset, self._positions(number), assume_unique=True)]
        return len(positions), [self._place(int(position), len(tokens)) for position in positions[:limit]]

    def _positions(self, number: int) -> NDArray[np.int64]:
        """Where the token stands, ascending."""
        with self._lock:
            if self._postings is None:
                ids = self._words.ids.integers(0, self._steps)
                occurring, numbers = np.unique(ids, return_inverse=True)
                order = np.argsort(numbers.astype(np.min_scalar_type(len(occurring))), kind="stable")
                ends = np.concatenate([[0], np.cumsum(np.bincount(numbers, minlength=len(occurring)))])
                self._postings = (occurring, ends, order.astype(np.min_scalar_type(len(order))))
        occurring, ends, order = self._postings
        place = int(np.searchsorted(occurring, number))
        if place == len(occurring) or occurring[place] != number:
            return order[:0].astype(np.int64)
        return order[ends[place] : ends[place + 1]].astype(np.int64)

    def _place(self, position: int, length: int) -> Place:
        around = CONTEXT_CHARACTERS if self.by_character else CONTEXT_WORDS
        first = max(position - around, 0)
        ids = self._words.ids.integers(first, min(position + length + around, self._steps))
        tokens = self._words.decode(ids)
        begin, end = position - first, position - first + length
        gap = "" if self.by_character else " "
        before, found, after = (gap.join(part) for part in (tokens[:begin], tokens[begin:end], tokens[end:]))
        return Place(position, before + gap if before else "", found, gap + after if after else "")
