"""Phrases, each item of which stands for some tokens: where they begin, in one reading of the corpus.

The method is Shift-And (Baeza-Yates and Gonnet, CACM 35, 1992): a bit for each item says whether the phrase up to it
ends at this step. It takes as long as reading the corpus, whatever is in the phrase and however the corpus repeats.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.compiling import compiled

BLOCK = 1 << 20  # steps that are read together
BITS = 64


def find_phrase(
    read: Callable[[int, int], NDArray[Any]],
    steps: int,
    phrase: Sequence[int],
    sets: Sequence[NDArray[np.int64] | None],
    tokens: int,
) -> NDArray[np.int64]:
    """Where a phrase begins in the tokens 0..steps (excluded) that `read(start, stop)` gives, ascending.

    Item i is any token in `sets[phrase[i]]`; None has all of them. Tokens are numbers from 0 to `tokens` (excluded).
    """
    codes, masks = _masks(np.asarray(phrase, np.int64), sets, tokens)
    state = np.zeros(masks.shape[1], np.uint64)
    found, used = [], 0
    for start in range(0, steps, BLOCK):
        block = read(start, min(start + BLOCK, steps))
        ends = np.empty(len(block), np.int64)
        number, used = _match(block, codes, masks, len(phrase) - 1, state, used, ends)
        found.append(ends[:number] + (start + 1 - len(phrase)))
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _masks(
    phrase: NDArray[np.int64], sets: Sequence[NDArray[np.int64] | None], tokens: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
    """The code of each token (tokens,), and of each code a bit for each item that its tokens fit (codes, words).

    Code 0 is of the tokens that are in no set.
    """
    named = [rows for rows in sets if rows is not None]
    codes = np.zeros(tokens, np.uint32)
    occurring = np.unique(np.concatenate(named)) if named else np.zeros(0, np.int64)
    codes[occurring] = 1 + np.arange(len(occurring))
    masks = np.zeros((1 + len(occurring), -(-len(phrase) // BITS)), np.uint64)
    for number, rows in enumerate(sets):
        bits = np.zeros(masks.shape[1] * BITS, np.bool_)
        bits[: len(phrase)] = phrase == number
        words = np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)
        if rows is None:
            masks |= words
        else:
            masks[codes[rows]] |= words
    return codes, masks


@compiled
def _match(
    block: NDArray[Any],
    codes: NDArray[np.uint32],
    masks: NDArray[np.uint64],
    last: int,
    state: NDArray[np.uint64],
    used: int,
    ends: NDArray[np.int64],
) -> tuple[int, int]:
    """Go on through `block` from `state`, of which the first `used` words are not 0 throughout; `last` is the number
    of the last item. Where the phrase ends is written to `ends`. Returns how many ends there are, and `used`."""
    one = np.uint64(1)
    carried = np.uint64(63)
    end = one << np.uint64(last % 64)
    number = 0
    for index in range(len(block)):
        code = codes[block[index]]
        carry = one
        reached = 0
        for word in range(min(used + 1, len(state))):
            before = state[word]
            now = ((before << one) | carry) & masks[code, word]
            carry = before >> carried
            state[word] = now
            if now:
                reached = word + 1
        used = reached
        if state[len(state) - 1] & end:
            ends[number] = index
            number += 1
    return number, used
