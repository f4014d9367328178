"""How the models of well-known papers were built and trained, for whoever wants to begin where others have been.

Zaremba, Sutskever, Vinyals, "Recurrent neural network regularization", 2014; Karpathy, Johnson, Fei-Fei, "Visualizing
and understanding recurrent networks", 2015. Their programs sum the loss over the steps of an update where we take the
mean. So with S steps a learning rate of SGD is S times theirs here, and the largest gradient theirs divided by S: the
updates are the same.
"""

from dataclasses import dataclass
from typing import Any

from lstmvis.data.tokens import Unit


@dataclass(frozen=True)
class Preset:
    """Fields of `Configuration` and of `Settings` by name."""

    source: str
    tokens: Unit
    model: dict[str, Any]
    training: dict[str, Any]


_ZAREMBA = "Zaremba, Sutskever, Vinyals 2014, arXiv:1409.2329"

PRESETS = {
    "zaremba-small": Preset(
        # Section 4.1, non-regularized LSTM: 2 x 200 cells, weights from [-0.1, 0.1], 13 epochs, learning rate 1,
        # halved for each epoch after the 4th, gradients clipped at a norm of 5, 20 streams of 20 steps.
        source=_ZAREMBA,
        tokens="words",
        model={"cells": 200, "layers": 2, "embedding_size": 200, "dropout": 0.0},
        training={
            "epochs": 13,
            "streams": 20,
            "steps": 20,
            "optimizer": "sgd",
            "learning_rate": 20.0,
            "decay": 0.5,
            "decay_after": 4,
            "clip": 5 / 20,
            "clip_by": "norm",
            "initial_range": 0.1,
        },
    ),
    "zaremba-medium": Preset(
        # Section 4.1: 2 x 650 cells, weights from [-0.05, 0.05], dropout 50 %, 39 epochs, learning rate 1, divided by
        # 1.2 for each epoch after the 6th, gradients clipped at a norm of 5, 20 streams of 35 steps.
        source=_ZAREMBA,
        tokens="words",
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
            "clip_by": "norm",
            "initial_range": 0.05,
        },
    ),
    "karpathy": Preset(
        # Section 3.3: weights from [-0.08, 0.08], 100 streams of 100 steps, RMSProp with learning rate 2e-3 and decay
        # 0.95 of its averages, 50 epochs, learning rate times 0.95 for each epoch after the 10th. The elementwise
        # clipping at 5 is from the program that the paper was made with, char-rnn, which keeps back the last tenths of
        # each stream (`--test 0.1 --parts 100`). The cells are one row of the paper's table 1. An embedding stands in
        # for the paper's one-hot vectors.
        source="Karpathy, Johnson, Fei-Fei 2015, arXiv:1506.02078",
        tokens="characters",
        model={"cells": 128, "layers": 1, "embedding_size": 128, "dropout": 0.0},
        training={
            "epochs": 50,
            "streams": 100,
            "steps": 100,
            "optimizer": "rmsprop",
            "learning_rate": 2e-3,
            "decay": 0.95,
            "decay_after": 10,
            "clip": 5 / 100,
            "clip_by": "element",
            "initial_range": 0.08,
        },
    ),
}
