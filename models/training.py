"""Training a language model on one long text, by backpropagation through time cut after a number of steps.

The text is cut into parallel streams that are read side by side. Each update sees the next few steps of every stream;
the state is carried on from update to update, the gradient is not. Adam, the learning rate falling to zero along half
a cosine, gradients clipped by their norm. After each epoch the model is tried on a validation text, and the best so
far is on disk.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lstmvis.data.characters import Ids
from lstmvis.data.errors import CorpusError, LstmvisError
from lstmvis.models.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from lstmvis.models.language_model import Configuration, LanguageModel, State

VALIDATION_STREAMS = 16  # few: each starts from the zero state and pays for it with its first tokens
VALIDATION_STEPS = 500  # bounds the memory, changes no result


@dataclass(frozen=True)
class Settings:
    """How to train. `streams` read side by side, `steps` of each between two updates, `clip` the largest gradient."""

    epochs: int = 10
    streams: int = 64
    steps: int = 35
    learning_rate: float = 3e-3
    clip: float = 1.0
    seed: int = 1


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to; losses in nats per token."""

    epoch: int
    training_loss: float
    validation_loss: float
    seconds: float


class DivergedError(LstmvisError):
    """The loss is no longer a number."""


def train(
    training: Ids,
    validation: Ids,
    vocabulary: list[str],
    path: Path,
    configuration: Configuration,
    settings: Settings,
    device: torch.device,
    on_update: Callable[[int, int, float], None] = lambda done, total, loss: None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> Checkpoint:
    """Train a new model on token ids `training` (T,); keep the one with the lowest loss on `validation` in `path`.

    `path` is written after each epoch: the best weights so far, and the history of all epochs. What it holds at the
    end is returned. `on_update` is told how many tokens are read, of how many in all, and the mean loss of the epoch
    so far. The same seed gives the same model on the same machine. Raises CorpusError where a text is too short, and
    DivergedError where the loss is no longer a number.
    """
    torch.manual_seed(settings.seed)
    model = LanguageModel(configuration).to(device)
    inputs, targets = parallel_streams(training, settings.streams, device, "training text")
    tried = parallel_streams(validation, min(settings.streams, VALIDATION_STREAMS), device, "validation text")
    optimizer = torch.optim.Adam(model.parameters(), settings.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, settings.epochs * math.ceil(len(inputs) / settings.steps)
    )
    history: list[Epoch] = []
    weights: dict[str, Tensor] = {}
    for epoch in range(1, settings.epochs + 1):
        started = time.monotonic()
        model.train()
        state: State | None = None
        loss_sum, read = 0.0, 0
        for x, y in zip(torch.split(inputs, settings.steps), torch.split(targets, settings.steps), strict=True):
            logits, state = model(x.long(), state)
            state = (state[0].detach(), state[1].detach())
            loss = cross_entropy(logits.flatten(0, 1), y.long().flatten())
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
            optimizer.step()
            schedule.step()
            read += x.numel()
            loss_sum += loss.item() * x.numel()
            on_update((epoch - 1) * inputs.numel() + read, settings.epochs * inputs.numel(), loss_sum / read)
        history.append(Epoch(epoch, loss_sum / read, evaluate(model, *tried), time.monotonic() - started))
        on_epoch(history[-1])
        if not math.isfinite(history[-1].validation_loss):
            raise DivergedError(f"The loss is no longer a number in epoch {epoch}. Try a lower learning rate.")
        if history[-1] is min(history, key=lambda each: each.validation_loss):
            weights = {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
        measured = [asdict(each) for each in history]
        save_checkpoint(Checkpoint(configuration, vocabulary, weights, asdict(settings), measured), path)
    return load_checkpoint(path)


@torch.inference_mode()
def evaluate(model: LanguageModel, inputs: Tensor, targets: Tensor) -> float:
    """The mean loss in nats per token over parallel streams, `inputs` and `targets` (steps, streams)."""
    model.eval()
    state: State | None = None
    loss_sum = 0.0
    for x, y in zip(torch.split(inputs, VALIDATION_STEPS), torch.split(targets, VALIDATION_STEPS), strict=True):
        logits, state = model(x.long(), state)
        loss_sum += cross_entropy(logits.flatten(0, 1), y.long().flatten(), reduction="sum").item()
    return loss_sum / targets.numel()


def parallel_streams(ids: Ids, streams: int, device: torch.device, what: str = "text") -> tuple[Tensor, Tensor]:
    """Token ids (T,) as inputs and targets, each (steps, streams): a target is the token after its input.

    Stream b is the b-th of equal parts of the text; the few tokens that do not fill a step are left out.
    """
    steps = (len(ids) - 1) // streams
    if steps < 1:
        raise CorpusError(
            f"The {what} has {len(ids):,} tokens; {streams} streams need at least {streams + 1:,}. "
            "Give a longer text or fewer streams."
        )
    inputs, targets = (
        torch.from_numpy(np.ascontiguousarray(ids[offset : offset + steps * streams].reshape(streams, steps).T))
        for offset in (0, 1)
    )
    return inputs.to(device), targets.to(device)  # uint8 to uint32, as given: made long a few steps at a time
