"""What the tokens or characters of code are, as one of Pygments' lexers sees it.

Python's own `tokenize` would do for whole files of valid Python alone. A corpus is several files laid end to end, cut
anywhere, in any language: Pygments' lexers read on whatever comes. What they cannot do is find out of a string in three
quotes that a cut has turned inside out, so that code is taken for string and string for code, to the end of the corpus.
So wherever a line that looks like the beginning of a definition or an import stands inside a string, it is tried as
Python: if all up to the next such line can be parsed, it is code, and the lexer begins anew there.
"""

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.annotators.text import Text
from lstmvis.data.arrays import Discrete
from lstmvis.data.errors import LstmvisError
from lstmvis.data.words import UNKNOWN

STAND_IN = "_unk_"  # a name, as long as `<unk>`
BEGINNING = re.compile(r"^(?:(?:async )?def \w+\(|class \w+[(:]|import \w|from [\w.]+ import )", re.MULTILINE)

# The first that fits counts; names are Pygments' own, with what is below them.
KINDS = {
    "comment": ("Comment",),
    "string": ("Literal.String",),
    "number": ("Literal.Number",),
    "keyword": ("Keyword", "Operator.Word"),
    "builtin": ("Name.Builtin", "Name.Exception"),
    "definition": ("Name.Function", "Name.Class"),
    "decorator": ("Name.Decorator",),
    "name": ("Name",),
    "operator": ("Operator",),
    "punctuation": ("Punctuation",),
    "white space": ("Text", "Whitespace"),
    "other": ("",),
}
LABELS = list(KINDS)
COMMENT, STRING = LABELS.index("comment"), LABELS.index("string")
STRING_OR_COMMENT = (STRING, COMMENT)


def token_kind(tokens: Sequence[str], lexer: str = "python", starts: Sequence[int] = ()) -> Discrete:
    """Keyword, name, string, comment and so on; of a token of several characters the first counts.

    starts: here as below, the first tokens of sequences, each of which is read for itself.
    """
    text = Text.of(tokens)
    return Discrete(text.first(_kinds(text, lexer, starts)), LABELS)


def inside_string(tokens: Sequence[str], lexer: str = "python", starts: Sequence[int] = ()) -> Discrete:
    """Inside a string of the program, its quotation marks included; documentation in strings is inside too."""
    text = Text.of(tokens)
    inside = characters_that_are((STRING,), text, lexer, starts)
    return Discrete(text.first(inside).astype(np.uint8), ["outside", "in a string"])


def inside_comment(tokens: Sequence[str], lexer: str = "python", starts: Sequence[int] = ()) -> Discrete:
    """Inside a comment, from the mark that begins it."""
    text = Text.of(tokens)
    inside = characters_that_are((COMMENT,), text, lexer, starts)
    return Discrete(text.first(inside).astype(np.uint8), ["outside", "in a comment"])


def characters_that_are(kinds: Sequence[int], text: Text, lexer: str, starts: Sequence[int]) -> NDArray[np.bool_]:
    """(characters,) whether each is of one of these kinds."""
    return np.isin(_kinds(text, lexer, starts), kinds)


def find_lexer(name: str) -> Any:
    """Pygments' lexer of a language. Raises LstmvisError where there is none, or no Pygments."""
    try:
        from pygments.lexers import get_lexer_by_name
        from pygments.util import ClassNotFound
    except ImportError as error:
        raise LstmvisError("Annotations of code need Pygments: pip install 'lstmvis[demos]'") from error
    try:
        return get_lexer_by_name(name)
    except ClassNotFound as error:
        raise LstmvisError(
            f"Pygments has no lexer {name!r}. There are python, java, c and many more: `pygmentize -L lexers`."
        ) from error


def _kinds(text: Text, lexer: str, starts: Sequence[int]) -> NDArray[np.uint8]:
    """(characters,) the kind of each."""
    reader = find_lexer(lexer)
    code = text.characters.replace("\r\n", " \n").replace("\r", "\n").replace(UNKNOWN, STAND_IN)
    cuts = [0, *text.places(starts), len(code)]
    return np.concatenate([_kinds_of(code[start:stop], reader) for start, stop in pairwise(cuts)])


def _kinds_of(code: str, reader: Any) -> NDArray[np.uint8]:
    """(characters,) the kind of each in what is read for itself."""
    kinds = np.zeros(len(code), np.uint8)
    known: dict[Any, int] = {}
    beginnings = [found.start() for found in BEGINNING.finditer(code)] if "python" in reader.aliases else []
    start = 0
    while start < len(code):
        for place, kind, piece in reader.get_tokens_unprocessed(code[start:]):
            place += start
            if kind not in known:
                known[kind] = kind_of(kind)
            kinds[place : place + len(piece)] = known[kind]
            if known[kind] == STRING and (turned := _turned(code, place, len(piece), beginnings, start)) is not None:
                start = turned
                break
        else:
            break
    return kinds


def kind_of(kind: Any) -> int:
    """The place in LABELS of a token type of Pygments."""
    name = ".".join(kind)
    fits = (n for n, names in enumerate(KINDS.values()) for one in names if not one or f"{name}.".startswith(f"{one}."))
    return next(fits)


def _turned(code: str, place: int, length: int, beginnings: list[int], start: int) -> int | None:
    """Where in this piece of a string code begins, None: nowhere."""
    first = bisect_right(beginnings, max(place - 1, start))
    for number in range(first, len(beginnings)):
        begins = beginnings[number]
        if begins >= place + length:
            break
        if _is_python(code[begins : beginnings[number + 1] if number + 1 < len(beginnings) else None]):
            return begins
    return None


def _is_python(code: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
