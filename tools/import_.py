"""`lstmvis import`: a project from files of arrays and text."""

import argparse
import sys
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.arrays import Discrete, Scalar, States, write_project
from lstmvis.data.dictionary import read_dictionary
from lstmvis.data.errors import LstmvisError
from lstmvis.data.project import TRANSFORMS
from lstmvis.tools.progress import progress_bar
from lstmvis.tools.reading import SPLITS, is_array, open_array, read_lines, read_tokens, read_values

DESCRIPTION = """\
Write arrays that another program has saved as a project, which `lstmvis serve`
shows. PROJECT appears when it is whole; when something is wrong with a file,
nothing is left behind.

examples:
  lstmvis import projects/mine --tokens words.txt \\
      --states hidden=hidden.npy --states cell=cell.npy
      two sources over a text whose words stand between white space
  lstmvis import projects/mine --tokens ids.npy --vocabulary words.txt \\
      --states states.h5::layer1/cell --annotation part_of_speech=tags.txt
      ids that are lines of a vocabulary, a tag a token
  lstmvis import projects/reviews --tokens ids.npy --vocabulary words.json \\
      --lengths lengths.npy --states hidden=hidden.npy \\
      --annotation label=labels.txt --annotation correct=correct.npy
      padded sequences, with annotations of each sequence as a whole
  lstmvis import projects/series --states hidden=hidden.npy \\
      --annotation value=series.txt --scalar value
      a series of numbers without words
"""

