"""Training a language model on one long text, by backpropagation through time cut after a number of steps.

The text is cut into parallel streams that are read side by side. Each update sees the next few steps of every stream;
the state is carried on from update to update, the gradient is not. The loss of an update is the mean over its tokens.
After each epoch the model is tried on a validation text. Two files are written then: the model, which is the best so
far, and beside it all that it takes to go on from there (`resuming`), which goes when training has ended.

What is measured after an epoch is a little too high: the validation text is read in parallel streams, each of which
starts from the zero state. What is measured at the end, of the model that is kept, is exact: each text is read in one
pass, from the zero state, and every token but the first is predicted.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lstmvis.data.characters import Ids
from lstmvis.data.errors import CorpusError, LstmvisError
from lstmvis.data.tokens import Tokens
from lstmvis.models.checkpoint import Checkpoint, save_checkpoint
from lstmvis.models.language_model import Configuration, LanguageModel, State, detached
from lstmvis.models.resuming import fingerprint, load_unfinished, remove_unfinished, save_unfinished

VALIDATION_STREAMS = 16  # few: each starts from the zero state and pays for it with its first tokens
EVALUATED_AT_ONCE = 1 << 23  # numbers: bounds the memory, changes no result

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "rmsprop": lambda parameters, rate: torch.optim.RMSprop(parameters, rate, alpha=0.95),
    "sgd": torch.optim.SGD,
}


class Corpus(NamedTuple):
    """Token ids (T,) to train on, to validate on and, where wanted, to test on; and what they stand for."""

    training: Ids
    validation: Ids
    test: Ids | None
    vocabulary: list[str]
    tokens: Tokens = Tokens()


@dataclass(frozen=True)
class Settings:
    """How to train. `streams` are read side by side, `steps` of each between two updates."""

    epochs: int = 10
    streams: int = 64
    steps: int = 35
    optimizer: Literal["adam", "rmsprop", "sgd"] = "adam"
    learning_rate: float = 3e-3
    decay: float | Literal["cosine"] = "cosine"
    """What the learning rate is multiplied by for each epoch after `decay_after`; or it falls to zero along half a
    cosine, update by update."""
    decay_after: int = 1
    clip: float = 1.0
    """The largest gradient: its norm over all weights, or each of its elements."""
    clip_by: Literal["norm", "element"] = "norm"
    initial_range: float | None = None
    """All weights begin evenly distributed from minus this to this; None: as PyTorch begins."""
    seed: int = 1

    def rate(self, epoch: int, share: float) -> float:
        """The learning rate in `epoch`, the first being 1, of which `share` has been read."""
        if self.decay == "cosine":
            return self.learning_rate * (1 + math.cos(math.pi * (epoch - 1 + share) / self.epochs)) / 2
        return self.learning_rate * self.decay ** max(epoch - self.decay_after, 0)


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to. Losses in nats per token; the learning rate is that of the first update."""

    epoch: int
    training_loss: float
    validation_loss: float
    training_perplexity: float
    validation_perplexity: float
    learning_rate: float
    seconds: float
    tokens_per_second: float
    """Tokens trained on in a second; `seconds` has the validation too."""


class DivergedError(LstmvisError):
    """The loss is no longer a number."""


