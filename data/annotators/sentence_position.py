"""How far into its sentence a word is."""

from collections.abc import Sequence

import numpy as np

from lstmvis.data.annotators.sentences import sentence_starts
from lstmvis.data.arrays import Scalar


def sentence_position(tokens: Sequence[str]) -> Scalar:
    """How many tokens stand before a word in its sentence; 0 at its first. Sentences are those of `sentence_starts`."""
    starts = sentence_starts(tokens)
    lengths = np.diff(starts, append=len(tokens))
    return Scalar(np.arange(len(tokens)) - np.repeat(starts, lengths))
