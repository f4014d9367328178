"""`lstmvis demo`: a model that is trained here and now, and its states in the browser."""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from lstmvis.data import parentheses
from lstmvis.data.demos import DEMOS, ParenthesesDemo
from lstmvis.data.project import CONFIG_NAME
from lstmvis.data.writing import ProjectWriter
from lstmvis.tools.extract import extract_with_progress
from lstmvis.tools.opening import choose_opening
from lstmvis.tools.options import count
from lstmvis.tools.progress import progress_bar
from lstmvis.tools.pytorch import require_torch
from lstmvis.tools.serve import add_server_options, opening_path, serve_directory
from lstmvis.tools.train import train_with_progress

TRIES = 2000  # selections among which the opening view is chosen: a few seconds


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "demo",
        help="make the parentheses demo and open it in the browser",
        description="Make a demo and open it in the browser. `parens` is the parentheses language of the LSTMVis "
        "paper: a text is made, a model is trained on it, and the model's states over a new text become a project. "
        "What is made is kept, so the second start takes seconds. Making needs PyTorch: pip install 'lstmvis[train]'.",
    )
    parser.add_argument("name", nargs="?", choices=DEMOS, default="parens", help="which demo (default: %(default)s)")
    parser.add_argument(
        "--size",
        choices=("small", "paper"),
        default="small",
        help="small: 200,000 characters, 150 cells, under a minute; paper: 1,000,000 characters, 650 cells, 6.5 GB of "
        "disk with its match index, ten minutes without a GPU (default: %(default)s)",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=data_home(),
        metavar="DIR",
        help="where the demo is kept, and the directory that is served (default: %(default)s)",
    )
    parser.add_argument("--epochs", type=count, help="times the training text is read (default: the demo's own)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, or auto: cuda where there is one (the default)")
    parser.add_argument("--rebuild", action="store_true", help="make it anew where it is there already")
    parser.add_argument("--no-serve", dest="serve", action="store_false", help="make it, and stop there")
    add_server_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    demo = DEMOS[options.name][options.size]
    if options.epochs:
        demo = replace(demo, epochs=options.epochs)
    directory = options.data_dir / demo.id
    if (directory / CONFIG_NAME).is_file() and not options.rebuild:
        print(f"{directory} is there already; --rebuild makes it anew.")
    else:
        build(demo, directory, options.device, options.rebuild)
    if not options.serve:
        return 0
    opening = opening_path(options.data_dir, directory)
    return serve_directory(options.data_dir, options.host, options.port, options.browser, opening)


def build(demo: ParenthesesDemo, directory: Path, device: str = "auto", rebuild: bool = False) -> None:
    """Make the demo's texts, train its model, and write the model's states over the explored text as a project."""
    require_torch()
    from lstmvis.models.extraction import Extraction
    from lstmvis.models.language_model import Configuration
    from lstmvis.models.training import Corpus, Settings

    started = time.monotonic()
    texts = []
    with progress_bar("corpus", demo.training_length + demo.validation_length + demo.explored_length) as bar:
        for text in demo.texts():
            texts.append(text)
            bar.update(len(text[0]))
    (training, _), (validation, _), (ids, nesting) = texts
    configuration = Configuration(len(parentheses.CHARACTERS), demo.cells, demo.layers)
    settings = Settings(epochs=demo.epochs, learning_rate=demo.learning_rate, seed=demo.seed)
    with (
        ProjectWriter(directory, demo.name, demo.description, replace=rebuild) as project,
        tempfile.TemporaryDirectory() as temporary,
    ):
        model = Path(temporary) / "model.pt"
        corpus = Corpus(training, validation, None, parentheses.CHARACTERS)
        checkpoint = train_with_progress(corpus, model, configuration, settings, device)
        project.write_tokens(ids, parentheses.CHARACTERS)
        project.write_discrete("nesting", nesting, labels=[str(depth) for depth in parentheses.DEPTHS])
        extract_with_progress(project, checkpoint, ids, Extraction(dtype=demo.dtype), device)
        project.copy_model(model, checkpoint.record())
    annotation, labels = demo.opening
    choose_opening(directory, annotation, labels, tries=TRIES)
    loss = min(epoch["validation_loss"] for epoch in checkpoint.history)
    entropy = parentheses.entropy()
    print(
        f"{directory}: made in {time.monotonic() - started:.0f} s. Validation loss {loss:.4f} nats per character, "
        f"{loss / entropy - 1:.2%} above the {entropy:.4f} that no model can beat."
    )


def data_home() -> Path:
    """Where programs keep a user's data (XDG base directories)."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "lstmvis"
