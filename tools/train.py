"""`lstmvis train`: from a text file to a language model."""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from lstmvis.data.characters import Ids
from lstmvis.data.errors import CorpusError, LstmvisError
from lstmvis.data.findings import how_many
from lstmvis.data.locking import making
from lstmvis.data.tokens import Tokens
from lstmvis.models.presets import PRESETS
from lstmvis.tools.options import count, decay, part, positive, seed, share
from lstmvis.tools.progress import progress_bar
from lstmvis.tools.pytorch import fitting_threads, require_torch

if TYPE_CHECKING:
    from lstmvis.models.checkpoint import Checkpoint
    from lstmvis.models.language_model import Configuration
    from lstmvis.models.training import Corpus, Epoch, Settings

CELLS = 200
FEW_UPDATES = 50  # in an epoch
LEARNING_RATES = {"adam": 3e-3, "rmsprop": 2e-3, "sgd": 20.0}

DESCRIPTION = """\
Train a recurrent network to predict the next character, or the next word, of a
text. MODEL is written after every epoch: it holds the model of the epoch with
the lowest loss on the validation text. So training can be stopped at any time
(Ctrl-C). MODEL.unfinished, beside it, is what --resume goes on from; it is gone
when training is done. However it is stopped, also by a batch queue that kills
it, only the running epoch is lost. A job that may run several times gives
--resume always: the first time it begins, at last it finds all done. Needs
PyTorch: pip install 'lstmvis[train]'.

examples:
  lstmvis train book.txt --out book.pt
      a character model; the last tenth of the book validates it
  lstmvis train book.txt --out book.pt --resume
      the same, after it was stopped: it ends as if it had not been
  lstmvis train book.txt --out book.pt --tokens words --vocabulary 10000 \\
      --layer gru --cells 300 --dropout 0.3
      a GRU over words; all but the 9,999 most frequent ones become <unk>
  lstmvis train ptb.train.txt --out ptb.pt --preset zaremba-small \\
      --validation-text ptb.valid.txt --test-text ptb.test.txt
      the Penn Treebank model of a paper, on the usual split
  lstmvis train warpeace.txt --out warpeace.pt --preset karpathy \\
      --test 0.1 --parts 100
      the War and Peace model of a paper, split as its program does
"""

SCALED = """\
  The papers sum the loss over the steps of an update; here it is their mean. So
  a learning rate of 1 is 20 or 35 here, and the gradients' limit of 5 a part of
  it: the updates are the same.
"""

