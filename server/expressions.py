"""Regular expressions over the text of a corpus, in time that no expression can exceed.

The engine is RE2 (https://github.com/google/re2/wiki/Syntax): its time is linear in the text and its memory bounded,
where others backtrack without end. The text of a corpus of characters is its tokens laid end to end. That of a corpus
of words has a line break between two words, which is written as a space in the expression: so `^` and `$` are the ends
of a word, a space or `\\s` leads to the next one, and nothing else (`.`, `[^a]`, `\\W`) leaves a word, but
what says so: `(?s).`, and a class with the line break among its members (`[\\W_]`).
"""

import re
import time
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import re2
from numpy.typing import NDArray

from lstmvis.server.errors import BadParameterError

SECONDS = 2.0  # for one expression
LONGEST = 1000  # tokens that one place may have
PIECE = 8192  # tokens between two looks at the clock
MOST_MEMORY = 1 << 20  # for an expression's program and its states; RE2 gives up those that need more
# Bytes that are searched at once, times instructions of the program: some 3 seconds at worst. Only where tokens are as
# long as books is it less than RE2 allows.
MOST_WORK = 2_000_000_000
GAP = "\n"

_SPACE = r"[ \n]"
_INSIDE_WORDS = {"W": r"[^\w\n]", "D": r"[^\d\n]", "A": "^", "z": "$"}
_PARTS = re.compile(
    r"""
    \\Q (?P<quoted> .*?) (?: \\E | $)
    | \\ (?P<property> [pP] (?: \{ [^}]* \} | .))
    | \\ (?P<escaped> .)
    | \[ (?P<class> \^? \]? (?: \[: [^]]* :\] | \\. | [^]\\])*) \]
    | \(\? (?P<flags> [a-zA-Z]* (?: -[a-zA-Z]*)?) [:)]
    """,
    re.DOTALL | re.VERBOSE,
)
# What cannot have a line break in it: the members of a class, and the escapes that are no single character.
_PLAIN_CLASS = re.compile(r"(?:[^\x00-\x20\\[]|\\[^a-zA-Z0-9]|\\[wd])*")

_MISTAKES = {
    "missing )": "the ( at character {} is not closed",
    "unexpected )": "the ) at character {} closes nothing",
    "missing ]": "the [ at character {} is not closed",
    "missing terminating ]": "the [ at character {} is not closed",
    "trailing \\": "nothing follows the \\ at its end",
    "no argument for repetition operator": "there is nothing before the {1} at character {0} that it could repeat",
    "invalid repetition size": "{1} at character {0} repeats more than 1,000 times, or backwards",
    "bad repetition operator": "{1} at character {0} repeats a repetition",
    "invalid escape sequence": "{1} at character {0} has no meaning; a group can't be repeated by its number",
    "invalid character class range": "{1} at character {0} is no range of characters",
    "invalid perl operator": "{1} at character {0} has no meaning; looking ahead or behind is not possible",
    "invalid named capture group": "{1} at character {0} is not a name for a group",
    "pattern too large - compile failed": "this one is too large",
}


@dataclass(frozen=True)
class Text:
    """The text of a corpus in UTF-8, and the number of bytes of each of its tokens (T,)."""

    content: bytes | bytearray
    sizes: NDArray[np.unsignedinteger]
    gaps: bool  # whether there is a byte between two tokens


@dataclass(frozen=True)
class Expression:
    """One that can be searched for in the texts that it was made for."""

    source: str
    pattern: re2._Regexp
    leaves: bool  # whether what it finds may be more than one word
    begins_word: bool = False  # whether what begins inside a word, of any script, is none of its places

    def places(self, text: Text, seconds: float) -> Iterator[tuple[int, int]]:
        """The first token and the number of tokens of each place, ascending; none shares a token with another.

        A place has every token with a character that was found, LONGEST at most; a gap that was found belongs to the
        token after it at the start, before it at the end. Raises BadParameterError after so many seconds, for a
        large expression where tokens are very long, and for one that fits where there is no text.
        """
        deadline = time.monotonic() + seconds
        gap = int(text.gaps)
        count = len(text.sizes)
        resume = base = 0  # bytes
        for begin in range(0, count, PIECE):
            stop = min(begin + PIECE, count)
            # What begins with the last gap is a place from the next token on; that it has more than the longest is seen
            # by a gap after these, where the next token is empty.
            ends = base + np.cumsum(text.sizes[begin : min(stop + LONGEST + 2, count)].astype(np.int64) + gap)
            starts: list[int] = []  # bytes, where something is found
            at, reach = max(base, resume), int(ends[-1]) - gap
            first_byte, base = base, int(ends[stop - begin - 1])
            if (reach - at) * max(self.pattern.programsize, self.pattern.reverseprogramsize) > MOST_WORK:
                raise BadParameterError("q", "a smaller regular expression on this corpus, whose tokens are very long")
            end = base if stop < count else reach + 1  # at the very end there is room for empty text
            while at < end:
                if time.monotonic() >= deadline:
                    raise self._late(seconds, begin, count)
                found = self.pattern.search(text.content, at, reach)
                if not found or found.start() >= end:
                    break
                starts = starts or [first_byte, *ends.tolist()]
                first = self._first(found.start(), starts, gap)
                if self.begins_word and _word_goes_on(text.content, found.start()):
                    at = starts[first + 1] - gap
                    continue
                last = max(first, bisect_right(starts, found.end() - 1) - 1)
                if last - first >= LONGEST:
                    found = self.pattern.search(text.content, found.start(), starts[first + LONGEST])
                    if not found or self._first(found.start(), starts, gap) != first:
                        at = starts[first + 1] - gap
                        continue
                    last = max(first, bisect_right(starts, found.end() - 1) - 1)
                if found.start() == found.end():
                    raise self._empty(min(begin + first, count - 1))
                yield begin + first, last - first + 1
                at = resume = starts[last + 1] - gap

    @staticmethod
    def _first(byte: int, starts: list[int], gap: int) -> int:
        token = bisect_right(starts, byte) - 1
        return token + 1 if gap and byte == starts[token + 1] - 1 else token

    def _late(self, seconds: float, token: int, count: int) -> BadParameterError:
        allowed = f"a regular expression that takes no longer than {seconds:g} seconds on this corpus"
        return BadParameterError("q", f"{allowed}; this one reached position {token:,} of {count:,} by then")

    def _empty(self, token: int) -> BadParameterError:
        return BadParameterError("q", f"a regular expression that fits text; this one also fits none, as in {token:,}")