FILES = """\
what a FILE is:
  data.npy        an array saved by NumPy
  data.npz::NAME  one of several arrays saved by NumPy
  data.h5::PATH   an array in an HDF5 file; also .hdf5
                  without ::NAME or ::PATH: the only array there is
  anything else   UTF-8 text: tokens as --split says, the values of an
                  annotation one a line

  Arrays have a step a row: states (steps, cells), tokens and annotations
  (steps,). They may also be padded batches of sequences, (sequences, steps,
  cells) and (sequences, steps), with --lengths. An annotation may have a value
  a sequence instead of a value a step. Strings, booleans and integers of at
  most 100 kinds are labels, other numbers lie on a scale. .npy and HDF5 files
  are read piece by piece, so that they may be larger than memory.
"""


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "import",
        help="write arrays from .npy, .npz, HDF5 and text files as a project",
        usage="lstmvis import PROJECT --states [NAME=]FILE [options]",
        description=DESCRIPTION,
        epilog=FILES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path, metavar="PROJECT", help="directory to make")
    parser.add_argument(
        "--states",
        action="append",
        required=True,
        metavar="[NAME=]FILE",
        help="states, once for each source. A name such as layer2/cell says the layer and what it is; without one, "
        "that of the array or file. Sources called cell are shown through tanh, all others as they are",
    )
    parser.add_argument(
        "--transform",
        action="append",
        default=[],
        metavar="NAME=TRANSFORM",
        help=f"show the source NAME otherwise: {' or '.join(TRANSFORMS)}",
    )
    text = parser.add_argument_group("tokens")
    text.add_argument(
        "--tokens", metavar="FILE", help="words, or ids with --vocabulary; without them, a wordless series"
    )
    text.add_argument(
        "--split", choices=SPLITS, default="words", help="what is a token of a text file (default: %(default)s)"
    )
    text.add_argument(
        "--vocabulary",
        type=Path,
        metavar="FILE",
        help="tokens by id: one a line, the first is 0; or .json, a list; or .dict, `token id` a line",
    )
    steps = parser.add_argument_group("sequences", "where the state was reset; no match crosses that")
    steps = steps.add_mutually_exclusive_group()
    steps.add_argument("--lengths", metavar="FILE", help="how many steps each sequence has")
    steps.add_argument("--sequences", metavar="FILE", help="the first step of each sequence, from 0")
    notes = parser.add_argument_group("annotations")
    notes.add_argument("--annotation", action="append", default=[], metavar="NAME=FILE", help="once for each")
    notes.add_argument("--discrete", action="append", default=[], metavar="NAME", help="its numbers are labels")
    notes.add_argument("--scalar", action="append", default=[], metavar="NAME", help="its integers lie on a scale")
    notes.add_argument(
        "--labels", action="append", default=[], metavar="NAME=FILE", help="what its integers stand for, one a line"
    )
    parser.add_argument("--name", help="what the project page calls it (default: the directory's name)")
    parser.add_argument("--description", help="a sentence about it")
    parser.add_argument("--replace", action="store_true", help="replace the project where there is one")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    annotations = _by_name(options.annotation, "--annotation")
    sources = _by_name([_named(reference) for reference in options.states], "--states")
    transforms: dict[str, Any] = _by_name(options.transform, "--transform", sources)
    for transform in transforms.values():
        if transform not in TRANSFORMS:
            raise LstmvisError(f"--transform must be {' or '.join(TRANSFORMS)}, not {transform!r}.")
    labels = _by_name(options.labels, "--labels", annotations)
    for option, names in (("--discrete", options.discrete), ("--scalar", options.scalar)):
        for name in names:
            _require_known(name, option, annotations)
    with ExitStack() as opened:
        states = {name: open_array(reference, opened) for name, reference in sources.items()}
        lengths = None if options.lengths is None else _integers(options.lengths, opened)
        written: dict[str, Any] = {}
        for name, reference in annotations.items():
            values = read_values(reference, opened)
            if name in labels or name in options.discrete:
                values = Discrete(values, read_lines(Path(labels[name])) if name in labels else None)
            written[name] = Scalar(values) if name in options.scalar else values
        total = sum(prod(array.shape[:-1]) if lengths is None else int(lengths.sum()) for array in states.values())
        with progress_bar("import", total, unit="step") as bar, warnings.catch_warnings(record=True) as remarks:
            warnings.simplefilter("always")
            write_project(
                options.out,
                None if options.tokens is None else _tokens(options.tokens, options.split, opened),
                {name: States(array, transform=transforms.get(name)) for name, array in states.items()},
                written,
                None if options.sequences is None else _integers(options.sequences, opened),
                lengths=lengths,
                vocabulary=None if options.vocabulary is None else _vocabulary(options.vocabulary),
                name=options.name,
                description=options.description,
                replace=options.replace,
                progress=bar.update,
            )
    for remark in remarks:
        print(f"lstmvis: {remark.message}", file=sys.stderr)
    print(f"{options.out} is written. To see it: lstmvis serve {options.out}")
    return 0


def _named(reference: str) -> str:
    """NAME=FILE, with the name of the array or file where there is none."""
    file, _, path = reference.partition("::")
    return reference if "=" in file else f"{path or Path(file).stem}={reference}"


def _by_name(given: Sequence[str], option: str, known: dict[str, str] | None = None) -> dict[str, str]:
    """NAME=VALUE options as a mapping."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise LstmvisError(f"{option} must be NAME=..., not {text!r}.")
        if known is not None:
            _require_known(name, option, known)
        if name in found:
            raise LstmvisError(f"{option} names {name!r} twice.")
        found[name] = value
    return found


def _require_known(name: str, option: str, known: dict[str, str]) -> None:
    if name not in known:
        raise LstmvisError(f"{option} names {name!r}; there are: {', '.join(known) or 'none'}.")


def _tokens(reference: str, split: str, opened: ExitStack) -> Any:
    if is_array(reference):
        return open_array(reference, opened)
    return read_tokens(Path(reference), split)


def _integers(reference: str, opened: ExitStack) -> NDArray[Any]:
    return np.asarray(read_values(reference, opened))


def _vocabulary(path: Path) -> Any:
    if path.suffix in (".json", ".dict"):
        return read_dictionary(path).ids
    return [line for piece in read_tokens(path, "lines") for line in piece]
