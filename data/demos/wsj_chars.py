"""Characters of the Wall Street Journal: where a model is in a word, and in a number.

The text is that of CoNLL-2000, which has numbers in digits; the language-model split of the Penn Treebank has `N`.
"""

from lstmvis.data.corpora.conll2000 import CONLL2000, read_characters
from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.demos.recipe import Recipe, Size

LENGTHS = Lengths(1_107_000, 50_000, 200_000)

WSJ_CHARS = Recipe(
    name="Wall Street Journal, characters",
    shows="numbers, vowels, and how far into a word a model is",
    look="The selected cells are on inside a number. See in the map of inside_number whether their matches are numbers "
    "too, whatever digits they are made of.",
    unit="characters",
    texts=read_characters,
    corpus=CONLL2000,
    annotators={"inside_number": {}, "vowels": {}, "word_position": {}},
    opening=("inside_number", ("inside a number",)),
    sizes={
        "small": (
            Size(
                LENGTHS,
                model={"cells": 200, "embedding_size": 64},
                training={"epochs": 10, "streams": 64, "steps": 60, "learning_rate": 4e-3},
                minutes=5,
                megabytes=480,
            ),
        ),
        "paper": (
            Size(
                LENGTHS,
                model={"cells": 650, "layers": 2, "embedding_size": 64, "dropout": 0.3},
                training={"epochs": 25, "streams": 64, "steps": 100, "learning_rate": 2e-3},
                dtype="float16",
                minutes=400,
                megabytes=2_700,
            ),
        ),
    },
)