def train(
    corpus: Corpus,
    path: Path,
    configuration: Configuration,
    settings: Settings,
    device: torch.device,
    resume: bool = False,
    on_update: Callable[[int, int, float], None] = lambda done, total, loss: None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> Checkpoint:
    """Train a new model; keep the one with the lowest loss on the validation text in `path`, and return it.

    `path` is written after each epoch: the best weights so far, and the history of all epochs. With `resume` training
    goes on after the last epoch of one that was stopped, and ends on the CPU in what it would have ended in. The same
    seed gives the same model on the same machine. `on_update` is told how many tokens are read, of how many in all,
    and the mean loss of the epoch so far. Raises CorpusError where a text is too short, DivergedError where the loss is
    no longer a number, and ResumeError where there is nothing to go on from, or what was begun is another training.
    """
    inputs, targets = parallel_streams(corpus.training, settings.streams, device, "training text")
    tried = parallel_streams(corpus.validation, min(settings.streams, VALIDATION_STREAMS), device, "validation text")
    exact = {"validation_loss": parallel_streams(corpus.validation, 1, device, "validation text")}
    if corpus.test is not None:
        exact["test_loss"] = parallel_streams(corpus.test, 1, device, "test text")
    begun = {
        "text to train on": fingerprint(corpus.training, corpus.vocabulary),
        "text to validate on": fingerprint(corpus.validation, corpus.vocabulary),
        "text to test on": None if corpus.test is None else fingerprint(corpus.test, corpus.vocabulary),
        **asdict(corpus.tokens),
        **asdict(configuration),
        **asdict(settings),
    }
    torch.manual_seed(settings.seed)
    model = new_model(configuration, settings).to(device)
    optimizer = OPTIMIZERS[settings.optimizer](model.parameters(), settings.learning_rate)
    best = Checkpoint(configuration, corpus.vocabulary, {}, asdict(settings), tokens=corpus.tokens)
    if resume:
        best.history, best.weights = load_unfinished(path, begun, model, optimizer, device)
    for epoch in range(len(best.history) + 1, settings.epochs + 1):
        started = time.monotonic()
        rate = settings.rate(epoch, 0)
        training_loss = _read_once(model, optimizer, inputs, targets, settings, epoch, on_update)
        trained = time.monotonic()
        validation_loss = evaluate(model, *tried)
        if not all(math.isfinite(perplexity(loss)) for loss in (training_loss, validation_loss)):
            remove_unfinished(path)
            raise DivergedError(f"The loss is no longer a number in epoch {epoch}. Try a lower learning rate.")
        measured = Epoch(
            epoch=epoch,
            training_loss=training_loss,
            validation_loss=validation_loss,
            training_perplexity=perplexity(training_loss),
            validation_perplexity=perplexity(validation_loss),
            learning_rate=rate,
            seconds=time.monotonic() - started,
            tokens_per_second=inputs.numel() / (trained - started),
        )
        if all(validation_loss < each["validation_loss"] for each in best.history):
            best.weights = {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
        best.history.append(asdict(measured))
        save_checkpoint(best, path)
        save_unfinished(path, begun, model, optimizer, device, best.history, best.weights)
        on_epoch(measured)
    model.load_state_dict(best.weights)
    best.evaluation = {name: evaluate(model, *text) for name, text in exact.items()}
    save_checkpoint(best, path)
    remove_unfinished(path)
    return best


def new_model(configuration: Configuration, settings: Settings) -> LanguageModel:
    """A model with the weights that training begins with."""
    model = LanguageModel(configuration)
    if settings.initial_range is not None:
        for weights in model.parameters():
            nn.init.uniform_(weights, -settings.initial_range, settings.initial_range)
    return model


def _read_once(
    model: LanguageModel,
    optimizer: torch.optim.Optimizer,
    inputs: Tensor,
    targets: Tensor,
    settings: Settings,
    epoch: int,
    on_update: Callable[[int, int, float], None],
) -> float:
    """One epoch of updates; the mean loss over it."""
    model.train()
    weights = list(model.parameters())
    clip = nn.utils.clip_grad_norm_ if settings.clip_by == "norm" else nn.utils.clip_grad_value_
    state: State | None = None
    loss_sum, read = 0.0, 0
    for x, y in zip(torch.split(inputs, settings.steps), torch.split(targets, settings.steps), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = settings.rate(epoch, read / inputs.numel())
        logits, state = model(x.long(), state)
        state = detached(state)
        loss = cross_entropy(logits.flatten(0, 1), y.long().flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        clip(weights, settings.clip)
        optimizer.step()
        read += x.numel()
        loss_sum += loss.item() * x.numel()
        on_update((epoch - 1) * inputs.numel() + read, settings.epochs * inputs.numel(), loss_sum / read)
    return loss_sum / read


@torch.inference_mode()
def evaluate(model: LanguageModel, inputs: Tensor, targets: Tensor) -> float:
    """The mean loss in nats per token over parallel streams, `inputs` and `targets` (steps, streams)."""
    model.eval()
    state: State | None = None
    loss_sum = 0.0
    width = model.configuration.vocabulary_size + 8 * model.configuration.cells  # logits, gates and states of a layer
    steps = max(EVALUATED_AT_ONCE // (inputs.shape[1] * width), 1)
    for x, y in zip(torch.split(inputs, steps), torch.split(targets, steps), strict=True):
        logits, state = model(x.long(), state)
        loss_sum += cross_entropy(logits.flatten(0, 1), y.long().flatten(), reduction="sum").item()
    return loss_sum / targets.numel()


def perplexity(loss: float) -> float:
    """Among how many equally likely tokens one would have to choose to be as unsure as a loss in nats says."""
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


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
