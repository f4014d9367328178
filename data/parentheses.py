"""The parentheses language of LSTMVis: nested parentheses in which a digit always tells the current depth.

A text is a walk over the depths 0 to 4, from depth 0. Each step is a uniform choice among what is allowed at depth d:

    the digit d    always          the depth stays
    `(`            where d < 4     the depth becomes d + 1
    `)`            where d > 0     the depth becomes d - 1

so depths 0 and 4 offer two characters and the others three. What comes next depends on the depth alone, which makes
the depth a Markov chain, and the lowest loss that any model can reach a known number (`entropy`).

The language is from the paper: Strobelt, Gehrmann, Pfister, Rush, "LSTMVis: A Tool for Visual Analysis of Hidden State
Dynamics in Recurrent Neural Networks", TVCG 2018. The uniform choice is ours.
"""

import numpy as np
from numpy.typing import NDArray

CHARACTERS = ["(", ")", "0", "1", "2", "3", "4"]
"""The alphabet; the index of a character is its token id."""

DEPTHS = range(5)


def generate(length: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A text of `length` characters and its nesting, the same for the same seed: token ids (T,) and depths (T,).

    The nesting at a position is the depth once its character is read: `(` belongs to the level that it opens, a digit
    to its own, `)` to the level that it leads back to.

        (  1  (  (  3  )  2  )  )  0
        1  1  2  3  3  2  2  1  0  0

    So it is what a model that has read this far must know in order to go on, and the state of a model that counts
    depth follows it step by step. (With `)` in the level that it closes, no state could: there the model has already
    left that level.)
    """
    # A draw from 0 to 5 is uniform modulo 2 and modulo 3, and there are no other numbers of choices.
    draws = np.random.default_rng(seed).integers(6, size=length, dtype=np.uint8).tobytes()
    outcome = [[allowed[draw % len(allowed)] for draw in range(6)] for allowed in map(choices, DEPTHS)]
    ids, nesting = bytearray(length), bytearray(length)
    depth = 0
    for position, draw in enumerate(draws):
        ids[position], depth = outcome[depth][draw]
        nesting[position] = depth
    return np.frombuffer(ids, np.uint8), np.frombuffer(nesting, np.uint8)


def choices(depth: int) -> list[tuple[int, int]]:
    """What may come next at `depth`, all equally likely: pairs of a token id and the depth after it."""
    allowed = [(CHARACTERS.index(str(depth)), depth)]
    if depth + 1 in DEPTHS:
        allowed.append((CHARACTERS.index("("), depth + 1))
    if depth - 1 in DEPTHS:
        allowed.append((CHARACTERS.index(")"), depth - 1))
    return allowed


def transitions() -> NDArray[np.float64]:
    """The Markov chain of the depth, 5 x 5: row d holds the probabilities of the depths that follow depth d."""
    matrix = np.zeros((len(DEPTHS), len(DEPTHS)))
    for depth in DEPTHS:
        allowed = choices(depth)
        for _, following in allowed:
            matrix[depth, following] += 1 / len(allowed)
    return matrix


def stationary() -> NDArray[np.float64]:
    """The share of each depth in a long text (5,): the p with p P = p and sum 1, P being `transitions()`."""
    system = np.vstack([transitions().T - np.eye(len(DEPTHS)), np.ones(len(DEPTHS))])
    shares: NDArray[np.float64] = np.linalg.lstsq(system, np.append(np.zeros(len(DEPTHS)), 1.0))[0]
    return shares


def entropy() -> float:
    """Nats per character in a long text, the lowest loss that a model can reach: the mean of log(number of choices)."""
    return float(stationary() @ np.log([len(choices(depth)) for depth in DEPTHS]))
