"""How a text is cut into tokens, characters or words, and what ids they get.

    tokens = Tokens("words")
    text = tokens.read(Path("book.txt"))
    vocabulary = tokens.vocabulary(text)
    ids = tokens.encode(text, vocabulary)

A vocabulary is a list of tokens; the index of a token is its id.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lstmvis.data import characters, words
from lstmvis.data.characters import Ids, read_text

Unit = Literal["characters", "words"]


@dataclass(frozen=True)
class Tokens:
    """A way to cut texts."""

    unit: Unit = "characters"
    line_ends: bool = True
    """Of words: whether `<eos>` follows every line."""
    carriage_returns: bool = False
    """Whether line ends stay as they are in the file; else each is `\\n`."""

    @property
    def one(self) -> str:
        """What one of them is called."""
        return self.unit.removesuffix("s")

    def read(self, path: Path) -> str:
        """The text of a UTF-8 file. Raises CorpusError where there is none to read."""
        return read_text(path, self.carriage_returns)

    def cut(self, text: str) -> Sequence[str]:
        """The tokens of `text` (T,)."""
        return words.split(text, self.line_ends) if self.unit == "words" else text

    def vocabulary(self, text: str, limit: int | None = None) -> list[str]:
        """The different tokens of `text`, in the order of their ids; of words: `limit` at most."""
        if self.unit == "characters":
            return characters.vocabulary_of(text)
        return words.vocabulary_of(self.cut(text), limit)

    def encode(self, text: str, vocabulary: list[str], where: str = "the text") -> Ids:
        """Token ids (T,). Raises CorpusError, saying which and where, for what has no id in `vocabulary`."""
        if self.unit == "characters":
            return characters.encode(text, vocabulary, where)
        return words.encode(self.cut(text), vocabulary, where)

    def unknown(self, text: str, vocabulary: list[str]) -> Counter[str]:
        """How often each token of `text` comes that is not in `vocabulary`, in the order in which they first come."""
        return words.unknown(self.cut(text), vocabulary)
