"""Chords of folk tunes: what a model that reads chords alone knows of the key, one of the uses in the LSTMVis paper."""

from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.corpora.nottingham import NOTTINGHAM, read_chords
from lstmvis.data.demos.recipe import Recipe, Size

LENGTHS = Lengths(25_200, 2_800, 50_000)

CHORDS = Recipe(
    name="Chords of folk tunes",
    shows="keys, and what chords do in them, to a model that reads chords alone",
    look="The selected cells are on in a tune that is in D. See in the map of key whether their matches are in D too, "
    "and in that of function how much their chords differ.",
    unit="words",
    called="chords",
    texts=read_chords,
    corpus=NOTTINGHAM,
    opening=("key", ("D",)),
    beside=("function",),
    sizes={
        "small": (
            Size(
                LENGTHS,
                model={"cells": 100, "embedding_size": 32, "dropout": 0.3},
                training={"epochs": 25, "streams": 16, "learning_rate": 1e-2},
                minutes=1,
                megabytes=40,
            ),
        ),
        "paper": (
            Size(
                LENGTHS,
                model={"cells": 300, "layers": 2, "embedding_size": 64, "dropout": 0.5},
                training={"epochs": 40, "streams": 16, "learning_rate": 2e-3},
                minutes=15,
                megabytes=240,
            ),
        ),
    },
    tries=45_000,
)
