"""Inside a number."""

import re
from collections.abc import Sequence

import numpy as np

from lstmvis.data.annotators.text import Text, numbers_are_n
from lstmvis.data.arrays import Discrete

LABELS = ["outside", "inside a number"]
NUMBER = re.compile(r"(?<!\w)\d+(?:[.,:]\d+)*")
N = re.compile(r"(?<!\S)N(?!\S)")


def inside_number(tokens: Sequence[str]) -> Discrete:
    """Digits, with the points, commas and colons between them, but not those of a name such as `x22`.

    Where `N` is the only capital letter of the text it stands for numbers, and is one.
    """
    text = Text.of(tokens)
    inside = np.zeros(len(text.characters), np.uint8)
    for number in (N if numbers_are_n(set(tokens)) else NUMBER).finditer(text.characters):
        inside[number.start() : number.end()] = 1
    return Discrete(text.largest(inside), LABELS)
