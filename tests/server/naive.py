"""Matching by the words of its definition, as slowly as it reads: the oracle for the engine."""

from dataclasses import dataclass
from itertools import groupby

import numpy as np


@dataclass(frozen=True)
class NaiveMatch:
    position: int
    length: int
    selected: int
    union: int


def is_on(values, threshold, transform, sides):
    """steps x ids of booleans, each stored number compared in float64."""
    cut = float(np.arctanh(np.float64(threshold))) if transform == "tanh" else threshold
    rows = [[float(value) >= cut for value in row] for row in values]
    if sides == "both":
        rows = [row + [float(value) <= -cut for value in stored] for row, stored in zip(rows, values, strict=True)]
    return rows


def pattern(on, first, last, constraints, starts):
    """P(first, last), or the empty set for a range that leaves its sequence."""
    steps, cells = len(on), len(on[0]) if len(on) else 0
    sequence = [sum(start <= t for start in starts) for t in range(steps)]

    def off(t, cell):
        return t < 0 or t >= steps or sequence[t] != sequence[first] or not on[t][cell]

    if last >= steps or sequence[last] != sequence[first]:
        return set()
    left, right = constraints
    return {
        cell
        for cell in range(cells)
        if all(on[t][cell] for t in range(first, last + 1))
        and all(off(t, cell) for t in range(first - left, first))
        and all(off(t, cell) for t in range(last + 1, last + 1 + right))
    }


def all_matches(on, cells, constraints, starts, min_length=1, phrase_length=0):
    steps, cells = len(on), set(cells)
    sequence = np.searchsorted(starts, np.arange(steps), side="right").tolist()
    left, right = constraints

    def off(t, neighbour, cell):
        return t < 0 or t >= steps or sequence[t] != sequence[neighbour] or not on[t][cell]

    matches = []
    for first in range(steps):
        candidates = []
        lasting = {cell for cell in range(len(on[0])) if all(off(t, first, cell) for t in range(first - left, first))}
        for last in range(first, steps):
            lasting = {cell for cell in lasting if not off(last, first, cell)}
            if not lasting & cells:
                break  # no longer range has any selected cell either
            length = last - first + 1
            if length != phrase_length if phrase_length else length < min_length:
                continue
            fitting = {cell for cell in lasting if all(off(t, last, cell) for t in range(last + 1, last + 1 + right))}
            selected = fitting & cells
            if any(off(first - 1, first, cell) for cell in selected) and any(
                off(last + 1, last, cell) for cell in selected
            ):
                candidates.append(NaiveMatch(first, length, len(selected), len(fitting | cells)))
        if candidates:
            matches.append(max(candidates, key=lambda match: (match.selected, match.length)))
    return sorted(matches, key=lambda match: (-match.selected, match.union, -match.length, match.position))


def histogram(matches):
    counts = [0] * 201
    for length, group in groupby(sorted(min(match.length, 200) for match in matches)):
        counts[length] = len(list(group))
    return counts
