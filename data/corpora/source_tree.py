"""Source code: Python's own standard library, which is on every machine that runs this, or any tree of files."""

import re
import sysconfig
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lstmvis.data.annotators.code import LABELS as KINDS
from lstmvis.data.annotators.code import kind_of
from lstmvis.data.arrays import Discrete
from lstmvis.data.corpora.corpus import Corpus, Lengths, Texts, deal, require_text, sections
from lstmvis.data.corpora.files import files_in, read_file, unpacked_name
from lstmvis.data.errors import CorpusError, LstmvisError
from lstmvis.data.words import END_OF_LINE

STANDARD_LIBRARY = Corpus(
    title="Python's standard library, as it is on this machine",
    origin="python.org",
    licence="Python Software Foundation License",
    layout="a directory with Python files",
    here=lambda: Path(sysconfig.get_path("stdlib")),
)
SOURCE_TREE = Corpus(
    title=STANDARD_LIBRARY.title,
    origin=STANDARD_LIBRARY.origin,
    licence=STANDARD_LIBRARY.licence,
    layout="a directory with source files in any language that Pygments knows",
    here=STANDARD_LIBRARY.here,
)

APART = {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3"}
APART |= {"turtledemo", "encodings", "pydoc_data", "entities.py"}
"""Of the standard library: what others have written, and what is unlike the rest."""
INSTALLED = {"node_modules", "bower_components", "site-packages", "dist-packages", "__pycache__"}
"""Of any other tree: what others have written, and was only put there. So is an environment of Python."""
ENVIRONMENT = "pyvenv.cfg"  # the file that is in each
PLAIN = re.compile(r"[\n -~]*")  # printable ASCII without tabs
NO_LANGUAGE = {"text", "output", "restructuredtext", "markdown", "json", "yaml", "toml", "ini", "html", "xml", "diff"}
LARGEST = 4_000_000  # bytes of a file: a larger one was not written by hand
USUAL = 50  # times that a string, number or comment comes if it stands for itself


LITERALS = ("string", "number", "comment")
SPACE = "white space"
TOP_LEVEL = re.compile(r"^(?=(?:async )?def |class |@)", re.M)
SECTION = 10_000  # tokens, about, that are dealt out together of a longer file
SECTIONS = 50  # of a corpus, at least


class Lexeme(NamedTuple):
    text: str
    kind: str


def read_python(place: Path, lengths: Lengths) -> Texts:
    """The characters of Python files, of those that are ASCII without tabs, with empty lines between them."""
    texts = [text for _, text in _files(place, lambda name: name.endswith(".py")) if PLAIN.fullmatch(text)]
    files = [f"{text.strip()}\n\n\n" for text in texts if text.strip()]
    least = _least(files)
    pieces = [
        piece for file in files for piece in sections(file, (each.start() for each in TOP_LEVEL.finditer(file)), least)
    ]
    training, validation, explored = ("".join(dealt) for dealt in deal(pieces, lengths))
    read = Texts(training, validation, explored)
    require_text(read, place, "Python files in ASCII")
    return read


def read_lexemes(place: Path, lengths: Lengths) -> Texts:
    """The tokens of source files, as Pygments' lexer cuts them, with `<eos>` after each line that has any.

    The files are those in the language of which there is most. A string, a number or a comment that comes rarely is
    read as `<string>`, `<number>` or `<comment>`. What kind of token each is, is the annotation `token_kind`.
    """
    files = list(_lexed(_in_one_language(_files(place, lambda name: "." in name)), sum(lengths)))
    least = _least(files)
    pieces = [
        piece
        for file in files
        for piece in sections(file, (n for n, each in enumerate(file, 1) if each.text == END_OF_LINE), least)
    ]
    counts = Counter(each.text for piece in pieces for each in piece if each.kind in LITERALS)
    dealt = [[each for piece in text for each in piece] for text in deal(pieces, lengths)]
    training, validation, explored = (
        [each.text if is_usual(each, counts) else f"<{each.kind}>" for each in text] for text in dealt
    )
    kinds = Discrete([KINDS.index(each.kind) for each in dealt[-1]], KINDS)
    texts = Texts(training, validation, explored, {"token_kind": kinds})
    require_text(texts, place, "source files in a language that Pygments knows")
    return texts


def _least(files: Sequence[Sequence[Any]]) -> int:
    """How many tokens a section has at least, so that there are enough of them to be dealt out."""
    return min(SECTION, sum(map(len, files)) // SECTIONS)


def is_usual(lexeme: Lexeme, counts: Counter[str]) -> bool:
    """Whether a lexeme stands for itself."""
    return lexeme.kind not in LITERALS or counts[lexeme.text] >= USUAL


def _files(place: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[Path, str]]:
    """Files and their texts, but for those that are not UTF-8, and what is apart or installed."""
    apart = APART if place == STANDARD_LIBRARY.here() else INSTALLED
    environments = {marked.parent for marked in place.rglob(ENVIRONMENT)} - {place}
    for path in files_in(place, wanted):
        belongs = apart.isdisjoint(path.relative_to(place).parts) and environments.isdisjoint(path.parents)
        if belongs and 0 < path.stat().st_size <= LARGEST:
            with suppress(CorpusError):  # it is no text
                yield path, read_file(path)


def _in_one_language(files: Iterable[tuple[Path, str]]) -> tuple[Any, list[str]]:
    """The lexer of the language of which there is most, and the texts of its files."""
    try:
        from pygments.lexers import find_lexer_class_for_filename
    except ImportError as error:
        raise LstmvisError("Source code is read by Pygments: pip install 'lstmvis[demos]'") from error
    lexer_of: dict[str, Any] = {}  # by the end of a name
    texts: dict[Any, list[str]] = defaultdict(list)
    for path, text in files:
        name = unpacked_name(path)
        end = name[name.rindex(".") :]
        if end not in lexer_of:
            lexer_of[end] = find_lexer_class_for_filename(f"a{end}")
        texts[lexer_of[end]].append(text)
    languages = {
        lexer: sum(map(len, read)) for lexer, read in texts.items() if lexer and NO_LANGUAGE.isdisjoint(lexer.aliases)
    }
    most = max(languages, key=lambda lexer: languages[lexer], default=None)
    return most, texts[most] if most else []


def _lexed(language: tuple[Any, list[str]], enough: int) -> Iterator[list[Lexeme]]:
    """Files as lexemes, in an order of chance, until there are enough of these."""
    lexer, files = language
    for number in np.random.default_rng(1).permutation(len(files)):
        if enough <= 0:
            return
        read = list(lexemes(lexer(), files[number]))
        enough -= len(read)
        yield read


def lexemes(lexer: Any, text: str) -> Iterator[Lexeme]:
    """Cut a text by a lexer of Pygments. The pieces of a literal are one, and `<eos>` comes after a line with any."""
    line_has_any = False
    kinds = ((KINDS[kind_of(kind)], text) for _, kind, text in lexer.get_tokens_unprocessed(text))
    for kind, group in groupby(kinds, key=lambda each: each[0]):
        texts = [text for _, text in group]
        whole = "".join(texts)
        parts = [whole.strip()] if kind in LITERALS else [part for text in texts for part in text.split()]
        yield from (Lexeme(part, kind) for part in parts)
        line_has_any = line_has_any or bool(parts)
        if line_has_any and (whole.endswith("\n") or (kind == SPACE and "\n" in whole)):
            yield Lexeme(END_OF_LINE, SPACE)
            line_has_any = False
