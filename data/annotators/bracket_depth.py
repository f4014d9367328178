"""How deep in brackets."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.annotators.code import STRING_OR_COMMENT, characters_that_are
from lstmvis.data.annotators.text import Text
from lstmvis.data.arrays import Discrete

CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
BRACKET = re.compile(r"[()\[\]{}]")
DEEPEST = 10  # deeper ones are all alike
LONGEST = 20_000  # characters: a pair that is further apart is none


def bracket_depth(tokens: Sequence[str], lexer: str | None = None) -> Discrete:
    """In how many pairs of ( ), [ ] and { } a token is, its own brackets included.

    A bracket without its counterpart counts for nothing, nor does a pair further apart than 20,000 characters. With a
    `lexer` of Pygments, brackets in strings and comments do not count. Of the characters of a token the deepest counts.
    """
    text = Text.of(tokens)
    ignored = None if lexer is None else characters_that_are(STRING_OR_COMMENT, text, lexer)
    depths = np.minimum(_depths(text.characters, ignored), DEEPEST)
    deepest = int(depths.max(initial=0))
    labels = [str(depth) for depth in range(deepest + 1)]
    if deepest == DEEPEST:
        labels[-1] += " or more"
    return Discrete(text.largest(depths).astype(np.uint8), labels)


def _depths(text: str, ignored: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """(characters,) how many pairs are around each."""
    steps = np.zeros(len(text) + 1, np.int64)
    waiting: list[tuple[str, int]] = []
    for found in BRACKET.finditer(text):
        bracket, place = found[0], found.start()
        if ignored is not None and ignored[place]:
            continue
        if bracket in CLOSED_BY:
            waiting.append((bracket, place))
            continue
        opened = next((n for n in reversed(range(len(waiting))) if CLOSED_BY[waiting[n][0]] == bracket), None)
        if opened is not None and place - waiting[opened][1] < LONGEST:
            steps[waiting[opened][1]] += 1
            steps[place + 1] -= 1
            del waiting[opened:]
    return np.cumsum(steps[:-1])
