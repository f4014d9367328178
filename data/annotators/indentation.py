"""How far a line is indented."""

import re
from collections.abc import Sequence

import numpy as np

from lstmvis.data.annotators.text import Text
from lstmvis.data.arrays import Scalar

TAB = 8
INDENT = re.compile(r"^[ \t]*(?=[^ \t\r\n])", re.MULTILINE)


def indentation(tokens: Sequence[str]) -> Scalar:
    """How many columns the line of a token is indented; a tab goes on to the next multiple of eight.

    The whole line has the number, its white space too. An empty line has that of the line before.
    """
    text = Text.of(tokens)
    found = [(indent.start(), len(indent[0].expandtabs(TAB))) for indent in INDENT.finditer(text.characters)]
    begins, columns = np.array([(0, 0), *found], np.int64).T
    stretches = np.diff(begins, append=len(text.characters))
    return Scalar(text.first(np.repeat(columns, stretches)))
