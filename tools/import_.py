"""`lstmvis import`: a project from files of arrays and text."""

import argparse
import sys
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from lstmvis.data.arrays import Discrete, Scalar, States, write_project
from lstmvis.data.dictionary import read_dictionary
from lstmvis.data.errors import LstmvisError
from lstmvis.data.matrix import dataset_paths, list_datasets, open_hdf5
from lstmvis.data.project import TRANSFORMS
from lstmvis.tools.progress import progress_bar

HDF5 = (".h5", ".hdf5")
ARRAYS = (".npy", ".npz", *HDF5)
SPLITS = ("words", "lines", "characters")
TOGETHER = 1 << 16  # lines that are read at a time

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
        states = {name: _open_array(reference, opened) for name, reference in sources.items()}
        lengths = None if options.lengths is None else _integers(options.lengths, opened)
        written: dict[str, Any] = {}
        for name, reference in annotations.items():
            values = _values(reference, opened)
            if name in labels or name in options.discrete:
                values = Discrete(values, _lines(Path(labels[name])) if name in labels else None)
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


def _open_array(reference: str, opened: ExitStack) -> Any:
    """An array that can be sliced: mapped from .npy, read from HDF5 as it is used, whole from .npz."""
    file, _, path = reference.partition("::")
    kind = Path(file).suffix
    if kind not in ARRAYS:
        raise LstmvisError(f"{file} must be an array here; its name must end in {', '.join(ARRAYS)}.")
    if kind in HDF5:
        return _open_dataset(opened.enter_context(open_hdf5(Path(file))), path)
    try:
        found = np.load(file, mmap_mode="r" if kind == ".npy" else None)
        is_archive = isinstance(found, np.lib.npyio.NpzFile)
        members = opened.enter_context(found) if is_archive else {}
        if is_archive != (kind == ".npz"):
            held = "several arrays, or what PyTorch saves" if is_archive else "one array alone"
            writer = "numpy.savez" if kind == ".npz" else "numpy.save"
            raise LstmvisError(f"{file} holds {held}, as its name does not say. Write {kind} files with {writer}.")
        if not is_archive:
            return found
        names = list(members)
        if path not in names and (path or len(names) != 1):
            raise LstmvisError(_choice(file, path, ", ".join(map(repr, names)) or "no data"))
        return members[path or names[0]]
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise LstmvisError(f"{file} cannot be read as an array of numbers or strings: {error}") from error


def _open_dataset(file: h5py.File, path: str) -> Any:
    only = dataset_paths(file, 2)
    found = file.get(path) if path else file[only[0]] if len(only) == 1 else None
    if not isinstance(found, h5py.Dataset):
        raise LstmvisError(_choice(file.filename, path, list_datasets(file)))
    return found.asstr()[()] if h5py.check_string_dtype(found.dtype) else found


def _choice(file: str, path: str, there: str) -> str:
    wanted = f"There is no {path!r} in {file}" if path else f"{file} does not hold one array alone"
    return f"{wanted}; it holds {there}. Name one of them: {file}::NAME."


def _is_array(reference: str) -> bool:
    return Path(reference.partition("::")[0]).suffix in ARRAYS


def _tokens(reference: str, split: str, opened: ExitStack) -> Any:
    if _is_array(reference):
        return _open_array(reference, opened)
    return _split(Path(reference), split)


def _split(path: Path, split: str) -> Iterator[list[str]]:
    """The tokens of a text, in pieces."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            while lines := list(islice(file, TOGETHER)):
                if split == "lines":
                    yield [line.rstrip("\r\n") for line in lines]
                else:
                    yield [token for line in lines for token in (line.split() if split == "words" else line)]
    except UnicodeDecodeError as error:
        raise LstmvisError(f"{path} is not text in UTF-8: {error}.") from error


def _lines(path: Path) -> list[str]:
    return [line.strip() for piece in _split(path, "lines") for line in piece]


def _values(reference: str, opened: ExitStack) -> Any:
    """An array, or the lines of a text: as numbers where all of them are."""
    if _is_array(reference):
        return _open_array(reference, opened)
    lines = _lines(Path(reference))
    for number in (int, float):
        try:
            return np.array([number(line) for line in lines])
        except (ValueError, OverflowError):
            continue
    return lines


def _integers(reference: str, opened: ExitStack) -> NDArray[Any]:
    return np.asarray(_values(reference, opened))


def _vocabulary(path: Path) -> Any:
    if path.suffix in (".json", ".dict"):
        return read_dictionary(path).ids
    return [line for piece in _split(path, "lines") for line in piece]
