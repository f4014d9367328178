"""`lstmvis train`: from a text file to a language model."""

import argparse
import math
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from lstmvis.data.errors import LstmvisError
from lstmvis.data.tokens import Tokens
from lstmvis.models.presets import PRESETS
from lstmvis.tools.options import count, part, positive, share
from lstmvis.tools.progress import progress_bar
from lstmvis.tools.pytorch import fitting_threads, require_torch

if TYPE_CHECKING:
    from lstmvis.models.checkpoint import Checkpoint
    from lstmvis.models.language_model import Configuration
    from lstmvis.models.training import Corpus, Epoch, Settings

LEARNING_RATES = {"adam": 3e-3, "rmsprop": 2e-3, "sgd": 20.0}


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="train a language model on a text",
        description="Train a recurrent network to predict the next character or word of a text.",
    )
    parser.add_argument("text", type=Path, metavar="TEXT", help="the text to learn, a UTF-8 file")
    parser.add_argument("--out", type=Path, required=True, metavar="MODEL", help="the file to write, such as book.pt")
    parser.add_argument("--preset", choices=PRESETS, help="model and training of a paper; other options override it")
    there = parser.add_mutually_exclusive_group()
    there.add_argument("--resume", action="store_true", help="go on with a training that was stopped")
    there.add_argument("--replace", action="store_true", help="replace the model where there is one")
    texts = parser.add_argument_group("the texts")
    texts.add_argument("--tokens", choices=("characters", "words"), default="characters", dest="unit")
    texts.add_argument("--vocabulary", type=count, metavar="N")
    texts.add_argument("--no-line-ends", dest="line_ends", action="store_false")
    texts.add_argument("--keep-carriage-returns", dest="carriage_returns", action="store_true")
    validation = texts.add_mutually_exclusive_group()
    validation.add_argument("--validation", type=part, default=0.1, metavar="SHARE")
    validation.add_argument("--validation-text", type=Path, metavar="FILE")
    test = texts.add_mutually_exclusive_group()
    test.add_argument("--test", type=part, metavar="SHARE")
    test.add_argument("--test-text", type=Path, metavar="FILE")
    model = parser.add_argument_group("the model")
    model.add_argument("--layer", dest="kind", choices=("lstm", "gru", "rnn"))
    model.add_argument("--cells", type=count)
    model.add_argument("--layers", type=count)
    model.add_argument("--embedding", type=count, dest="embedding_size")
    model.add_argument("--dropout", type=share)
    model.add_argument("--tied", action="store_true", default=None)
    training = parser.add_argument_group("the training")
    training.add_argument("--epochs", type=count)
    training.add_argument("--streams", type=count)
    training.add_argument("--steps", type=count)
    training.add_argument("--optimizer", choices=LEARNING_RATES)
    training.add_argument("--learning-rate", type=positive)
    training.add_argument("--decay", type=positive)
    training.add_argument("--decay-after", type=count)
    training.add_argument("--clip", type=positive)
    training.add_argument("--clip-by", choices=("norm", "element"))
    training.add_argument("--initial-range", type=positive)
    training.add_argument("--seed", type=int)
    training.add_argument("--device", default="auto", help="cpu, cuda, or auto: cuda where there is one (the default)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    require_torch()
    corpus = read_corpus(options)
    require_place(options.out, options.replace, options.resume)
    configuration, settings = chosen(options, len(corpus.vocabulary))
    one = corpus.tokens.one
    kept_back = f"{len(corpus.validation):,} to validate on"
    if corpus.test is not None:
        kept_back += f", {len(corpus.test):,} to test on"
    print(
        f"{options.text}: {len(corpus.training):,} {corpus.tokens.unit} to train on, "
        f"{len(corpus.vocabulary):,} different; {kept_back}",
        flush=True,
    )
    checkpoint = train_with_progress(corpus, options.out, configuration, settings, options.device, options.resume)
    best = min(checkpoint.history, key=lambda epoch: epoch["validation_loss"])
    measured = ", ".join(
        f"{name.replace('_', ' ')} {loss:.4f} nats per {one} (perplexity {math.exp(loss):.2f})"
        for name, loss in checkpoint.evaluation.items()
    )
    print(f"{options.out} holds the model of epoch {best['epoch']}: {measured}", flush=True)
    return 0


def read_corpus(options: argparse.Namespace) -> "Corpus":
    """The texts as token ids. Raises CorpusError where they are none, or have tokens that the vocabulary has not."""
    from lstmvis.models.training import Corpus

    tokens = Tokens(options.unit, options.line_ends, options.carriage_returns)
    text = tokens.read(options.text)
    vocabulary = tokens.vocabulary(text, options.vocabulary)
    rest = tokens.encode(text, vocabulary)
    total = len(rest)
    test = validation = None
    if options.test_text:
        test = tokens.encode(tokens.read(options.test_text), vocabulary, str(options.test_text))
    elif options.test:
        kept_back = math.ceil(total * options.test)
        rest, test = rest[:-kept_back], rest[-kept_back:]
    if options.validation_text:
        validation = tokens.encode(tokens.read(options.validation_text), vocabulary, str(options.validation_text))
    else:
        kept_back = math.ceil(total * options.validation)
        rest, validation = rest[:-kept_back], rest[-kept_back:]
    return Corpus(rest, validation, test, vocabulary, tokens)


def chosen(options: argparse.Namespace, vocabulary_size: int) -> tuple["Configuration", "Settings"]:
    """The model and the training that the options ask for: what they give, else the preset's, else the default."""
    from lstmvis.models.language_model import Configuration
    from lstmvis.models.training import Settings

    preset = PRESETS.get(options.preset)
    model = dict(preset.model) if preset else {"cells": 200}
    training = dict(preset.training) if preset else {}
    if options.optimizer not in (None, training.get("optimizer")):
        training["learning_rate"] = LEARNING_RATES[options.optimizer]
    for fields, known in ((model, Configuration), (training, Settings)):
        for name in known.__dataclass_fields__:
            if getattr(options, name, None) is not None:
                fields[name] = getattr(options, name)
    if "embedding_size" not in model and (options.unit == "words" or options.tied):
        model["embedding_size"] = model["cells"]
    return Configuration(vocabulary_size, **model), Settings(**training)


def require_place(path: Path, replace: bool, resume: bool) -> None:
    """Raise LstmvisError where a model cannot be written, or something is there that is not to be replaced."""
    from lstmvis.models.checkpoint import CheckpointError, load_checkpoint

    if path.is_dir():
        raise LstmvisError(f"{path} is a directory. Name the file to write, such as {path / 'model.pt'}.")
    if path.exists() and not resume:
        if not replace:
            raise LstmvisError(f"{path} already exists. Choose another place, or --replace it.")
        try:
            load_checkpoint(path)
        except CheckpointError as error:
            raise LstmvisError(f"{error} So it is not replaced.") from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=f".{path.name}.", dir=path.parent):
            pass
    except OSError as error:
        raise LstmvisError(f"{path} cannot be written: {error.strerror} ({error.filename}).") from error


