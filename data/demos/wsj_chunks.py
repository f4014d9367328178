"""Phrases that people have marked in Wall Street Journal text, and a model that learnt no more than the next word."""

from lstmvis.data.corpora.as_read import lower_case_without_numbers
from lstmvis.data.corpora.conll2000 import CONLL2000, read_words
from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.demos.recipe import Recipe, Size

WSJ_CHUNKS = Recipe(
    name="Wall Street Journal, phrases",
    shows="phrases, marked by hand: noun phrases, verb phrases and so on",
    look="The selected cells are on inside a noun phrase. See in the map of chunk, which people have marked by hand, "
    "whether the matches are noun phrases too, whatever words they are made of.",
    unit="words",
    texts=read_words,
    corpus=CONLL2000,
    as_read=lower_case_without_numbers,
    annotators={"sentence_position": {}},
    opening=("chunk", ("NP",)),
    sizes={
        "small": (
            Size(
                Lengths(185_000, 12_000, 80_000),
                vocabulary=6_000,
                model={"cells": 200, "embedding_size": 200, "dropout": 0.4},
                training={"epochs": 10, "streams": 32},
                minutes=4,
                megabytes=220,
            ),
        ),
        "paper": (
            Size(
                Lengths(185_000, 12_000, 80_000),
                vocabulary=10_000,
                model={"cells": 650, "layers": 2, "embedding_size": 650, "dropout": 0.6},
                training={"epochs": 20, "streams": 20, "learning_rate": 1e-3},
                dtype="float16",
                minutes=150,
                megabytes=1_200,
            ),
        ),
    },
    tries=45_000,
)
