"""`lstmvis extract`: the states of a trained model over a text, as a project."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.characters import Ids
from lstmvis.data.errors import CorpusError
from lstmvis.data.words import END_OF_LINE, UNKNOWN
from lstmvis.data.writing import STATE_TYPES, ProjectWriter
from lstmvis.tools.options import count, counts, names
from lstmvis.tools.progress import progress_bar
from lstmvis.tools.pytorch import fitting_threads, require_torch

if TYPE_CHECKING:
    from lstmvis.models.checkpoint import Checkpoint
    from lstmvis.models.extraction import Extraction

MOST_UNKNOWN = 0.5  # of the words of a text

DESCRIPTION = """\
Read a text with a model that `lstmvis train` has written, and write what the
model did at every token as a project, which `lstmvis serve` shows. PROJECT
appears when it is whole; when stopped (Ctrl-C), nothing is left behind. Needs
PyTorch: pip install 'lstmvis[train]'.

examples:
  lstmvis extract book.pt book.txt --out projects/book
      the states of all layers, the model's predictions and its loss
  lstmvis extract book.pt book.txt --out projects/book --write cell,gates \\
      --layers 2 --dtype float16
      cell states and gates of the second layer, in half the space
  lstmvis extract tweets.pt tweets.txt --out projects/tweets --reset-at-lines
      every line is read for itself, and no match goes from one to the next
"""

WRITTEN = """\
what can be written:
  cell         the cell states of an LSTM                            (source)
  hidden       the hidden states, what each layer gives the next one (source)
  gates        LSTM: input, forget, output gate and candidate;
               GRU: reset, update gate and candidate       (a source of each)
  predictions  the likeliest tokens with their probabilities     (annotation)
  loss         how much each token surprised the model, in nats  (annotation)
  saliency     how much each token matters to what the model predicts after
               it: the length of the gradient of the losses of the next tokens
               with respect to the embedding of this one. Slow: every token
               takes a backward pass of its own                  (annotation)
  By default: cell, hidden, predictions and loss, as far as the model has them.

  States and gates at a token are those after reading it. Predictions and loss
  at a token are about this token, from those before it: the first one, and the
  first one after a reset, has none.

streams:
  A long text is read in several places at once, which is several times faster.
  Each stream but the first begins 256 tokens early, to find its state. Whether
  that was enough is measured where it meets the one before it; where it was
  not, it is read again from the right state, until both differ by less than
  a millionth. So the states are those of one pass, unless the model is chaotic
  and makes small differences large. --streams 1 is one pass, and exact.
"""


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "extract",
        help="write a model's states over a text as a project",
        usage="lstmvis extract MODEL TEXT --out PROJECT [options]",
        description=DESCRIPTION,
        epilog=WRITTEN,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="the trained model, such as models/book.pt")
    parser.add_argument("text", type=Path, metavar="TEXT", help="the text to read, a UTF-8 file")
    parser.add_argument("--out", type=Path, required=True, metavar="PROJECT", help="directory to make")
    parser.add_argument("--name", help="what the project page calls it (default: the directory's name)")
    parser.add_argument("--description", help="a sentence about it (default: which model and text)")
    parser.add_argument("--replace", action="store_true", help="replace the project where there is one")
    parser.add_argument(
        "--device", default="auto", help="cpu, cuda, or auto: cuda where there is one (default: %(default)s)"
    )

    what = parser.add_argument_group("what to write")
    what.add_argument("--write", type=names, metavar="WHAT,...", help="some of what the list below explains")
    what.add_argument("--layers", type=counts, metavar="N,...", help="whose states and gates, from 1 (default: all)")
    what.add_argument(
        "--dtype",
        choices=STATE_TYPES,
        default="float32",
        help="how states and gates are stored; float16 takes half the disk (default: %(default)s)",
    )
    what.add_argument(
        "--predictions", type=count, default=5, metavar="N", help="how many for a token (default: %(default)s)"
    )
    what.add_argument(
        "--saliency-window",
        type=count,
        default=10,
        metavar="N",
        help="how many of the next losses saliency is about (default: %(default)s)",
    )

    how = parser.add_argument_group("how to read")
    how.add_argument(
        "--reset-at-lines",
        action="store_true",
        help="begin every line in the zero state; the lines are then the sequences of the project (default: the state "
        "is carried on from the first token to the last)",
    )
    how.add_argument(
        "--streams",
        type=count,
        default=128,
        metavar="N",
        help="read in up to N places at once (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    require_torch()
    from lstmvis.models.checkpoint import load_checkpoint
    from lstmvis.models.extraction import Extraction

    checkpoint = load_checkpoint(options.model)
    ids = checkpoint.encode(checkpoint.read(options.text), str(options.text))
    tell_unknown(ids, checkpoint)
    starts = line_starts(ids, checkpoint) if options.reset_at_lines else None
    name = options.name or options.out.resolve().name
    description = options.description or f"{options.text.name}, read by the model {options.model.name}"
    extraction = Extraction(
        options.write,
        options.layers,
        options.dtype,
        options.streams,
        options.predictions,
        options.saliency_window,
    )
    with ProjectWriter(options.out, name, description, options.replace) as project:
        project.write_tokens(ids, checkpoint.vocabulary)
        extract_with_progress(project, checkpoint, ids, extraction, options.device, starts)
        project.copy_model(options.model, checkpoint.record())
    print(f"{options.out}: {len(ids):,} {checkpoint.tokens.unit}. To see it: lstmvis serve {options.out}")
    return 0


def tell_unknown(ids: Ids, checkpoint: "Checkpoint") -> None:
    """Say how many of the words are `<unk>` to the model, and warn where it knows little else."""
    if checkpoint.tokens.unit != "words" or UNKNOWN not in checkpoint.vocabulary:
        return
    unknown = int(np.count_nonzero(ids == checkpoint.vocabulary.index(UNKNOWN)))
    told = f"{unknown:,} of {len(ids):,} words ({unknown / len(ids):.1%}) are {UNKNOWN}"
    if unknown > MOST_UNKNOWN * len(ids):
        print(f"lstmvis: {told}: the model knows few words of this text.", file=sys.stderr)
    elif unknown:
        print(f"{told}.", flush=True)


def line_starts(ids: Ids, checkpoint: "Checkpoint") -> NDArray[np.int64]:
    """Where the lines of a text begin. Raises CorpusError where the model's tokens do not say so."""
    end = "\n" if checkpoint.tokens.unit == "characters" else END_OF_LINE
    if end not in checkpoint.vocabulary:
        raise CorpusError(f"The model knows no token {end!r}, so there are no lines at which to begin anew.")
    return np.append(0, np.flatnonzero(ids[:-1] == checkpoint.vocabulary.index(end)) + 1)


def extract_with_progress(
    project: ProjectWriter,
    checkpoint: "Checkpoint",
    ids: Ids,
    extraction: "Extraction",
    device: str = "auto",
    sequences: NDArray[np.int64] | None = None,
) -> None:
    """Extract as `lstmvis.models.extraction.extract` does, with a progress bar."""
    from lstmvis.models.device import choose_device
    from lstmvis.models.extraction import extract

    unit = checkpoint.tokens.one
    with progress_bar("extraction", len(ids), unit) as bar, fitting_threads(checkpoint.configuration.cells):
        extract(project, checkpoint.model(), ids, extraction, choose_device(device), sequences, bar.update)
