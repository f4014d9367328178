"""The recipes of the demos: which texts, which model, how trained, and what the view is about that they open with."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstmvis.data import parentheses


@dataclass(frozen=True)
class ParenthesesDemo:
    """Three texts of the parentheses language, of different seeds: to train on, to validate on, and to explore."""

    id: str
    name: str
    training_length: int
    validation_length: int
    explored_length: int
    cells: int
    layers: int
    epochs: int
    learning_rate: float
    dtype: str
    opening: tuple[str, tuple[str, ...]]  # an annotation and its labels: what the first view is about
    seed: int = 1

    @property
    def description(self) -> str:
        return (
            "The selected cells are on at depth four: see in the map of `nesting` whether their matches lie there too. "
            "Random nested parentheses, at most four deep; a digit tells the current depth. "
            f"{self.explored_length:,} characters, new to the model: an LSTM of {self.layers} x {self.cells} cells "
            f"that was trained to predict the next character on {self.training_length:,} others."
        )

    def texts(self) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
        """Token ids and nesting of the texts to train on, to validate on, and to explore."""
        lengths = [self.training_length, self.validation_length, self.explored_length]
        for index, length in enumerate(lengths):
            yield parentheses.generate(length, seed=3 * self.seed + index)


DEMOS = {
    "parens": {
        "small": ParenthesesDemo(
            id="parens",
            name="Parentheses",
            training_length=300_000,
            validation_length=50_000,
            explored_length=200_000,
            cells=150,
            layers=1,
            epochs=4,
            learning_rate=5e-3,
            dtype="float32",
            opening=("nesting", ("4",)),
        ),
        "paper": ParenthesesDemo(
            id="parens-paper",
            name="Parentheses, large",
            training_length=1_000_000,
            validation_length=50_000,
            explored_length=1_000_000,
            cells=650,
            layers=1,
            epochs=2,
            learning_rate=3e-3,
            dtype="float16",
            opening=("nesting", ("4",)),
        ),
    }
}
"""Recipes by name and size."""
