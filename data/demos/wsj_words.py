"""Words of the Wall Street Journal, and their parts of speech."""

from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.corpora.penn_treebank import PENN_TREEBANK, read_words
from lstmvis.data.demos.recipe import Recipe, Size

WSJ_WORDS = Recipe(
    name="Wall Street Journal, words",
    shows="parts of speech: which kinds of words a model is in",
    look="The selected cells are on over a stretch of nouns. See in the map of part_of_speech how many of the matches "
    "are nouns as well, in other words and other sentences.",
    unit="words",
    texts=read_words,
    corpus=PENN_TREEBANK,
    annotators={"part_of_speech": {}, "sentence_position": {}},
    opening=("part_of_speech", ("NOUN",)),
    sizes={
        "small": (
            Size(
                Lengths(500_000, 40_000, 82_430),
                vocabulary=6_000,
                model={"cells": 200, "embedding_size": 200, "dropout": 0.3},
                training={"epochs": 5, "streams": 32},
                minutes=5,
                megabytes=230,
            ),
        ),
        "paper": (
            # The medium model of Zaremba, Sutskever, Vinyals 2014; see lstmvis.models.presets.
            Size(
                Lengths(929_589, 73_760, 82_430),
                model={"cells": 650, "layers": 2, "embedding_size": 650, "dropout": 0.5},
                training={
                    "epochs": 39,
                    "streams": 20,
                    "steps": 35,
                    "optimizer": "sgd",
                    "learning_rate": 35.0,
                    "decay": 1 / 1.2,
                    "decay_after": 6,
                    "clip": 5 / 35,
                    "initial_range": 0.05,
                },
                dtype="float16",
                minutes=2_400,
                megabytes=1_200,
            ),
        ),
    },
    tries=45_000,
)
