"""Characters of Python: comments, strings, brackets and indentation, in the library that comes with Python itself."""

from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.corpora.source_tree import STANDARD_LIBRARY, read_python
from lstmvis.data.demos.recipe import Recipe, Size

PYTHON = Recipe(
    name="Python, characters",
    shows="comments, strings, brackets and indentation in Python code",
    look="The selected cells are on inside a comment. See in the map of inside_comment whether their matches are "
    "comments too, whatever they say.",
    unit="characters",
    texts=read_python,
    corpus=STANDARD_LIBRARY,
    annotators={
        "inside_comment": {},
        "inside_string": {},
        "token_kind": {},
        "bracket_depth": {"lexer": "python"},
        "indentation": {},
    },
    opening=("inside_comment", ("in a comment",)),
    sizes={
        "small": (
            Size(
                Lengths(3_000_000, 100_000, 200_000),
                model={"cells": 200, "embedding_size": 64},
                training={"epochs": 5, "streams": 64, "steps": 100},
                minutes=6,
                megabytes=500,
            ),
        ),
        "paper": (
            Size(
                Lengths(6_000_000, 100_000, 300_000),
                model={"cells": 650, "layers": 2, "embedding_size": 64, "dropout": 0.2},
                training={"epochs": 12, "streams": 64, "steps": 100, "learning_rate": 2e-3},
                dtype="float16",
                minutes=1_200,
                megabytes=4_000,
            ),
        ),
    },
)
