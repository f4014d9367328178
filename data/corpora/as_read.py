"""What a model reads of a word: without what would give it many words for one, and few examples of each."""

import re

from lstmvis.data.words import END_OF_LINE

NUMBER = re.compile(r"[+-]?\d+(?:[.,:\\/-]*\d+)*")
PARAGRAPH_END = "\n\n"


def lower_case(word: str) -> str:
    """The word in small letters; `<eos>` for the end of a paragraph."""
    return END_OF_LINE if word == PARAGRAPH_END else word.lower()


def lower_case_without_numbers(word: str) -> str:
    """The word in small letters, or `N` for a number, as in the Penn Treebank files of Mikolov."""
    return "N" if NUMBER.fullmatch(word) else word.lower()
