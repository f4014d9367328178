"""Where tokens, phrases, beginnings of tokens and regular expressions stand in the corpus."""

import html
import re
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.errors import ProjectError
from lstmvis.data.project import Words
from lstmvis.server import expressions
from lstmvis.server.errors import BadParameterError
from lstmvis.server.expressions import GAP, Expression, Text, compile_expression, quote
from lstmvis.server.phrases import find_phrase
from lstmvis.server.postings import Postings
from lstmvis.server.windows import MOST_CHARACTERS

Kind = Literal["phrase", "regex"]
# Tokens on either side of what was found, and of what was found itself.
CONTEXT_WORDS, SHOWN_WORDS = 5, 50
CONTEXT_CHARACTERS, SHOWN_CHARACTERS = 20, 200
MOST_COUNTED = 100_000  # places of an expression that are gone through in the text
MOST_PATTERNS = 16  # different items of a phrase that have a `*`, for each of which all tokens are looked at
WITHIN_A_WORD = r"[\pL\pM\pN_]*"
TOGETHER = 1 << 16  # tokens that are decoded together
AHEAD_STEPS = 1_000_000  # of a corpus whose index is worth making before anybody searches


@dataclass(frozen=True)
class Place:
    """Where something was found, with the tokens around it."""

    index: int
    length: int  # in tokens
    before: str
    found: str  # its first tokens, and an ellipsis, where there are very many
    after: str

    def text(self, as_html: bool) -> str:
        if not as_html:
            return self.before + self.found + self.after
        return f"{html.escape(self.before)}<b>{html.escape(self.found)}</b>{html.escape(self.after)}"


@dataclass(frozen=True)
class Findings:
    total: int = 0
    complete: bool = True  # else there are more than `total`
    places: list[Place] = field(default_factory=list)


class CorpusSearch:
    """Finds in one corpus. What it needs is made on first use, or by `prepare`, once for all threads.

    In memory: 4 bytes a position; its text and a byte a position more where expressions are searched for that may be
    more than a word. Tokens from position `steps` on, which no source has states for, are not found.
    """

    def __init__(self, words: Words, steps: int) -> None:
        assert words.dictionary is not None
        self._words = words
        self._steps = min(steps, len(words.ids))
        self._known = words.dictionary.tokens()
        self.by_character = words.dictionary.of_characters
        self._gap = "" if self.by_character else " "
        self._lock = threading.Lock()
        self._index: _Index | None = None
        self._text: Text | None = None
        self._prepared = self._steps < AHEAD_STEPS

    def prepare(self) -> None:
        """Make in the background what a search needs, unless that takes no time worth mentioning; returns at once."""
        if not self._prepared:
            self._prepared = True
            threading.Thread(target=self._make_ready, name="search index", daemon=True).start()

    def _make_ready(self) -> None:
        with suppress(ProjectError):  # whoever searches is told
            if self.by_character:
                self._whole_text()
            else:
                self._tokens().names(match_case=True)

    def find(self, query: str, limit: int, kind: Kind = "phrase", match_case: bool = True) -> Findings:
        """How many places fit the query, and the first `limit` of them.

        A phrase is one token or several that follow each other; in an item of it that is no token itself, `*` stands
        for any characters of a token, or of a word where tokens are characters. Raises BadParameterError for a
        regular expression that cannot be read, fits empty text, or takes too long, for too many items with `*`, and
        for places that are too much text together.
        """
        if query == "":
            return Findings()
        if kind == "regex":
            return self._find_expression(compile_expression(query, not self.by_character, match_case), limit)
        names = self._tokens().names(match_case)
        items = [_folded(item, match_case) for item in _items(query, names, self.by_character, match_case)]
        if self.by_character and "*" in items and "*" not in names:
            return self._find_expression(_of_characters(query, match_case), limit)
        different = list(dict.fromkeys(items))
        numbers = {item: number for number, item in enumerate(different)}
        starts = self._starts([numbers[item] for item in items], self._rows(different, match_case))
        return Findings(len(starts), True, self._places((int(start), len(items)) for start in starts[:limit]))

    def _find_expression(self, expression: Expression, limit: int) -> Findings:
        if not expression.leaves:  # what is true of a token is true wherever it stands
            tokens = self._tokens()
            rows = np.array([row for row, _ in expression.places(tokens.text, expressions.SECONDS)], np.int64)
            positions = tokens.postings.positions(rows)
            return Findings(len(positions), True, self._places((int(position), 1) for position in positions[:limit]))
        found = list(islice(expression.places(self._whole_text(), expressions.SECONDS), MOST_COUNTED + 1))
        return Findings(min(len(found), MOST_COUNTED), len(found) <= MOST_COUNTED, self._places(found[:limit]))

    def _rows(self, items: Sequence[str], match_case: bool) -> list[NDArray[np.int64] | None]:
        """The tokens that each of these items stands for, by row; None for all of them."""
        tokens = self._tokens()
        names = tokens.names(match_case)
        patterns = [item for item in items if item not in names and "*" in item]
        if len(patterns) > MOST_PATTERNS:
            raise BadParameterError("q", f"a phrase with at most {MOST_PATTERNS} different words that have a '*'")
        found: list[NDArray[np.int64] | None] = []
        for item in items:
            rows = names.get(item)
            if rows is None and item in patterns:
                parts = item.split("*")
                if not any(parts):
                    found.append(None)
                    continue
                longest = max(parts, key=len)
                fitting = [row for row, token in enumerate(tokens.folded(match_case)) if longest in token]
                rows = [row for row in fitting if _fits(tokens.folded(match_case)[row], parts)]
            found.append(np.array(rows or [], np.int64))
        return found

    def _starts(
        self, phrase: Sequence[int], sets: Sequence[NDArray[np.int64] | None]
    ) -> NDArray[np.int64] | Sequence[int]:
        """Where a phrase begins whose item i is any of the tokens in `sets[phrase[i]]`, ascending."""
        last = self._steps - len(phrase)
        named = [rows for rows in sets if rows is not None]
        if not phrase or last < 0 or not all(map(len, named)):
            return []
        if not named:
            return range(last + 1)
        postings = self._tokens().postings
        if len(phrase) == 1:
            return postings.positions(named[0])
        return find_phrase(self._read_rows, self._steps, phrase, sets, len(postings.ids))

    def _places(self, found: Iterable[tuple[int, int]]) -> list[Place]:
        """Raises BadParameterError where they would be more text than one answer holds."""
        places, characters = [], 0
        for position, length in found:
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
        around, most = (CONTEXT_CHARACTERS, SHOWN_CHARACTERS) if self.by_character else (CONTEXT_WORDS, SHOWN_WORDS)
        end = position + length
        before = self._read(position - around, position)
        found = self._read(position, min(end, position + most)) + (["…"] if length > most else [])
        after = self._read(end, end + around)
        gap = self._gap
        return Place(
            position,
            length,
            gap.join(before) + gap if before else "",
            gap.join(found),
            gap + gap.join(after) if after else "",
        )

    def _read(self, start: int, stop: int) -> list[str]:
        return self._words.decode(self._words.ids.integers(max(start, 0), min(stop, self._steps)))

    def _read_rows(self, start: int, stop: int) -> NDArray[np.integer]:
        return self._tokens().postings.rows(self._words.ids.integers(start, stop))

    def _tokens(self) -> "_Index":
        with self._lock:
            if self._index is None:
                self._index = _Index(self._words, self._steps, self._known)
            return self._index

    def _whole_text(self) -> Text:
        tokens = self._tokens()
        with self._lock:
            if self._text is None:
                gap = b"" if self.by_character else GAP.encode()
                content = bytearray()
                sizes = np.empty(self._steps, tokens.text.sizes.dtype)
                for start in range(0, self._steps, TOGETHER):
                    ids = self._words.ids.integers(start, min(start + TOGETHER, self._steps))
                    rows = tokens.postings.rows(ids)
                    sizes[start : start + len(rows)] = tokens.text.sizes[rows]
                    content += (gap if start else b"") + gap.join(map(tokens.encoded.__getitem__, rows.tolist()))
                self._text = Text(content, sizes, gaps=not self.by_character)
            return self._text


