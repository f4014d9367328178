"""The parentheses language of the LSTMVis paper: what comes next depends on the nesting alone, so a model learns it."""

from pathlib import Path

from lstmvis.data import parentheses
from lstmvis.data.arrays import Discrete
from lstmvis.data.corpora.corpus import Lengths, Texts
from lstmvis.data.demos.recipe import Recipe, Size

SEED = 3


def make_texts(place: Path, lengths: Lengths) -> Texts:
    """Three texts of different seeds."""
    made = [parentheses.generate(length, seed=SEED + number) for number, length in enumerate(lengths)]
    training, validation, explored = ("".join(map(parentheses.CHARACTERS.__getitem__, ids)) for ids, _ in made)
    nesting = Discrete(made[-1][1], [str(depth) for depth in parentheses.DEPTHS])
    return Texts(training, validation, explored, {"nesting": nesting})


PARENS = Recipe(
    name="Parentheses",
    shows="how deep in parentheses a model is",
    look="The selected cells are on at depths three and four: see in the map of nesting whether their matches lie "
    "there too, whatever is opened and closed in them. Random nested parentheses, at most four deep; a digit tells "
    "the current depth.",
    unit="characters",
    texts=make_texts,
    opening=("nesting", ("3", "4")),
    sizes={
        "small": (
            Size(
                Lengths(300_000, 50_000, 200_000),
                model={"cells": 150},
                training={"epochs": 4, "learning_rate": 5e-3},
                minutes=1,
                megabytes=410,
            ),
        ),
        "paper": (
            Size(
                Lengths(1_000_000, 50_000, 1_000_000),
                model={"cells": 650},
                training={"epochs": 2, "learning_rate": 3e-3},
                dtype="float16",
                minutes=10,
                megabytes=6_500,
            ),
        ),
    },
    lowest_loss=parentheses.entropy(),
    tries=2000,
)
