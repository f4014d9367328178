"""Speech in children's books: what a model of words knows of quotation marks that are still open."""

from lstmvis.data.corpora.as_read import lower_case
from lstmvis.data.corpora.childrens_books import GUTENBERG, read_words
from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.demos.recipe import Recipe, Size

LARGE = Lengths(1_250_000, 60_000, 200_000)

CHILDRENS_BOOKS = Recipe(
    name="Children's books",
    shows="who is speaking: cells that stay on inside quotation marks",
    look="The selected cells are on while somebody speaks. See in the map of quotation whether their matches lie "
    "inside speech too, whatever is said.",
    unit="words",
    texts=read_words,
    corpus=GUTENBERG,
    as_read=lower_case,
    annotators={"quotation": {}, "part_of_speech": {}, "sentence_position": {}},
    opening=("quotation", ("inside a quotation",)),
    sizes={
        "small": (
            Size(
                Lengths(700_000, 40_000, 150_000),
                vocabulary=6_000,
                model={"cells": 200, "embedding_size": 200, "dropout": 0.2},
                training={"epochs": 4, "streams": 32},
                minutes=6,
                megabytes=330,
            ),
        ),
        "paper": (
            Size(
                LARGE,
                vocabulary=10_000,
                model={"cells": 200, "embedding_size": 200, "dropout": 0.2},
                training={"epochs": 12, "streams": 32},
                dtype="float16",
                minutes=40,
                megabytes=600,
                suffix="1x200",
            ),
            Size(
                LARGE,
                vocabulary=10_000,
                model={"cells": 500, "layers": 4, "embedding_size": 500, "dropout": 0.4},
                training={"epochs": 15, "streams": 32, "learning_rate": 1e-3},
                dtype="float16",
                minutes=900,
                megabytes=4_200,
                suffix="4x500",
            ),
        ),
    },
)
