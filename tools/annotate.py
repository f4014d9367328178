"""`lstmvis annotate`: annotations for a project that is there."""

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lstmvis.data.amending import add_annotation, remove_annotation, require_free, tokens_of
from lstmvis.data.annotators import ANNOTATORS, Annotator
from lstmvis.data.annotators.own_function import load_function
from lstmvis.data.annotators.sequences import with_sequences_apart
from lstmvis.data.annotators.text import unit_of
from lstmvis.data.annotators.through_spacy import NAMED_ENTITY, NOTHING, load_pipeline, through_spacy
from lstmvis.data.arrays import Discrete, Scalar
from lstmvis.data.errors import LstmvisError
from lstmvis.data.findings import how_many, number
from lstmvis.data.project import Annotation, Project, did_you_mean
from lstmvis.tools.progress import progress_bar
from lstmvis.tools.reading import read_values
from lstmvis.tools.tagger import find_tagger

MOST_LABELS = 4  # that a line says the shares of
TOGETHER = 1 << 20  # values that are counted at a time

DESCRIPTION = """\
Add annotations to a project: a label or a number for each token, by which its
matches are coloured and compared. With PROJECT alone, say which annotations it
has, and which can be made of its tokens.

The values get files of their own, annotation-NAME; lstm.yml then names them,
and keeps all else that is in it, also comments. States are not touched. A
server that is running shows the new annotation when the page is loaded again.

examples:
  lstmvis annotate projects/books
      what there is, and what can be added
  lstmvis annotate projects/books part_of_speech quotation
      two annotations, made of the words
  lstmvis annotate projects/code kind=token_kind bracket_depth --lexer java
      the kinds of Java's tokens, called kind; brackets that are code
  lstmvis annotate projects/books --file mood=labels.txt
      a label for each token, one a line
  lstmvis annotate projects/books --function length=mine.py:length
      what a function makes of the list of all tokens
  lstmvis annotate projects/books --spacy en_core_web_sm
      named entities
  lstmvis annotate projects/books --remove mood
"""

NEEDED = """\
  part_of_speech needs NLTK and its tagger, all of code needs Pygments:
      pip install 'lstmvis[demos]'
      python -m nltk.downloader averaged_perceptron_tagger_eng
  Tokens that are characters, and those of code with the spaces among them, are
  read as they are; words stand a space apart, and <eos> ends a line.
"""

FILES = """\
what FILE, FUNCTION and PIPELINE are:
  labels.txt      UTF-8 text, a label or a number a line
  data.npy        an array saved by NumPy; or data.npz::NAME, data.h5::PATH
      A value for each token, or for each sequence. Strings, booleans and
      integers of at most 100 kinds are labels, other numbers lie on a scale.
  mine.py:length  a function in a file, or package.module:length. It is given
      the list of all tokens and returns as many values; or a Discrete or Scalar
      of lstmvis.data, which say more about labels and scales.
  en_core_web_sm  a pipeline of spaCy that is installed, or the folder of one.
      After a colon, an attribute of its tokens instead of the named entities:
      en_core_web_sm:dep_. The pipeline gets the tokens as they are, sentence by
      sentence.
"""


@dataclass(frozen=True)
class Wanted:
    """An annotation that is to be made."""

    name: str
    make: Callable[[Callable[[int], object]], Any]
    """From what is told of each piece of work that is done, to the values."""


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "annotate",
        help="add annotations to a project",
        usage="lstmvis annotate PROJECT [[NAME=]ANNOTATOR ...] [options]",
        description=DESCRIPTION,
        epilog=f"{describe_annotators()}\n{FILES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.intermixed = True
    parser.add_argument("project", type=Path, metavar="PROJECT", help="the project's directory")
    parser.add_argument(
        "annotators",
        nargs="*",
        metavar="[NAME=]ANNOTATOR",
        help="what is made of the tokens (see below), and the annotation's name (default: the annotator's)",
    )
    other = parser.add_argument_group("from elsewhere", "without NAME, that of the file, function or attribute")
    other.add_argument("--file", action="append", default=[], metavar="[NAME=]FILE", help="values from a file")
    other.add_argument(
        "--function", action="append", default=[], metavar="[NAME=]FILE.py:FUNCTION", help="values from a function"
    )
    other.add_argument(
        "--spacy", action="append", default=[], metavar="[NAME=]PIPELINE[:ATTRIBUTE]", help="values from spaCy"
    )
    other.add_argument(
        "--scalar", action="append", default=[], metavar="NAME", help="the integers of --file NAME lie on a scale"
    )
    there = parser.add_argument_group("annotations that are there")
    there.add_argument("--replace", action="store_true", help="replace those that have the same name")
    there.add_argument("--remove", action="append", default=[], metavar="NAME", help="take an annotation out")
    more = parser.add_argument_group("options of annotators")
    more.add_argument(
        "--lexer",
        metavar="LANGUAGE",
        help="the language of the code, as Pygments calls it (default: python; for bracket_depth none: all brackets "
        "count, also those in strings and comments)",
    )
    more.add_argument(
        "--nltk-data", type=Path, metavar="DIR", help="NLTK's data, if they are not in NLTK_DATA or a usual place"
    )
    parser.set_defaults(run=run)


