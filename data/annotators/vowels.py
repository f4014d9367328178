"""Vowels and consonants."""

import unicodedata
from collections.abc import Sequence

import numpy as np

from lstmvis.data.annotators.text import Text
from lstmvis.data.arrays import Discrete

LABELS = ["vowel", "consonant", "other"]
VOWEL, CONSONANT, OTHER = range(3)
MORE_VOWELS = "æœøıÆŒØ"  # that are no letter with an accent


def vowels(tokens: Sequence[str]) -> Discrete:
    """Of Latin letters, with accents or without: vowel or consonant; else other.

    A `y` before a vowel is a consonant, elsewhere a vowel. Of a token of several characters the first counts.
    """
    text = Text.of(tokens)
    codes = text.codes
    different, which = np.unique(codes, return_inverse=True)
    kinds = np.array([_kind(chr(code)) for code in different], np.uint8)[which]
    followed = np.append(kinds[1:] == VOWEL, False)
    is_y = np.isin(codes, [ord("y"), ord("Y")])
    kinds[is_y & followed] = CONSONANT
    return Discrete(text.first(kinds), LABELS)


def _kind(character: str) -> int:
    letter = unicodedata.normalize("NFD", character)[0]
    if letter in "aeiouyAEIOUY" or letter in MORE_VOWELS:
        return VOWEL
    return CONSONANT if letter.isalpha() and "LATIN" in unicodedata.name(letter, "") else OTHER
