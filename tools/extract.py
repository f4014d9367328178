"""`lstmvis extract`: the states of a trained model over a text, as a project."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstmvis.data.characters import Ids
from lstmvis.data.writing import STATE_TYPES, ProjectWriter
from lstmvis.tools.progress import progress_bar
from lstmvis.tools.pytorch import fitting_threads, require_torch

if TYPE_CHECKING:
    from lstmvis.models.checkpoint import Checkpoint


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "extract",
        help="write a model's states over a text as a project",
        description="Read a text with a model that `lstmvis train` has written, and write the cell state and the "
        "hidden state of every layer at every character as a project, which `lstmvis serve` shows. The state is "
        "carried on from the first character to the last. Needs PyTorch: pip install 'lstmvis[train]'.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="the trained model, such as models/book.pt")
    parser.add_argument("text", type=Path, metavar="TEXT", help="the text to read, a UTF-8 file")
    parser.add_argument("--out", type=Path, required=True, metavar="PROJECT", help="directory to make")
    parser.add_argument("--name", help="what the project page calls it (default: the directory's name)")
    parser.add_argument("--description", help="a sentence about it (default: which model and text)")
    parser.add_argument(
        "--dtype",
        choices=STATE_TYPES,
        default="float32",
        help="how states are stored; float16 takes half the disk (default: %(default)s)",
    )
    parser.add_argument("--replace", action="store_true", help="replace the project where there is one")
    parser.add_argument("--device", default="auto", help="cpu, cuda, or auto: cuda where there is one (the default)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    require_torch()
    from lstmvis.models.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(options.model)
    ids = checkpoint.encode(checkpoint.read(options.text), str(options.text))
    name = options.name or options.out.resolve().name
    description = options.description or f"{options.text.name}, read by the model {options.model.name}"
    with ProjectWriter(options.out, name, description, options.replace) as project:
        project.write_tokens(ids, checkpoint.vocabulary)
        extract_with_progress(project, checkpoint, ids, options.dtype, options.device)
        project.copy_model(options.model, checkpoint.record())
    print(f"{options.out}: {len(ids):,} {checkpoint.tokens.unit}. To see it: lstmvis serve {options.out}")
    return 0


def extract_with_progress(
    project: ProjectWriter, checkpoint: "Checkpoint", ids: Ids, dtype: str, device: str = "auto"
) -> None:
    """Write the states of the model over token ids (T,) into a project, with a progress bar."""
    from lstmvis.models.device import choose_device
    from lstmvis.models.extraction import write_states

    with progress_bar("extraction", len(ids)) as bar, fitting_threads(checkpoint.configuration.cells):
        write_states(project, checkpoint.model(), ids, dtype, choose_device(device), bar.update)