def train_with_progress(
    corpus: "Corpus",
    path: Path,
    configuration: "Configuration",
    settings: "Settings",
    device: str,
    resume: bool = False,
) -> "Checkpoint":
    """Train as `lstmvis.models.training.train` does, with a progress bar and a line for each epoch."""
    from lstmvis.models.device import choose_device
    from lstmvis.models.training import train

    one = corpus.tokens.one

    def show_update(done: int, total: int, loss: float) -> None:
        bar.total = total
        epoch = math.ceil(done / total * settings.epochs)
        bar.set_postfix_str(f"epoch {epoch}, loss {loss:.4f}", refresh=False)
        bar.update(done - bar.n)

    def show_epoch(epoch: "Epoch") -> None:
        tqdm.write(
            f"  epoch {epoch.epoch:2} of {settings.epochs}   training loss {epoch.training_loss:.4f}   "
            f"validation loss {epoch.validation_loss:.4f} (perplexity {epoch.validation_perplexity:.2f})   "
            f"learning rate {epoch.learning_rate:.3g}   {epoch.tokens_per_second:,.0f} {one}s/s   {epoch.seconds:.1f} s"
        )
        sys.stdout.flush()

    total = settings.epochs * len(corpus.training)
    with progress_bar("training", total, unit=one) as bar, fitting_threads(configuration.cells):
        return train(corpus, path, configuration, settings, choose_device(device), resume, show_update, show_epoch)
