"""The text that tokens came from, as far as they tell it, and where in it each of them stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.tokens import Unit
from lstmvis.data.words import END_OF_LINE, UNKNOWN

NO_WORDS = frozenset({END_OF_LINE, UNKNOWN})


def unit_of(vocabulary: Iterable[str]) -> Unit:
    """What the tokens are: characters where each has one, but for those such as `<unk>`; else words."""
    return "characters" if all(len(token) < 2 or _is_marker(token) for token in vocabulary) else "words"


@dataclass(frozen=True, eq=False)
class Text:
    """Tokens laid end to end.

    Characters, and tokens with the white space between them, are joined as they are. Words without it stand a space
    apart. `<eos>` ends a line.
    """

    characters: str
    starts: NDArray[np.int64]
    """(T,) the place of the first character of each token."""

    @classmethod
    def of(cls, tokens: Sequence[str]) -> Self:
        kinds = set(tokens)
        apart = unit_of(kinds) == "words" and not any(map(_begins_with_space, kinds))
        pieces = {token: _piece(token, apart) for token in kinds}
        lengths = {token: len(piece) for token, piece in pieces.items()}
        ends = np.cumsum(np.fromiter(map(lengths.__getitem__, tokens), np.int64, len(tokens)))
        return cls("".join(map(pieces.__getitem__, tokens)), np.concatenate([[0], ends[:-1]])[: len(tokens)])

    def places(self, tokens: Sequence[int]) -> list[int]:
        """The places of the first characters of some tokens."""
        found: list[int] = self.starts[np.asarray(tokens, np.int64)].tolist()
        return found

    def first(self, values: NDArray[Any]) -> NDArray[Any]:
        """Of values (characters,) the one of the first character of each token, (T,)."""
        return np.append(values, 0)[self.starts].astype(values.dtype)  # an empty token may stand at the end

    def largest(self, values: NDArray[Any]) -> NDArray[Any]:
        """Of values (characters,), from 0, the largest in each token, (T,)."""
        return np.maximum.reduceat(np.append(values, 0), self.starts).astype(values.dtype)

    @property
    def codes(self) -> NDArray[np.uint32]:
        """The code points (characters,)."""
        return np.frombuffer(self.characters.encode("utf-32-le", "surrogatepass"), np.uint32)

    @property
    def lines(self) -> NDArray[np.int64]:
        """(characters,) the place where the line of each begins; a line end belongs to the line that it ends."""
        places = np.arange(len(self.characters))
        begins = np.append(True, self.codes == ord("\n"))[:-1]
        return np.maximum.accumulate(np.where(begins, places, 0))


def numbers_are_n(vocabulary: Iterable[str]) -> bool:
    """Whether `N` stands for every number, as in the Penn Treebank files of Mikolov: it is the only capital there."""
    words = [token for token in vocabulary if not _is_marker(token)]
    return "N" in words and not any(word != word.lower() for word in words if word != "N")


def _is_marker(token: str) -> bool:
    return len(token) > 2 and token[0] == "<" and token[-1] == ">"


def _begins_with_space(token: str) -> bool:
    """Whether this is a space between tokens. Indentation alone does not tell: spaces may be left out elsewhere."""
    return token[:1] == " " and (token == " " or not token.isspace())


def _piece(token: str, apart: bool) -> str:
    if token == END_OF_LINE:
        return "\n"
    return token + " " if apart and token and not token.isspace() else token
