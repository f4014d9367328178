"""A trained model in one file: how it is built, its weights, what its token ids mean and how it was trained."""

import os
import pickle
import re
import warnings
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lstmvis.data.characters import Ids
from lstmvis.data.errors import LstmvisError
from lstmvis.data.full_disk import why_full
from lstmvis.data.placing import sync
from lstmvis.data.tokens import Tokens
from lstmvis.data.versions import CHECKPOINT_FORMAT, KEY, made_by, why_too_new
from lstmvis.models.language_model import Configuration, LanguageModel

WRONG_CONTENT = (pickle.UnpicklingError, RuntimeError, EOFError, LookupError, TypeError, ValueError, AttributeError)
"""What reading a file raises that holds something else than was expected."""
UNFINISHED = ".unfinished"  # ends the name of the file beside a model that its training goes on from


class CheckpointError(LstmvisError):
    """A file is not a checkpoint of ours, or one of a newer version."""


class SavingError(LstmvisError):
    """A file cannot be written; what was there is as it was."""


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
    """What was measured in each epoch so far: the fields of `training.Epoch`, losses in nats per token."""
    evaluation: dict[str, float] = field(default_factory=dict)
    """What was measured when training had ended: `validation_loss`, and `test_loss` where there is a test text."""
    tokens: Tokens = field(default_factory=Tokens)
    """How a text is cut into tokens."""

    def model(self) -> LanguageModel:
        """The model, ready for use: on the CPU, in evaluation mode. Raises CheckpointError for weights of another."""
        model = LanguageModel(self.configuration)
        try:
            model.load_state_dict(self.weights)
        except (RuntimeError, AttributeError, TypeError) as error:
            raise CheckpointError(f"The weights of the model are not those of {self.configuration}.") from error
        return model.eval()

    def read(self, path: Path) -> str:
        """The text of a file as the model's training text was read. Raises CorpusError where there is none to read."""
        return self.tokens.read(path)

    def encode(self, text: str, where: str = "the text") -> Ids:
        """The token ids of a text (T,), for the model; `<unk>` for unknown words where the vocabulary has it.

        Raises CorpusError, saying which and where, for other tokens that the model does not know.
        """
        return self.tokens.encode(text, self.vocabulary, where)

    def unknown(self, text: str) -> Counter[str]:
        """How often each token of `text` comes that the model does not know, in the order in which they first come."""
        return self.tokens.unknown(text, self.vocabulary)

    def record(self) -> dict[str, Any]:
        """How the model was trained, in plain values: for people, and for what draws it."""
        return {
            "tokens": asdict(self.tokens),
            "model": asdict(self.configuration),
            "training": self.training,
            "epochs": self.history,
            "evaluation": self.evaluation,
        }


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint so that `path` is at every moment either as it was or whole."""
    content = {each.name: getattr(checkpoint, each.name) for each in fields(checkpoint)}
    content |= {name: asdict(content[name]) for name in ("configuration", "tokens")}
    save_whole(content, path)


def save_whole(content: dict[str, Any], path: Path) -> None:
    """Save tensors and plain values so that `path` is at every moment, after a crash too, either as it was or whole.

    Raises SavingError where the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:  # which tells why it cannot be written; PyTorch by itself does not
            torch.save({**content, KEY: made_by(CHECKPOINT_FORMAT)}, file)
        sync(temporary)
        os.replace(temporary, path)
        sync(path.parent)
    except (OSError, RuntimeError) as error:
        if reason := why_full(error):
            raise SavingError(f"{path} cannot be written: {reason}. What was there before is as it was.") from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def load_values(path: Path) -> dict[str, Any]:
    """What `save_whole` has saved, to the CPU. Raises OSError, one of WRONG_CONTENT for another file, and
    CheckpointError for a file of a newer version."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's about pickles that others have written, which are refused
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if isinstance(content, dict):
        if sentence := why_too_new(content, CHECKPOINT_FORMAT, str(path)):
            raise CheckpointError(sentence)
        content.pop(KEY, None)
    return content


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint, to the CPU. Raises CheckpointError where `path` holds none."""
    try:
        content = load_values(path)
        configuration = Configuration(**content["configuration"])
        tokens = Tokens(**content.get("tokens", {}))
        # The layers were called `lstm` before there were others.
        weights = {re.sub(r"^lstm\.", "recurrent.", name): tensor for name, tensor in content["weights"].items()}
        return Checkpoint(**{**content, "configuration": configuration, "tokens": tokens, "weights": weights})
    except OSError as error:
        raise CheckpointError(f"The model {path} cannot be read: {error.strerror}.") from error
    except WRONG_CONTENT as error:
        instead = f" The model is {path.with_suffix('')}." if path.suffix == UNFINISHED else ""
        raise CheckpointError(f"{path} is not a model that `lstmvis train` has written.{instead}") from error