class _Index:
    """The tokens that occur, by row, and where they stand."""

    def __init__(self, words: Words, steps: int, known: Sequence[str]) -> None:
        self.postings = Postings(words.ids.integers(0, steps))
        self.tokens = words.decode(self.postings.ids)
        self.encoded = [token.encode("utf-8", "replace") for token in self.tokens]
        sizes = np.array([len(token) for token in self.encoded], np.int64)
        # One token after the other, as a corpus of words.
        self.text = Text(GAP.encode().join(self.encoded), sizes.astype(np.min_scalar_type(sizes.max(initial=0))), True)
        self._known = known
        self._folded: dict[bool, list[str]] = {True: self.tokens}
        self._names: dict[bool, dict[str, list[int]]] = {}

    def folded(self, match_case: bool) -> list[str]:
        """The tokens by row, with small letters for capitals where these are the same."""
        if match_case not in self._folded:
            self._folded[match_case] = [token.casefold() for token in self.tokens]
        return self._folded[match_case]

    def names(self, match_case: bool) -> dict[str, list[int]]:
        """The rows of each token of the dictionary; several where it has more than one id, none where it is nowhere."""
        names = self._names.get(match_case)
        if names is None:
            names = {_folded(token, match_case): [] for token in self._known}
            for row, token in enumerate(self.folded(match_case)):
                names.setdefault(token, []).append(row)
            self._names[match_case] = names
        return names


def _folded(text: str, match_case: bool) -> str:
    return text if match_case else text.casefold()


def _items(query: str, names: dict[str, list[int]], by_character: bool, match_case: bool) -> list[str]:
    """The tokens that a phrase is made of."""
    if _folded(query, match_case) in names:
        return [query]
    if by_character:
        return list(query)
    items = []
    for piece in query.split(" "):  # what is between two spaces may be a token that has other white space in it
        items += [piece] if piece and _folded(piece, match_case) in names else piece.split()
    return items


def _fits(token: str, parts: list[str]) -> bool:
    """Whether the token is these parts with any characters between them."""
    first, *inner, last = parts
    end = len(token) - len(last)
    at = len(first)
    if at > end or not token.startswith(first) or not token.endswith(last):
        return False
    for part in inner:
        at = token.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def _of_characters(query: str, match_case: bool) -> Expression:
    """The expression for a phrase of characters in which `*` stands for the rest of a word."""
    parts = re.sub(r"\*+", "*", query).split("*")
    if len(parts) > MOST_PATTERNS + 1:
        raise BadParameterError("q", f"a phrase with at most {MOST_PATTERNS} '*'")
    source = WITHIN_A_WORD.join(map(quote, parts)) if any(parts) else WITHIN_A_WORD.replace("*", "+")
    begins_word = re.match(r"\w", query) is not None
    # RE2 tells by itself, and quicker, where none begins in ASCII: but the long s and the sign of Kelvin are s and k.
    if begins_word and query[0].isascii() and (match_case or query[0] not in "ksKS"):
        source = r"\b" + source
    return replace(compile_expression(source, False, match_case), begins_word=begins_word)