MEASURED = """\
what is measured:
  Losses are in nats per token: the mean of -log(probability of the token that
  came); perplexity is exp(loss). Every epoch tells the loss on the training
  text, as it was while learning, and on the validation text, which is read in
  up to 16 streams. When training is done, the model that is kept is measured
  exactly: it reads the validation text, and the test text, in one pass from the
  zero state, and predicts every token but the first.
"""


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="train a language model on a text",
        usage="lstmvis train TEXT --out MODEL [options]",
        description=DESCRIPTION,
        epilog=f"{describe_presets()}\n{MEASURED}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("text", type=Path, metavar="TEXT", help="the text to learn, a UTF-8 file")
    parser.add_argument("--out", type=Path, required=True, metavar="MODEL", help="the file to write, such as book.pt")
    parser.add_argument(
        "--preset", choices=PRESETS, help="tokens, model and training of a paper (see below); other options override it"
    )
    there = parser.add_mutually_exclusive_group()
    there.add_argument(
        "--resume",
        action="store_true",
        help="go on with a training that was stopped, the other options as before; without one, begin",
    )
    there.add_argument("--replace", action="store_true", help="replace the model, or the training, that is there")
    parser.add_argument(
        "--device", default="auto", help="cpu, cuda, or auto: cuda where there is one (default: %(default)s)"
    )
    parser.add_argument(
        "--threads",
        type=count,
        metavar="N",
        help="processor cores to use (default: one for up to 256 cells, which on a busy machine is faster than more; "
        "else all)",
    )

    texts = parser.add_argument_group("the texts")
    texts.add_argument(
        "--tokens",
        dest="unit",
        choices=("characters", "words"),
        help="what is predicted; words are what stands between white space (default: characters)",
    )
    texts.add_argument(
        "--vocabulary",
        type=count,
        metavar="N",
        help="of words: how many different ones at most, <unk> among them, which stands for the rest (default: all)",
    )
    texts.add_argument(
        "--no-line-ends", dest="line_ends", action="store_false", help="of words: no <eos> at the end of every line"
    )
    texts.add_argument(
        "--keep-carriage-returns",
        dest="carriage_returns",
        action="store_true",
        help="take line ends as they are in the files; else CR LF is read as LF",
    )
    validation = texts.add_mutually_exclusive_group()
    validation.add_argument(
        "--validation", type=part, default=0.1, metavar="SHARE", help="share of TEXT to validate on (default: 0.1)"
    )
    validation.add_argument("--validation-text", type=Path, metavar="FILE", help="a text of its own to validate on")
    test = texts.add_mutually_exclusive_group()
    test.add_argument(
        "--test", type=part, metavar="SHARE", help="share of TEXT to test on, its last part (default: none)"
    )
    test.add_argument("--test-text", type=Path, metavar="FILE", help="a text of its own to test on")
    texts.add_argument(
        "--parts",
        type=count,
        default=1,
        metavar="N",
        help="take these shares at the end of each of N equal parts of TEXT, so that what is kept back comes from all "
        "over it (default: 1, at its end)",
    )

    model = parser.add_argument_group("the model")
    model.add_argument("--layer", dest="kind", choices=("lstm", "gru", "rnn"), help="rnn: tanh layers (default: lstm)")
    model.add_argument("--layers", type=count, metavar="N", help="how many, one on the other (default: 1)")
    model.add_argument("--cells", type=count, metavar="N", help=f"in each layer (default: {CELLS})")
    model.add_argument(
        "--embedding",
        dest="embedding_size",
        type=count,
        metavar="N",
        help="numbers that stand for a token (default: 32 for characters; as many as cells for words or if --tied)",
    )
    model.add_argument(
        "--tied", action="store_true", help="one matrix is embedding and decoder; needs as many --embedding as --cells"
    )
    model.add_argument(
        "--dropout",
        type=share,
        metavar="SHARE",
        help="of the values dropped before, between and after the layers while training (default: 0)",
    )

    training = parser.add_argument_group("the training")
    training.add_argument("--epochs", type=count, metavar="N", help="times the text is read (default: 10)")
    training.add_argument(
        "--streams", type=count, metavar="N", help="parts of the text that are read side by side (default: 64)"
    )
    training.add_argument("--steps", type=count, metavar="N", help="tokens of each between two updates (default: 35)")
    training.add_argument(
        "--optimizer",
        choices=LEARNING_RATES,
        help="sgd is without momentum, rmsprop averages with 0.95 (default: adam)",
    )
    training.add_argument(
        "--learning-rate",
        type=positive,
        metavar="RATE",
        help="at the start; the loss is the mean over the tokens of an update (default: "
        f"{', '.join(f'{rate:g} for {name}' for name, rate in LEARNING_RATES.items())})",
    )
    training.add_argument(
        "--decay",
        type=decay,
        metavar="FACTOR",
        help="what the learning rate is multiplied by for each epoch after --decay-after; or cosine: it falls to zero "
        "along half a cosine, from the first update to the last (default: cosine)",
    )
    training.add_argument("--decay-after", type=count, metavar="N", help="epochs at the full rate (default: 1)")
    training.add_argument("--clip", type=positive, metavar="MOST", help="largest gradient of that loss (default: 1)")
    training.add_argument(
        "--clip-by",
        choices=("norm", "element"),
        help="largest norm over all weights, or for each alone (default: norm)",
    )
    training.add_argument(
        "--initial-range",
        type=positive,
        metavar="R",
        help="weights begin evenly distributed from -R to R (default: as PyTorch begins each kind of layer)",
    )
    training.add_argument("--seed", type=seed, metavar="N", help="the same seed gives the same model (default: 1)")
    parser.set_defaults(run=run)


