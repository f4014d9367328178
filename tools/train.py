"""`lstmvis train`: from a text file to a character language model."""

import argparse
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from lstmvis.data.characters import Ids, encode, read_text, vocabulary_of
from lstmvis.data.errors import LstmvisError
from lstmvis.tools.options import count, part, positive, share
from lstmvis.tools.progress import progress_bar
from lstmvis.tools.pytorch import fitting_threads, require_torch

if TYPE_CHECKING:
    from lstmvis.models.checkpoint import Checkpoint
    from lstmvis.models.language_model import Configuration
    from lstmvis.models.training import Epoch, Settings


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="train a character language model on a text",
        description="Train an LSTM to predict the next character of a text. The last part of the text is kept back to "
        "validate on; the model with the lowest loss there is what MODEL holds after every epoch, so training can be "
        "stopped at any time. Losses are in nats per character. Needs PyTorch: pip install 'lstmvis[train]'.",
    )
    parser.add_argument("text", type=Path, metavar="TEXT", help="the text to learn, in UTF-8; a character is a token")
    parser.add_argument("--out", type=Path, required=True, metavar="MODEL", help="the file to write, such as book.pt")
    model = parser.add_argument_group("the model")
    model.add_argument("--cells", type=count, default=200, help="cells in a layer (default: %(default)s)")
    model.add_argument("--layers", type=count, default=1, help="LSTM layers (default: %(default)s)")
    model.add_argument(
        "--embedding", type=count, default=32, help="numbers that stand for a character (default: %(default)s)"
    )
    model.add_argument(
        "--dropout", type=share, default=0.0, help="share of values dropped between layers (default: %(default)s)"
    )
    parser.add_argument("--replace", action="store_true", help="replace the model where there is one")
    training = parser.add_argument_group("the training")
    training.add_argument("--epochs", type=count, default=10, help="times the text is read (default: %(default)s)")
    training.add_argument(
        "--streams", type=count, default=64, help="parts of the text that are read side by side (default: %(default)s)"
    )
    training.add_argument(
        "--steps", type=count, default=35, help="characters of each part between two updates (default: %(default)s)"
    )
    training.add_argument(
        "--learning-rate", type=positive, default=3e-3, help="of Adam, at the start (default: %(default)s)"
    )
    training.add_argument(
        "--validation", type=part, default=0.1, help="share of the text to validate on (default: %(default)s)"
    )
    training.add_argument(
        "--seed", type=int, default=1, help="the same seed gives the same model (default: %(default)s)"
    )
    training.add_argument("--device", default="auto", help="cpu, cuda, or auto: cuda where there is one (the default)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    require_torch()
    from lstmvis.models.language_model import Configuration
    from lstmvis.models.training import Settings

    text = read_text(options.text)
    vocabulary = vocabulary_of(text)
    ids = encode(text, vocabulary)
    require_place(options.out, options.replace)
    kept_back = math.ceil(len(ids) * options.validation)
    print(f"{options.text}: {len(ids):,} characters, {len(vocabulary)} different; the last {kept_back:,} validate")
    train_with_progress(
        ids[:-kept_back],
        ids[-kept_back:],
        vocabulary,
        options.out,
        Configuration(len(vocabulary), options.cells, options.layers, options.embedding, options.dropout),
        Settings(
            epochs=options.epochs,
            streams=options.streams,
            steps=options.steps,
            learning_rate=options.learning_rate,
            seed=options.seed,
        ),
        options.device,
    )
    print(f"{options.out} holds the model of the epoch with the lowest validation loss.")
    return 0


def require_place(path: Path, replace: bool) -> None:
    """Raise LstmvisError where a model cannot be written, or something is there that is not to be replaced."""
    from lstmvis.models.checkpoint import CheckpointError, load_checkpoint

    if path.is_dir():
        raise LstmvisError(f"{path} is a directory. Name the file to write, such as {path / 'model.pt'}.")
    if path.exists():
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
    training: Ids,
    validation: Ids,
    vocabulary: list[str],
    path: Path,
    configuration: "Configuration",
    settings: "Settings",
    device: str,
) -> "Checkpoint":
    """Train as `lstmvis.models.training.train` does, with a progress bar and a line for each epoch."""
    from lstmvis.models.device import choose_device
    from lstmvis.models.training import train

    def show_update(done: int, total: int, loss: float) -> None:
        bar.total = total
        epoch = math.ceil(done / total * settings.epochs)
        bar.set_postfix_str(f"epoch {epoch}, loss {loss:.4f}", refresh=False)
        bar.update(done - bar.n)

    def show_epoch(epoch: "Epoch") -> None:
        tqdm.write(
            f"  epoch {epoch.epoch:2} of {settings.epochs}   training loss {epoch.training_loss:.4f}   "
            f"validation loss {epoch.validation_loss:.4f}   {epoch.seconds:.1f} s"
        )

    with progress_bar("training", settings.epochs * len(training)) as bar, fitting_threads(configuration.cells):
        return train(
            training,
            validation,
            vocabulary,
            path,
            configuration,
            settings,
            choose_device(device),
            show_update,
            show_epoch,
        )
