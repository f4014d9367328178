"""The compiled loops of extraction on a processor: the elementwise part of an LSTM's step, and the ranking of tokens.

Both read and write every number once, which is most of what they cost. exp is a polynomial (the one of Cephes) because
the compiler makes instructions for 16 numbers at a time of it, which it does not of a call; it is right to about 1e-7
of its value, so sigmoid and tanh are right to about 1e-7. NaN stays NaN. Numba compiles this as it does the loops of
matching.
"""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.compiling import compiled

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

# Adding up in a fixed order, and looking out for a division by zero, stand in the way of wide instructions.
_arithmetic = partial(compiled, error_model="numpy", fastmath={"contract", "reassoc"})

ONE, TWO, HALF = np.float32(1), np.float32(2), np.float32(0.5)
LOWEST, HIGHEST = np.float32(-87), np.float32(88)  # of what exp has a normal float32 for
LOG2_E = np.float32(1.44269504088896341)
LN2, LN2_REST = np.float32(0.693359375), np.float32(-2.12194440e-4)  # ln 2, in two parts
P0, P1, P2 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
P3, P4, P5 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)


@_arithmetic
def _exp(x: Any) -> Any:
    x = LOWEST if x < LOWEST else x
    x = HIGHEST if x > HIGHEST else x
    power = np.floor(x * LOG2_E + HALF)
    x = x - power * LN2 - power * LN2_REST
    polynomial = ((((P0 * x + P1) * x + P2) * x + P3) * x + P4) * x + P5
    scale = np.int32((np.int32(power) + np.int32(127)) << np.int32(23)).view(np.float32)  # 2 to the power
    return (polynomial * x * x + x + ONE) * scale


@_arithmetic
def _sigmoid(x: Any) -> Any:
    return ONE / (ONE + _exp(-x))


@_arithmetic
def _tanh(x: Any) -> Any:
    return TWO * _sigmoid(TWO * x) - ONE


@_arithmetic
def step_lstm(sums: Floats, hidden: Floats, cell: Floats, states: Floats, gates: Floats, step: int) -> None:
    """Take a step with W_ih x[t] + W_hh h[t-1] + b, sums (B, 4C), from hidden and cell (B, C) to those after it.

    Both are kept in states (2, B, S, C) at this step, and the gates in gates (4, B, S, C), or nowhere if that is empty.
    """
    width = cell.shape[1]
    for row in range(len(sums)):
        # Slices, and loops from 0: the compiler then sees that no index counts from the end.
        summed, h, c = sums[row], hidden[row], cell[row]
        add, keep = summed[:width], summed[width : 2 * width]
        candidate, output = summed[2 * width : 3 * width], summed[3 * width :]
        for at in range(width):
            add[at] = _sigmoid(add[at])
        for at in range(width):
            keep[at] = _sigmoid(keep[at])
        for at in range(width):
            candidate[at] = _tanh(candidate[at])
        for at in range(width):
            output[at] = _sigmoid(output[at])
        for at in range(width):
            c[at] = keep[at] * c[at] + add[at] * candidate[at]
        for at in range(width):
            h[at] = output[at] * _tanh(c[at])
        kept_h, kept_c = states[0, row, step], states[1, row, step]
        for at in range(width):  # faster than assigning a row
            kept_h[at] = h[at]
        for at in range(width):
            kept_c[at] = c[at]
        for gate in range(len(gates)):
            kept, value = gates[gate, row, step], summed[gate * width : (gate + 1) * width]
            for at in range(width):
                kept[at] = value[at]


@_arithmetic
def rank(logits: Floats, tokens: Ids, best: Ids, weights: Floats, losses: Floats) -> None:
    """Of each row of logits (N, V): the likeliest ids (N, K), with their probabilities, and -ln p(tokens (N,)).

    Of equally likely ids, the lower comes first.
    """
    for row in range(len(logits)):
        scores, ids, highest = logits[row], best[row], weights[row]
        ids[:], highest[:] = 0, -np.inf
        least = highest[-1]
        for id in range(len(scores)):  # noqa: A001
            score = scores[id]
            if score > least:
                place = len(ids) - 1
                while place > 0 and highest[place - 1] < score:
                    highest[place], ids[place] = highest[place - 1], ids[place - 1]
                    place -= 1
                highest[place], ids[place] = score, id
                least = highest[-1]
        top = highest[0]
        total = np.float32(0)
        for id in range(len(scores)):  # noqa: A001
            total += _exp(scores[id] - top)
        for place in range(len(ids)):
            highest[place] = _exp(highest[place] - top) / total
        losses[row] = np.log(total) + top - scores[tokens[row]]