def describe_presets() -> str:
    lines = ["presets:"]
    for name, preset in PRESETS.items():
        model, training = preset.model, preset.training
        dropout = f", dropout {model['dropout']:g}" if model["dropout"] else ""
        lines += [
            f"  {name}: {preset.tokens}, LSTM {model['layers']} x {model['cells']}{dropout},",
            f"      {training['epochs']} epochs, {training['streams']} streams x {training['steps']} steps,",
            f"      {training['optimizer']}, learning rate {training['learning_rate']:g}, "
            f"times {training['decay']:.3g} for each epoch after {training['decay_after']}",
            f"      ({preset.source})",
        ]
    return "\n".join([*lines, SCALED])


def run(options: argparse.Namespace) -> int:
    require_torch()
    tokens = chosen_tokens(options)
    make_place(options.out)
    with making(options.out):
        return _run_alone(options, tokens)


def _run_alone(options: argparse.Namespace, tokens: Tokens) -> int:
    """Train while no other process trains to the same file."""
    from lstmvis.models.checkpoint import SavingError, load_checkpoint
    from lstmvis.models.resuming import unfinished_path

    require_place(options.out, options.replace, options.resume)
    resume = options.resume
    if resume and not unfinished_path(options.out).exists():
        model = load_checkpoint(options.out) if options.out.exists() else None
        if model and model.evaluation:
            print(f"{options.out} is trained, {how_many(len(model.history), 'epoch')}: there is nothing to resume.")
            return 0
        if model is None or len(model.history) == 1:  # of one that was killed between its first two files
            print(f"No training of {options.out} has come to the end of an epoch: it begins at the beginning.")
            resume = False
    corpus = read_corpus(options, tokens)
    configuration, settings = chosen_model(options, tokens, len(corpus.vocabulary))
    texts = [f"{len(corpus.training):,} {tokens.unit} to train on", f"{len(corpus.validation):,} to validate on"]
    if corpus.test is not None:
        texts.append(f"{len(corpus.test):,} to test on")
    print(f"{', '.join(texts)}; a vocabulary of {len(corpus.vocabulary):,}", flush=True)
    updates = math.ceil((len(corpus.training) - 1) // settings.streams / settings.steps)
    if 0 < updates < FEW_UPDATES and settings.streams > 1:
        print(f"An epoch has only {how_many(updates, 'update')}: with fewer --streams it learns faster.", flush=True)
    try:
        checkpoint = train_with_progress(
            corpus, options.out, configuration, settings, options.device, resume, options.threads
        )
    except (KeyboardInterrupt, SavingError):
        if unfinished_path(options.out).exists():
            print(f"{options.out} holds the best model so far. To go on, give the same command with --resume.")
        raise
    best = min(checkpoint.history, key=lambda epoch: epoch["validation_loss"])
    print(f"{options.out} holds the model of epoch {best['epoch']}:")
    for name, loss in checkpoint.evaluation.items():
        print(f"  {name.replace('_', ' ')} {loss:.4f} nats per {tokens.one}, perplexity {math.exp(loss):.2f}")
    return 0


def chosen_tokens(options: argparse.Namespace) -> Tokens:
    """How the options, else the preset, say that texts are cut. Raises LstmvisError for what only words have."""
    unit = options.unit or (PRESETS[options.preset].tokens if options.preset else "characters")
    if unit == "characters":
        for option, given in (("--vocabulary", options.vocabulary), ("--no-line-ends", not options.line_ends)):
            if given:
                raise LstmvisError(f"{option} is for words: give --tokens words with it.")
    return Tokens(unit, options.line_ends, options.carriage_returns)


def chosen_model(
    options: argparse.Namespace, tokens: Tokens, vocabulary_size: int
) -> tuple["Configuration", "Settings"]:
    """The model and the training that the options ask for: what they give, else the preset's, else the default."""
    from lstmvis.models.language_model import Configuration
    from lstmvis.models.training import Settings

    preset = PRESETS.get(options.preset)
    model = {"cells": CELLS, **(preset.model if preset else {}), **_given(options, Configuration)}
    training = {"optimizer": "adam", **(preset.training if preset else {}), **_given(options, Settings)}
    if not preset or training["optimizer"] != preset.training["optimizer"]:
        training["learning_rate"] = options.learning_rate or LEARNING_RATES[training["optimizer"]]
    if "embedding_size" not in model and (tokens.unit == "words" or options.tied):
        model["embedding_size"] = model["cells"]
    return Configuration(vocabulary_size, **model), Settings(**training)


def _given(options: argparse.Namespace, known: type) -> dict[str, Any]:
    """The fields of `known` that the command line gives."""
    given = {field.name: getattr(options, field.name, None) for field in fields(known)}
    return {name: value for name, value in given.items() if value is not None}


def read_corpus(options: argparse.Namespace, tokens: Tokens) -> "Corpus":
    """The texts as token ids; the vocabulary is that of TEXT, all of it.

    Raises CorpusError where a text cannot be read, has tokens without an id, or nothing is left of it to train on.
    """
    from lstmvis.models.training import Corpus

    text = tokens.read(options.text)
    vocabulary = tokens.vocabulary(text, options.vocabulary)
    ids = tokens.encode(text, vocabulary)

    def read_other(path: Path) -> Ids:
        other = tokens.read(path)
        read = tokens.encode(other, vocabulary, str(path))
        if unknown := tokens.unknown(other, vocabulary).total():
            print(f"{path}: {unknown:,} of {len(read):,} {tokens.unit} are not in the vocabulary and are read as <unk>")
        return read

    shares = [0 if options.validation_text else options.validation, options.test or 0]
    trained, validated, tested = split_ids(ids, shares, options.parts)
    if not len(trained):
        raise CorpusError(f"Nothing of {options.text} is left to train on: --validation and --test take all of it.")
    return Corpus(
        trained,
        read_other(options.validation_text) if options.validation_text else validated,
        read_other(options.test_text) if options.test_text else tested if options.test else None,
        vocabulary,
        tokens,
    )


def split_ids(ids: Ids, shares: Sequence[float], parts: int = 1) -> list[Ids]:
    """Cut token ids (T,) into what comes first and the last `shares` of them, at the end of each of `parts`, joined."""
    pieces = []
    for piece in np.array_split(ids, parts):
        kept_back = [math.ceil(len(piece) * share) for share in shares]
        cuts = len(piece) - np.cumsum(kept_back[::-1])[::-1]
        pieces.append(np.split(piece, np.maximum(cuts, 0)))
    return [np.concatenate(each) for each in zip(*pieces, strict=True)]


def make_place(path: Path) -> None:
    """Make the directory that a model is to lie in. Raises LstmvisError where none can be written there."""
    if path.is_dir():
        raise LstmvisError(f"{path} is a directory. Name the file to write, such as {path / 'model.pt'}.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LstmvisError(f"{path} cannot be written: {error.strerror} ({error.filename}).") from error


def require_place(path: Path, replace: bool, resume: bool) -> None:
    """Raise LstmvisError where something is there that is not to be replaced."""
    from lstmvis.models.checkpoint import CheckpointError, load_checkpoint
    from lstmvis.models.resuming import unfinished_path

    unfinished = unfinished_path(path)
    if unfinished.exists() and not (replace or resume):
        raise LstmvisError(
            f"{path} is being trained, or its training was stopped: {unfinished} holds what it takes to go on. "
            "To go on, give the same command with --resume; to begin anew, with --replace."
        )
    if path.exists():
        if not (replace or resume):
            raise LstmvisError(f"{path} already exists. Choose another place, or --replace it.")
        try:
            load_checkpoint(path)
        except CheckpointError as error:
            raise LstmvisError(f"{error} So it is not replaced.") from error


def train_with_progress(
    corpus: "Corpus",
    path: Path,
    configuration: "Configuration",
    settings: "Settings",
    device: str,
    resume: bool = False,
    threads: int | None = None,
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
            f"  epoch {epoch.epoch:2} of {settings.epochs}   training loss {epoch.training_loss:.4f}   validation loss "
            f"{epoch.validation_loss:.4f}, perplexity {epoch.validation_perplexity:.2f}   {epoch.seconds:.1f} s"
        )
        sys.stdout.flush()  # into a log, too, as it happens

    total = settings.epochs * len(corpus.training)
    with progress_bar("training", total, unit=one) as bar, fitting_threads(configuration.cells, threads):
        return train(corpus, path, configuration, settings, choose_device(device), resume, show_update, show_epoch)
