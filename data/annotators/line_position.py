"""How far into its line a token is."""

from collections.abc import Sequence

import numpy as np

from lstmvis.data.annotators.text import Text
from lstmvis.data.arrays import Scalar


def line_position(tokens: Sequence[str]) -> Scalar:
    """How many characters stand before a token in its line; words without white space count as a space apart.

    A line ends at a line break, which still belongs to it, and at `<eos>`.
    """
    text = Text.of(tokens)
    return Scalar(text.first(np.arange(len(text.characters)) - text.lines))