def describe_annotators() -> str:
    lines = ["annotators:"]
    for title, units in (("words", ("words",)), ("characters", ("characters",)), ("both", ("characters", "words"))):
        lines.append(f"  for {title}")
        lines += [_line(name, found.sentence, 4) for name, found in ANNOTATORS.items() if found.units == units]
    return "\n".join([*lines, "", NEEDED])


def run(options: argparse.Namespace) -> int:
    project = Project(options.project)
    wanted = [*_of_tokens(project, options), *_from_elsewhere(project, options)]
    if not wanted and not options.remove:
        print("\n".join(_overview(project, options.project)))
        return 0
    names = [one.name for one in wanted]
    for name in names:
        if names.count(name) > 1:
            raise LstmvisError(f"Two annotations are to be called {name!r}. Name one otherwise: NAME=...")
        if name not in options.remove:
            require_free(project, name, options.replace)
    for name in options.remove:
        remove_annotation(options.project, name)
        print(f"{name} is gone")
    steps = len(project.words.ids) if project.words else project.steps
    for one in wanted:
        with progress_bar(one.name, steps, unit="token") as bar:
            values = one.make(bar.update)
            bar.update(steps - bar.n)
        add_annotation(options.project, one.name, values, replace=options.replace)
        print(_line(one.name, _shares(Project(options.project).annotations[one.name]), 0), flush=True)
    return 0


def _of_tokens(project: Project, options: argparse.Namespace) -> Iterator[Wanted]:
    used = set()
    for text in options.annotators:
        name, kind = _named(text, lambda kind: kind)
        annotator = _annotator(kind, project)
        given = {"lexer": options.lexer, "data": _nltk_data(options.nltk_data) if "data" in annotator.options else None}
        taken = {key: value for key, value in given.items() if key in annotator.options and value is not None}
        used |= set(taken)
        yield Wanted(name, _making(project, annotator, taken))
    for option, key in (("--lexer", "lexer"), ("--nltk-data", "data")):
        if getattr(options, option[2:].replace("-", "_")) is not None and key not in used:
            those = [name for name, annotator in ANNOTATORS.items() if key in annotator.options]
            raise LstmvisError(f"{option} is for {', '.join(those)}.")


def _nltk_data(given: Path | None) -> Path | None:
    """A folder of NLTK's data. Raises LstmvisError where the one that is given is not there."""
    if given is not None and not given.is_dir():
        raise LstmvisError(f"--nltk-data: there is no folder {given}.")
    return given or find_tagger()


def _making(project: Project, annotator: Annotator, options: dict[str, Any]) -> Callable[..., Any]:
    def make(progress: Callable[[int], object]) -> Any:
        told = {"progress": progress} if "progress" in annotator.options else {}
        annotate = partial(annotator.annotate, **options, **told)
        return with_sequences_apart(
            annotate, tokens_of(project), project.sequence_starts, told="starts" in annotator.options
        )

    return make


def _annotator(kind: str, project: Project) -> Annotator:
    if kind not in ANNOTATORS:
        raise LstmvisError(
            f"There is no annotator {kind!r}. {did_you_mean(kind, ANNOTATORS)}".strip()
            + f" There are: {', '.join(ANNOTATORS)}. Labels of your own come with --file or --function."
        )
    annotator = ANNOTATORS[kind]
    unit = _unit(project)
    if unit is not None and unit not in annotator.units:
        those = [name for name, other in ANNOTATORS.items() if unit in other.units]
        raise LstmvisError(
            f"{kind} is for {annotator.units[0]}; the tokens of this project are {unit}. For them there are: "
            f"{', '.join(those)}."
        )
    return annotator


