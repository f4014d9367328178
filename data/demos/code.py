"""The tokens of source code in any language: which kind each is, and how deep in brackets."""

from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.corpora.source_tree import SOURCE_TREE, read_lexemes
from lstmvis.data.demos.recipe import Recipe, Size

CODE = Recipe(
    name="Source code, tokens",
    shows="brackets and kinds of tokens in source code of your own, or of Python",
    look="The selected cells are on inside a pair of brackets. See in the map of bracket_depth whether their matches "
    "lie in one pair too, and in that of token_kind how much their tokens differ otherwise.",
    unit="words",
    called="tokens",
    texts=read_lexemes,
    corpus=SOURCE_TREE,
    annotators={"bracket_depth": {}},
    opening=("bracket_depth", ("1",)),
    sizes={
        "small": (
            Size(
                Lengths(600_000, 30_000, 150_000),
                vocabulary=5_000,
                model={"cells": 200, "embedding_size": 200, "dropout": 0.2},
                training={"epochs": 4, "streams": 32},
                minutes=5,
                megabytes=420,
            ),
        ),
        "paper": (
            Size(
                Lengths(1_500_000, 50_000, 200_000),
                vocabulary=10_000,
                model={"cells": 650, "layers": 2, "embedding_size": 650, "dropout": 0.4},
                training={"epochs": 15, "streams": 32, "learning_rate": 1e-3},
                dtype="float16",
                minutes=1_000,
                megabytes=2_700,
            ),
        ),
    },
)
