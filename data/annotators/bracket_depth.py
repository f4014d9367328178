"""How deep in brackets."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.annotators.code import STRING_OR_COMMENT, characters_that_are
from lstmvis.data.annotators.text import Text
from lstmvis.data.arrays import Discrete

CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
BRACKET = re.compile(r"[()\[\]{}]")
DEEPEST = 10  # deeper ones are all alike
LONGEST = 20_000  # characters: a pair that is further apart is none


def bracket_depth(tokens: Sequence[str], lexer: str | None = None, starts: Sequence[int] = ()) -> Discrete:
    """In how many pairs of ( ), [ ] and { } a token is, its own brackets included.

    A bracket without its counterpart counts for nothing, nor does a pair further apart than 20,000 characters. With a
    `lexer` of Pygments, brackets in strings and comments do not count. Of the characters of a token the deepest counts.

    starts: the first tokens of sequences; no pair lies in two.
    """
    text = Text.of(tokens)
    ignored = None if lexer is None else characters_that_are(STRING_OR_COMMENT, text, lexer, starts)
    depths = np.minimum(_depths(text.characters, ignored, text.places(starts)), DEEPEST)
    deepest = int(depths.max(initial=0))
    labels = [str(depth) for depth in range(deepest + 1)]
    if deepest == DEEPEST:
        labels[-1] += " or more"
    return Discrete(text.largest(depths).astype(np.uint8), labels)


def _depths(text: str, ignored: NDArray[np.bool_] | None, cuts: Iterable[int]) -> NDArray[np.int64]:
    """(characters,) how many pairs are around each, none of which is on both sides of a cut."""
    steps = np.zeros(len(text) + 1, np.int64)
    waiting: dict[str, list[int]] = {closing: [] for closing in CLOSED_BY.values()}  # places, ascending
    ahead = chain(cuts, repeat(len(text)))
    cut = next(ahead)
    for found in BRACKET.finditer(text):
        bracket, place = found[0], found.start()
        if ignored is not None and ignored[place]:
            continue
        while place >= cut:
            cut = next(ahead)
            waiting = {closing: [] for closing in waiting}
        if bracket in CLOSED_BY:
            waiting[CLOSED_BY[bracket]].append(place)
            continue
        opened = waiting[bracket][-1] if waiting[bracket] else -LONGEST
        if place - opened >= LONGEST:
            waiting[bracket].clear()
            continue
        steps[opened] += 1
        steps[place + 1] -= 1
        for places in waiting.values():
            while places and places[-1] >= opened:
                places.pop()
    return np.cumsum(steps[:-1])
