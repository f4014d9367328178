"""What it takes to go on with a training that was stopped: a file beside the model, written after each epoch.

The file holds what the training was begun with, the weights as they were then, the optimizer's state, the state of the
random numbers, the history, and the best weights so far. Training that goes on from it on the same machine's CPU, with
as many threads, ends in the same numbers, bit for bit, as one that was never stopped.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lstmvis.data.characters import Ids
from lstmvis.data.errors import LstmvisError
from lstmvis.models.checkpoint import UNFINISHED, WRONG_CONTENT, load_values, save_whole

CONTENT = ("begun", "weights", "optimizer", "random", "device_random", "history", "best_weights")

History = list[dict[str, float]]


class ResumeError(LstmvisError):
    """A training cannot go on."""


def unfinished_path(path: Path) -> Path:
    """The file beside the model `path` that training goes on from; it is there only until training is done."""
    return path.with_name(path.name + UNFINISHED)


def remove_unfinished(path: Path) -> None:
    unfinished_path(path).unlink(missing_ok=True)


def save_unfinished(
    path: Path,
    begun: dict[str, Any],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    device: torch.device,
    history: History,
    best_weights: dict[str, Tensor],
) -> None:
    """Write the file of model `path`, whole or not at all. `begun`: texts and settings by name, as plain values."""
    content = {
        "begun": begun,
        "weights": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": torch.get_rng_state(),
        "device_random": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        "history": history,
        "best_weights": best_weights,
    }
    save_whole(content, unfinished_path(path))


def load_unfinished(
    path: Path, begun: dict[str, Any], model: nn.Module, optimizer: torch.optim.Optimizer, device: torch.device
) -> tuple[History, dict[str, Tensor]]:
    """Put the model, its optimizer and the random numbers back to where they were; return history and best weights.

    Raises ResumeError where there is no such file, or it was begun with other texts or settings than `begun`.
    """
    content = _read_unfinished(path)
    differing = [_difference(name, content["begun"].get(name), begun[name]) for name in begun]
    if any(differing):
        raise ResumeError(
            f"The training in {unfinished_path(path)} was begun otherwise: {'; '.join(filter(None, differing))}. "
            "Give what it was begun with, or begin anew: --replace in place of --resume."
        )
    model.load_state_dict(content["weights"])
    optimizer.load_state_dict(content["optimizer"])
    torch.set_rng_state(content["random"])
    if device.type == "cuda" and content["device_random"] is not None:
        torch.cuda.set_rng_state(content["device_random"], device)
    return content["history"], content["best_weights"]


def _read_unfinished(path: Path) -> dict[str, Any]:
    unfinished = unfinished_path(path)
    try:
        content = load_values(unfinished)
        return {name: content[name] for name in CONTENT}
    except FileNotFoundError as error:
        raise ResumeError(f"There is nothing to resume: no training of {path} was stopped ({unfinished}).") from error
    except OSError as error:
        raise ResumeError(f"{unfinished} cannot be read: {error.strerror}.") from error
    except WRONG_CONTENT as error:
        raise ResumeError(
            f"{unfinished} is damaged, or not what `lstmvis train` has written. To begin anew, give --replace in place "
            "of --resume."
        ) from error


def fingerprint(ids: Ids, vocabulary: list[str]) -> str:
    """A digest of a text: other for other tokens, and for other ids of the same tokens."""
    digest = hashlib.sha256(repr(vocabulary).encode())
    digest.update(np.ascontiguousarray(ids).astype("<u4").data)
    return digest.hexdigest()


def _difference(name: str, before: Any, now: Any) -> str:
    """The setting in words where it differs, else nothing; digests say nothing to a person."""
    if before == now:
        return ""
    return f"another {name}" if name.startswith("text") else f"{name.replace('_', ' ')} {before}, not {now}"