def compile_expression(source: str, words: bool, match_case: bool = True) -> Expression:
    """The expression for a corpus of words or of characters. Raises BadParameterError, with what is wrong and where."""
    options = re2.Options()
    options.max_mem, options.never_capture, options.log_errors = MOST_MEMORY, True, False
    options.case_sensitive = match_case
    content, leaves = inside_words(source) if words else (source, True)
    try:
        re2.compile(source.encode("utf-8", "replace"), options)
        pattern = re2.compile(f"(?m){content}".encode("utf-8", "replace"), options)
    except re2.error as error:
        raise BadParameterError("q", f"a regular expression; {_mistake(source, error)}") from error
    finally:
        re2.purge()  # its cache would keep the memory of 128 of them
    return Expression(source, pattern, leaves)


def _word_goes_on(content: bytes | bytearray, byte: int) -> bool:
    """Whether the character before this one, which is of a word, is of a word too: `\\b` knows those of ASCII only."""
    before = content[max(0, byte - 4) : byte].decode("utf-8", "ignore")[-1:]
    return before != "" and (before == "_" or unicodedata.category(before)[0] in "LMN")


def quote(text: str) -> str:
    """An expression that finds exactly this text."""
    return str(re2.escape(text))


def inside_words(source: str) -> tuple[str, bool]:
    """The expression for words with a line break between them, and whether it may find more than one of them.

    What it cannot tell it takes for an expression that may.
    """
    written: list[str] = []
    leaves = False
    at = 0
    while at < len(source):
        found = _PARTS.match(source, at)
        part = found[0] if found else source[at]
        kind = found.lastgroup if found else "character"
        made, leaving = _inside_words(part, kind or "", found[kind] if found and kind else part)
        written.append(made)
        leaves |= leaving
        at += len(part)
    return "".join(written), leaves


def _inside_words(part: str, kind: str, content: str) -> tuple[str, bool]:
    if kind == "quoted":
        pieces = [f"\\Q{piece}\\E" if piece else "" for piece in content.split(" ")]
        return _SPACE.join(pieces), len(pieces) > 1 or GAP in content
    if kind == "property":
        name = content[1:].strip("{}")
        opposite = (content[0] == "P") != name.startswith("^")
        name = name.removeprefix("^")
        made = f"[^\\p{{{name}}}\\n]" if opposite else f"\\p{{{name}}}"
        return made, not opposite and name.startswith(("C", "A"))  # of control characters, or any
    if kind == "escaped":
        return _SPACE if content == " " else _INSIDE_WORDS.get(content, part), content in " snxC\n0123456789"
    if kind == "class":
        members = content.removeprefix("^")
        kept = "\\" + members if members.startswith(("]", "-")) else members  # they mean themselves only in front
        if content.startswith("^"):
            return f"[^\\n{kept}]", False
        return f"[\\n{kept}]" if " " in members else part, not _PLAIN_CLASS.fullmatch(members)
    if kind == "flags":
        return part, "s" in content or "-" in content
    return _SPACE if part == " " else part, part in " \n"


def _mistake(source: str, error: re2.error) -> str:
    """What is wrong, and where: RE2 names the part of the expression that it could not read."""
    said = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error.args[0])
    kind, _, part = said.partition(": ")
    at = _unpaired(source) if kind in ("missing )", "unexpected )") else source.find(part)
    return _MISTAKES.get(kind, said).format(at + 1, part)


def _unpaired(source: str) -> int:
    """Where a round bracket closes nothing, or else the last one is that is not closed."""
    opened = []
    at = 0
    while at < len(source):
        found = _PARTS.match(source, at)
        part = found[0] if found else source[at]
        if part.startswith("("):
            opened.append(at)
        if part == ")" or (found and found.lastgroup == "flags" and part.endswith(")")):
            if not opened:
                return at
            opened.pop()
        at += len(part)
    return opened[-1] if opened else 0
