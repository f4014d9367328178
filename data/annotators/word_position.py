"""How far into a word a character is."""

import re
from collections.abc import Sequence

import numpy as np

from lstmvis.data.annotators.text import Text
from lstmvis.data.arrays import Scalar

WORD = re.compile(r"\w+(?:['’]\w+)*")


def word_position(tokens: Sequence[str]) -> Scalar:
    """1 at the first character of a word, 2 at the second and so on; 0 between words.

    A word is letters, digits and underscores, and apostrophes between them. Of a token of several characters the first
    counts.
    """
    text = Text.of(tokens)
    positions = np.zeros(len(text.characters), np.int32)
    for word in WORD.finditer(text.characters):
        positions[word.start() : word.end()] = np.arange(1, word.end() - word.start() + 1)
    return Scalar(text.first(positions))
