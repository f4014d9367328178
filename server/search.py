"""Where tokens and phrases stand in the corpus."""

import html
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.compiling import compiled
from lstmvis.data.project import Words
from lstmvis.server.errors import BadParameterError
from lstmvis.server.windows import MOST_CHARACTERS

# Tokens on either side of what was found.
CONTEXT_WORDS = 5
CONTEXT_CHARACTERS = 20
FEW_TOKENS = 8  # of a phrase, whose positions are compared one token after the other
FEW_PLACES = 64  # so few that each is looked at
BLOCK = 1 << 20  # steps that are read together


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
        for offset, number in enumerate(numbers[1:FEW_TOKENS], start=1):
            if not len(positions):
                break
            positions = positions[np.isin(positions + offset, self._positions(number), assume_unique=True)]
        if len(numbers) > FEW_TOKENS:
            positions = self._long_phrase(np.array(numbers, np.int64), positions)
        return len(positions), self._places(positions[:limit].tolist(), len(tokens))

    def _long_phrase(self, numbers: NDArray[np.int64], candidates: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where a phrase stands whose first tokens stand at `candidates`. In a corpus that repeats itself these do not
        become fewer with each token, so then all of it is read once."""
        if len(candidates) <= FEW_PLACES:
            found = [self._stands_at(numbers, position) for position in candidates.tolist()]
            return candidates[np.array(found, np.bool_)]
        return find_phrase(self._words.ids.integers, self._steps, numbers)

    def _stands_at(self, numbers: NDArray[np.int64], position: int) -> bool:
        return np.array_equal(self._words.ids.integers(position, min(position + len(numbers), self._steps)), numbers)

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

    def _places(self, positions: list[int], length: int) -> list[Place]:
        """Raises BadParameterError where they would be more text than one answer holds."""
        places, characters = [], 0
        for position in positions:
            place = self._place(position, length)
            characters += len(place.before) + len(place.found) + len(place.after)
            if characters > MOST_CHARACTERS:
                less = (
                    f"smaller, or 'q' shorter: these are more than {MOST_CHARACTERS:,} characters, which is the limit"
                )
                raise BadParameterError("limit", less)
            places.append(place)
        return places

    def _place(self, position: int, length: int) -> Place:
        around = CONTEXT_CHARACTERS if self.by_character else CONTEXT_WORDS
        first = max(position - around, 0)
        ids = self._words.ids.integers(first, min(position + length + around, self._steps))
        tokens = self._words.decode(ids)
        begin, end = position - first, position - first + length
        gap = "" if self.by_character else " "
        before, found, after = (gap.join(part) for part in (tokens[:begin], tokens[begin:end], tokens[end:]))
        return Place(position, before + gap if before else "", found, gap + after if after else "")


def find_phrase(
    read: Callable[[int, int], NDArray[np.int64]], steps: int, phrase: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Where a phrase of ids begins in the ids 0..steps (excluded) that `read(start, stop)` gives, ascending.

    Takes as long as reading them, whatever the phrase: Knuth, Morris and Pratt's method, SIAM J. Comput. 6 (1977).
    """
    shorter = np.zeros(len(phrase), np.int64)
    _match_phrase(phrase[1:], phrase, shorter, 0, shorter[1:], np.empty(len(phrase), np.int64))
    found, matched = [], 0
    for start in range(0, steps, BLOCK):
        ids = read(start, min(start + BLOCK, steps))
        ends = np.empty(len(ids), np.int64)
        number, matched = _match_phrase(ids, phrase, shorter, matched, ends[:0], ends)
        found.append(ends[:number] + (start + 1 - len(phrase)))
    return np.concatenate(found) if found else np.zeros(0, np.int64)


@compiled
def _match_phrase(
    ids: NDArray[np.int64],
    phrase: NDArray[np.int64],
    shorter: NDArray[np.int64],
    matched: int,
    lengths: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> tuple[int, int]:
    """Go on through `ids` after `matched` tokens of the phrase; where it ends is written to `ends`.

    `shorter[i]` is how long the longest beginning of the phrase is with which its first i + 1 tokens end, these
    themselves apart: what still fits where the next token does not. `lengths`, unless empty, gets how many tokens fit
    after each id: read against itself from its second token on, the phrase gives its own `shorter`. Returns how many
    ends there are, and how many tokens fit after the last id.
    """
    number = 0
    for index in range(len(ids)):
        while matched > 0 and ids[index] != phrase[matched]:
            matched = shorter[matched - 1]
        if ids[index] == phrase[matched]:
            matched += 1
        if len(lengths):
            lengths[index] = matched
        if matched == len(phrase):
            ends[number] = index
            number += 1
            matched = shorter[matched - 1]
    return number, matched
