"""A trained model in one file: how it is built, its weights, what its token ids mean and how it was trained."""

import os
import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lstmvis.data.errors import LstmvisError
from lstmvis.models.language_model import Configuration, LanguageModel


class CheckpointError(LstmvisError):
    """A file is not a checkpoint of ours."""


@dataclass
class Checkpoint:
    """Tensors and plain values only, so that loading a file from somebody else runs none of its code."""

    configuration: Configuration
    vocabulary: list[str]
    """The tokens; the index of a token is its id."""
    weights: dict[str, Tensor]
    training: dict[str, Any] = field(default_factory=dict)
    """The settings of the training, by name."""
    history: list[dict[str, float]] = field(default_factory=list)
    """What was measured in each epoch so far: `epoch`, `training_loss`, `validation_loss` (nats per token)..."""

    def model(self) -> LanguageModel:
        """The model, ready for use: on the CPU, in evaluation mode."""
        model = LanguageModel(self.configuration)
        model.load_state_dict(self.weights)
        return model.eval()


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint so that `path` is at every moment either as it was or whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {name: getattr(checkpoint, name) for name in ("vocabulary", "weights", "training", "history")}
    temporary = path.with_name(f".{path.name}.part")
    try:
        torch.save({"configuration": asdict(checkpoint.configuration), **content}, temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint, to the CPU. Raises CheckpointError where `path` holds none."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        return Checkpoint(**{**content, "configuration": Configuration(**content["configuration"])})
    except OSError as error:
        raise CheckpointError(f"The model {path} cannot be read: {error.strerror}.") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, TypeError, LookupError, ValueError) as error:
        raise CheckpointError(f"{path} is not a model that `lstmvis train` has written.") from error
