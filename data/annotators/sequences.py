"""The sequences of a corpus, which are no continuation of each other: an annotator reads an empty line between them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.arrays import Discrete, Scalar
from lstmvis.data.words import END_OF_LINE


def with_sequences_apart(
    annotate: Callable[..., Discrete | Scalar], tokens: Sequence[str], starts: NDArray[np.int64], told: bool = False
) -> Discrete | Scalar:
    """What `annotate` makes of the tokens (T,), of which each in `starts`, ascending, begins a sequence.

    So no word, line, sentence or quotation goes on in the next sequence. Brackets may, and strings of code, unless
    `annotate` is `told`, as `starts`, where in what it reads the sequences begin.
    """
    between = starts[(starts > 0) & (starts < len(tokens))]
    if not len(between):
        return annotate(list(tokens))
    places = np.repeat(between, 2)
    read = np.insert(np.array(list(tokens), object), places, END_OF_LINE)
    begins = {"starts": (between + 2 * np.arange(1, len(between) + 1)).tolist()} if told else {}
    made = annotate(read.tolist(), **begins)
    return replace(made, values=np.delete(np.asarray(made.values), places + np.arange(len(places))))
