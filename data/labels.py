"""Strings as ids: the tokens of a vocabulary, the labels of an annotation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.errors import ProjectError

MOST_IDS = 10_000_000  # of a mapping from tokens to ids, which may leave out any number of them


class Labels:
    """Labels by id: those that were given, or strings, numbered in the order in which they come.

    what: what they are of, a plural for messages.
    """

    def __init__(self, what: str, given: Iterable[Any] | None = None) -> None:
        self._what = what
        self.fixed = given is not None
        self.names = [] if given is None else texts(given, what)
        self._ids = {name: number for number, name in enumerate(self.names)}

    def encode(self, values: Iterable[Any]) -> NDArray[np.int64]:
        """The ids (n,) of strings. Raises ProjectError for what is none, or was not given where some were."""
        names = [_decoded(name, self._what) if isinstance(name, bytes) else name for name in values]
        for name in dict.fromkeys(names):
            if not isinstance(name, str):
                raise ProjectError(f"The {self._what} must all be strings; there is {name!r:.60} among them.")
            if name in self._ids:
                continue
            if self.fixed:
                raise ProjectError(f"The {self._what} hold {name!r:.60}, which is not among those that were given.")
            self._ids[name] = len(self.names)
            self.names.append(name)
        return np.array([self._ids[name] for name in names], np.int64)

    def in_order(self) -> tuple[list[str], NDArray[np.int64]]:
        """The labels in the order of their colours, as given or else alphabetical, and the place of each id in it."""
        names = self.names if self.fixed else sorted(self.names)
        places = {name: place for place, name in enumerate(names)}
        return names, np.array([places[name] for name in self.names], np.int64)


def texts(given: Iterable[Any], what: str) -> list[str]:
    """Labels of any type as strings."""
    return [_decoded(name, what) if isinstance(name, bytes) else str(name) for name in given]


def by_id(vocabulary: Sequence[str] | Mapping[str, int]) -> list[str]:
    """The tokens by id; `#id` for what the vocabulary leaves out. Raises ProjectError where it maps to no ids."""
    if not isinstance(vocabulary, Mapping):
        return texts(vocabulary, "vocabulary")
    for token, number in vocabulary.items():
        if not isinstance(number, int | np.integer) or not 0 <= number < MOST_IDS:
            raise ProjectError(
                "A `vocabulary` that is a mapping leads from tokens to their ids, integers from 0 to "
                f"{MOST_IDS - 1:,}; this one leads from {token!r:.60} to {number!r:.60}."
            )
    tokens = {int(number): token for token, number in vocabulary.items()}
    return texts((tokens.get(number, f"#{number}") for number in range(max(tokens, default=-1) + 1)), "vocabulary")


def _decoded(name: bytes, what: str) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise ProjectError(f"There is {name!r:.60} among the {what}, which is not UTF-8.") from error
