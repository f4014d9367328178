"""What a demo needs of a corpus: where it comes from, and three texts, to train on, to validate on and to explore."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from lstmvis.data.arrays import Discrete, Scalar
from lstmvis.data.downloading import Remote
from lstmvis.data.errors import CorpusError

S = TypeVar("S", bound=Sequence[Any])


class Lengths(NamedTuple):
    """How many tokens each text has, at most."""

    training: int
    validation: int
    explored: int


@dataclass(frozen=True)
class Texts:
    """Three texts, each the tokens as they stand in the corpus: words, or the characters of a str."""

    training: Sequence[str]
    validation: Sequence[str]
    explored: Sequence[str]
    annotations: Mapping[str, Discrete | Scalar] = field(default_factory=dict)
    """What the corpus itself says of each token that is explored, by name."""
    starts: Sequence[int] | None = None
    """Where the pieces of the explored text begin, from 0, if each is to be read for itself."""
    training_is_explored: bool = False
    """Whether the text to train on is part of the one that is explored, where there is too little for two."""


@dataclass(frozen=True)
class Corpus:
    """Where a corpus comes from, in words for people and in addresses for the downloader."""

    title: str
    """What it is, as a part of a sentence: `20 children's books`."""
    origin: str
    licence: str
    layout: str
    """What may be given instead of downloading it, as a part of a sentence."""
    folder: str = ""
    """Where downloads lie, below the folder of all of them."""
    remotes: tuple[Remote, ...] = ()
    here: Callable[[], Path | None] = lambda: None
    """Where it lies on this machine, if it does before anybody asks for it."""


def fit(lengths: Lengths, available: int) -> Lengths:
    """These lengths, or the same proportions of what is available where that is less."""
    share = min(1.0, available / max(1, sum(lengths)))
    return Lengths(*(int(length * share) for length in lengths))


def cut_each(pieces: Sequence[Sequence[str]], lengths: Lengths) -> Texts:
    """Train on the beginning of each piece, validate on what follows, and explore its end.

    So what is explored is new, and yet about people and places that the model knows.
    """
    available = sum(map(len, pieces))
    shares = [length / max(1, available) for length in fit(lengths, available)]
    training, validation, explored = list[str](), list[str](), list[str]()
    for piece in pieces:
        first, middle, last = (int(len(piece) * share) for share in shares)
        training += piece[:first]
        validation += piece[first : first + middle]
        explored += piece[len(piece) - last :]
    return Texts(training, validation, explored)


def sections(piece: S, places: Iterable[int], least: int) -> Iterator[S]:
    """Cut a piece at some of these places, ascending, so that each section but the last has at least so many tokens."""
    start = 0
    for place in places:
        if place - start >= least:
            yield cast(S, piece[start:place])
            start = place
    if start < len(piece):
        yield cast(S, piece[start:])


def deal(pieces: Sequence[S], lengths: Lengths, seed: int = 1) -> tuple[list[S], list[S], list[S]]:
    """Whole pieces to train on, to validate on and to explore, in an order of chance that is the same for a `seed`.

    Only the last piece of each is cut, where the length is reached.
    """
    wanted = fit(lengths, sum(map(len, pieces)))
    order = iter(np.random.default_rng(seed).permutation(len(pieces)))
    dealt: list[list[S]] = []
    for length in reversed(wanted):  # what is explored is the same for whatever lengths to train on
        dealt.append([])
        while length > 0 and (number := next(order, None)) is not None:
            dealt[-1].append(pieces[number][:length])
            length -= len(pieces[number])
    explored, validation, training = dealt
    return training, validation, explored


def require_text(texts: Texts, place: Path, what: str) -> None:
    """Raise CorpusError where one of the texts has less than two tokens."""
    if min(len(texts.training), len(texts.validation), len(texts.explored)) < 2:
        raise CorpusError(f"{place} has too little of what a demo is made of: {what}.")