def _from_elsewhere(project: Project, options: argparse.Namespace) -> Iterator[Wanted]:
    files = [_named(text, lambda file: Path(file.partition("::")[0]).stem) for text in options.file]
    for name in options.scalar:
        if name not in dict(files):
            raise LstmvisError(f"--scalar names {name!r}; --file gives {', '.join(dict(files)) or 'none'}.")
    for name, file in files:
        yield Wanted(name, _reading(file, name in options.scalar))
    for text in options.function:
        name, reference = _named(text, lambda reference: re.split(r"[:.]", reference)[-1])
        yield Wanted(name, _calling(project, load_function(reference)))
    for text in options.spacy:
        name, reference = _named(text, lambda reference: _attribute(reference)[1].strip("_."))
        pipeline, attribute = _attribute(reference)
        if name == NAMED_ENTITY.strip("_"):
            name = "named_entity"
        yield Wanted(name, _piping(project, load_pipeline(pipeline), attribute))


def _reading(file: str, is_scalar: bool) -> Callable[..., Any]:
    def make(progress: Callable[[int], object]) -> Any:
        with ExitStack() as opened:
            values = np.asarray(read_values(file, opened))
        return Scalar(values) if is_scalar else values

    return make


def _calling(project: Project, function: Callable[[list[str]], Any]) -> Callable[..., Any]:
    return lambda progress: function(tokens_of(project))


def _piping(project: Project, pipeline: Any, attribute: str) -> Callable[..., Any]:
    def make(progress: Callable[[int], object]) -> Any:
        annotate = partial(through_spacy, pipeline=pipeline, attribute=attribute, progress=progress)
        made = with_sequences_apart(annotate, tokens_of(project), project.sequence_starts)
        if isinstance(made, Discrete) and {*made.values} == {NOTHING}:
            characters = " It reads words, and the tokens of this project are characters."
            more = characters if _unit(project) == "characters" else " Has the pipeline a component that sets it?"
            print(f"{attribute} is empty for every token.{more}", file=sys.stderr)
        return made

    return make


def _attribute(reference: str) -> tuple[str, str]:
    """The pipeline and the attribute of PIPELINE[:ATTRIBUTE]."""
    found = re.fullmatch(r"(.+):([A-Za-z_][\w.]*)", reference)
    return (found[1], found[2]) if found else (reference, NAMED_ENTITY)


def _named(text: str, usual: Callable[[str], str]) -> tuple[str, str]:
    """The name and the value of [NAME=]VALUE."""
    name, equals, value = text.partition("=")
    return (name, value) if equals else (usual(text), text)


def _unit(project: Project) -> Any:
    dictionary = project.words.dictionary if project.words else None
    return unit_of(dictionary.tokens()) if dictionary else None


def _overview(project: Project, directory: Path) -> Iterator[str]:
    unit = _unit(project)
    steps = len(project.words.ids) if project.words else project.steps
    yield f"{project.name}: {steps:,} {unit or 'steps'}, {how_many(len(project.annotations), 'annotation')}"
    for name, annotation in project.annotations.items():
        yield _line(name, _kind(project, annotation), 2)
    if unit is None:
        yield "\nIt has no tokens that something could be made of. Values of your own: --file, --function."
        return
    yield f"\nwhat can be added to {unit}: lstmvis annotate {directory} NAME"
    for name, annotator in ANNOTATORS.items():
        if unit in annotator.units and name not in project.annotations:
            yield _line(name, annotator.sentence, 2)
    yield "and what --file, --function and --spacy give: lstmvis annotate --help"


def _kind(project: Project, annotation: Annotation) -> str:
    vis = project.meta[annotation.name]["vis"]
    if annotation.type == "wordvec":
        return f"{how_many(annotation.values.shape[1], 'ranked token')} a step"
    if vis["type"] == "discrete":
        return how_many(len(vis["range"]), "label")
    return f"numbers, {number(vis['range'][0])} to {number(vis['range'][1])}"


def _shares(annotation: Annotation) -> str:
    """How much of the corpus has which label, those first that have most; or in what range the numbers lie."""
    dictionary = annotation.dictionary
    if annotation.type == "wordvec" or dictionary is None:
        low, high = np.inf, -np.inf
        for start in range(0, len(annotation.values), TOGETHER):
            values = annotation.values.rows(start, start + TOGETHER)
            finite = values[np.isfinite(values)]
            low, high = finite.min(initial=low), finite.max(initial=high)
        return f"numbers, {number(float(low))} to {number(float(high))}"
    counts = np.zeros(len(dictionary), np.int64)
    for start in range(0, len(annotation.values), TOGETHER):
        counts += np.bincount(annotation.values.integers(start, start + TOGETHER), minlength=len(counts))
    most = np.argsort(-counts, kind="stable")[:MOST_LABELS]
    shares = [f"{counts[label] / counts.sum():.1%} {dictionary.decode([int(label)])[0]}" for label in most]
    return ", ".join(shares) + (", ..." if len(counts) > MOST_LABELS else "")


def _line(name: str, text: str, indent: int) -> str:
    return f"{' ' * indent}{name:18} {text}"
