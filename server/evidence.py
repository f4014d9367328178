"""How much the matches of a selection say about an annotation, in figures.

The figures are about the best matches of a selection, without those that overlap the brushed range, which was chosen.
There are two measures of how much of a range carries a value (a label of the annotation, or one of several):

    whole       1 where all of its positions carry the value, else 0
    positions   the share of its positions that carry it

Each is given as four shares. A match has a length, and tokens; what it is compared with are means over the matches,
exact, over all ranges that lie in one sequence of the corpus:

    matches       the mean over the matches
    corpus        over ranges that have the lengths of the matches
    same_token    over ranges that have the lengths of the matches and begin with the same tokens
    same_tokens   over ranges that have the tokens of the matches throughout

The matches are among these ranges too, so what they have in excess is told a little too small rather than too large.
Above `corpus`, the selection finds the value; above `same_token`, it finds more than the words that usually have it;
above `same_tokens`, more than any words tell. There can be nothing above where the words tell all: a text that comes
once is compared with itself, and a digit that is the depth of nesting always is. So `decided` says what `same_tokens`
of `whole` is for the value itself: the mean over its stretches, cut to the lengths of the matches. What is left of 1 is
open, whatever the selection.

That matches are of different words is the other sign that a selection is about more than a word. `beginnings` are their
first tokens, counted by the inverse of Simpson's index: the number of tokens, equally frequent, of which two matches
would begin alike as often as these do. As many are `usual` as stretches of the value, drawn at random, have themselves:
speech that is quoted begins with a mark.

The p-value is the chance that as many matches, or more, carry the value as a whole, if each were any of the ranges
that it is compared with in `same_token`: a sum of independent draws with different chances (Poisson binomial), computed
exactly. Matches in one stretch of the value are no independent draws: of those that carry it only the best counts here.
All that do not carry it count, which can but raise the p-value. (If of these too one of a stretch counted, it would be
too low wherever the stretches without the value are longer than those with it.)
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.errors import LstmvisError
from lstmvis.data.matrix import as_integers
from lstmvis.data.project import Annotation, Project
from lstmvis.server.matching import Match
from lstmvis.server.windows import Window, annotation_rows

MOST_MATCHES = 50
TOKENS_COMPARED = 3
STRETCHES_COMPARED = 300  # of each length at most, for what is decided; from all over the corpus


class EvidenceError(LstmvisError):
    """There is nothing of which figures could be given."""


class Shares(NamedTuple):
    """From 0 to 1."""

    matches: float
    corpus: float
    same_token: float
    same_tokens: float

    @property
    def gap(self) -> float:
        return self.matches - self.same_token


class Beginnings(NamedTuple):
    """The first tokens of the matches."""

    different: int
    effective: float  # from 1 to the number of matches
    usual: float  # the same of as many stretches of the value

    @property
    def share(self) -> float:
        """Of what is usual, 1 at most."""
        return min(1, self.effective / self.usual) if self.usual else 0.0


@dataclass(frozen=True)
class Evidence:
    matches: int  # that were looked at
    whole: Shares
    positions: Shares
    before: float  # share of the positions just before the matches that carry the value
    places: int  # stretches, of the value or between, in which the matches begin
    texts: int  # different ones of the matches, by their first tokens
    beginnings: Beginnings
    decided: float  # from 0 to 1
    p_value: float


class Value:
    """Where the positions of a corpus carry a value of an annotation."""

    def __init__(
        self,
        carries: NDArray[np.bool_],
        tokens: NDArray[np.int64],
        sequence_starts: NDArray[np.int64],
        name: str = "the value",
    ) -> None:
        """`carries` (T,), and the ids of the `tokens` (T,) at these positions; `sequence_starts` ascend from 0."""
        steps = len(carries)
        self.name = name
        self.carries = carries
        self.tokens = tokens
        self._kinds = np.unique(tokens, return_inverse=True)[1]  # (T,): tokens numbered from 0, without gaps
        begins = np.zeros(steps, np.bool_)
        begins[sequence_starts[sequence_starts < steps]] = True
        self._room = _until(begins)  # (T,): positions from here to the end of the sequence
        self._lasting = np.minimum(self._room, _until(~carries, here=True))  # (T,): before the first without the value
        self._count = np.append(0, np.cumsum(carries))  # (T + 1,): positions with the value before each
        self.stretches = np.cumsum(begins | np.diff(carries, prepend=False))  # (T,): the number of that it lies in
        # The first positions (n,) and lengths (n,) of the stretches that carry it.
        self.begins = np.flatnonzero(carries & (np.diff(self.stretches, prepend=-1) != 0))
        self.lengths = self._lasting[self.begins]
        firsts = np.bincount(self._kinds[self.begins]) / max(1, len(self.begins))
        self._alike = float(np.square(firsts).sum())  # how often two of its stretches begin with the same token
        # The positions of each kind of token, ascending.
        self._positions = np.split(np.argsort(self._kinds, kind="stable"), np.cumsum(np.bincount(self._kinds))[:-1])
        self._known: dict[int, _Expected] = {}
        self._known_texts: dict[bytes, tuple[float, float]] = {}
        self._decided: dict[int, float] = {}

    def whole(self, first: int, length: int) -> bool:
        """Whether all positions of a range carry the value."""
        return bool(self._lasting[first] >= length)

    def share(self, first: int, length: int) -> float:
        """The share of a range's positions that do."""
        return float(self._count[first + length] - self._count[first]) / length

    def share_before(self, first: int, steps: int) -> float:
        """The share of the `steps` positions before a range that do; those before the corpus do not."""
        return float(self._count[first] - self._count[max(0, first - steps)]) / steps

    def expect(self, first: int, length: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """What ranges of that length carry on average, as a whole and by positions: all ranges, and those that begin
        with the token at `first`."""
        if length not in self._known:
            starts = np.flatnonzero(self._room >= length)
            whole = self._lasting[starts] >= length
            share = (self._count[starts + length] - self._count[starts]) / length
            kinds = self._kinds[starts]
            number = np.maximum(np.bincount(kinds, minlength=int(self._kinds.max()) + 1), 1)
            sums = [np.bincount(kinds, weights=each, minlength=len(number)) for each in (whole, share)]
            self._known[length] = _Expected(
                (float(whole.mean()), float(share.mean())), sums[0] / number, sums[1] / number
            )
        known, kind = self._known[length], self._kinds[first]
        return known.overall, (float(known.whole[kind]), float(known.positions[kind]))

    def expect_of_text(self, first: int, length: int) -> tuple[float, float]:
        """What ranges with the same tokens carry on average, as a whole and by positions."""
        text = self.tokens[first : first + length]
        known = self._known_texts.get(text.tobytes())
        if known is None:
            places = self._positions[self._kinds[first]]
            places = places[self._room[places] >= length]
            for offset in range(1, length):
                if len(places) == 1:
                    break
                places = places[self.tokens[places + offset] == text[offset]]
            share = (self._count[places + length] - self._count[places]) / length
            known = float((self._lasting[places] >= length).mean()), float(share.mean())
            self._known_texts[text.tobytes()] = known
        return known

    def decided(self, length: int) -> float:
        """What ranges with the same tokens as stretches of the value, cut to `length`, carry on average as a whole; 1
        where no stretch is as long."""
        if length not in self._decided:
            begins = self.begins[self.lengths >= length]
            some = begins[:: 1 + len(begins) // STRETCHES_COMPARED].tolist()
            shares = [self.expect_of_text(begin, length)[0] for begin in some]
            self._decided[length] = float(np.mean(shares)) if shares else 1.0
        return self._decided[length]

    def usual_beginnings(self, matches: int) -> float:
        """How many different first tokens, in effect, that number of stretches of the value has."""
        return 1 / (self._alike + (1 - self._alike) / matches)


class _Expected(NamedTuple):
    """Of ranges of one length, as a whole and by positions: means over all, and by their first token (tokens,)."""

    overall: tuple[float, float]
    whole: NDArray[np.float64]
    positions: NDArray[np.float64]


def find_value(project: Project, steps: int, annotation: str, labels: Collection[str]) -> Value:
    """Where the first `steps` positions carry one of the `labels`; an annotation of numbers has these as labels.

    Raises EvidenceError for an annotation that there is not or that is not discrete, and for labels that it has not.
    """
    described = discrete_annotation(project, annotation)
    window = Window(0, 0, steps - 1)
    rows = annotation_rows(described.values, described.index, window)
    carries = np.zeros(steps, np.bool_)
    carries[: len(rows)] = np.isin(as_integers(rows), _ids_of(described, labels)) & np.isfinite(rows)
    if not carries.any():
        raise EvidenceError(f"No position of the annotation {annotation!r} has the value {', '.join(labels)}.")
    tokens = np.full(steps, -1, np.int64)  # without words all are of a kind
    if project.words:
        ids = project.words.ids.integers(0, steps)
        tokens[: len(ids)] = ids
    return Value(carries, tokens, project.sequence_starts, f"{annotation} {' or '.join(labels)}")


def weigh(value: Value, matches: Sequence[Match], brushed: tuple[int, int], lead: int) -> Evidence:
    """The figures of the best of `matches`, without those that overlap what is `brushed`, a first and last position.

    `lead` says how many positions count as just before a match.
    """
    apart = [match for match in matches if match.position > brushed[1] or match.position + match.length <= brushed[0]]
    ranges = [(match.position, match.length) for match in apart[:MOST_MATCHES]]
    if not ranges:
        none = Shares(0, 0, 0, 0)
        return Evidence(0, none, none, 0.0, 0, 0, Beginnings(0, 0.0, 0.0), 1.0, 1.0)
    found = np.array([(value.whole(*it), value.share(*it)) for it in ranges], np.float64)  # matches x measures
    # matches x (corpus, same token, same tokens) x measures
    expected = np.array([[*value.expect(*it), value.expect_of_text(*it)] for it in ranges])
    means = np.vstack([found.mean(axis=0)[None], expected.mean(axis=0)])
    places = value.stretches[[first for first, _ in ranges]]
    carrying, failing = np.flatnonzero(found[:, 0]), np.flatnonzero(found[:, 0] == 0)
    # The matches come best first, and `unique` keeps the first of each stretch.
    best = carrying[np.unique(places[carrying], return_index=True)[1]]
    firsts = np.unique([value.tokens[first] for first, _ in ranges], return_counts=True)[1]
    return Evidence(
        matches=len(ranges),
        whole=Shares(*means[:, 0].tolist()),
        positions=Shares(*means[:, 1].tolist()),
        before=float(np.mean([value.share_before(first, lead) for first, _ in ranges])),
        places=len(np.unique(places)),
        texts=len({value.tokens[first : first + min(length, TOKENS_COMPARED)].tobytes() for first, length in ranges}),
        beginnings=Beginnings(
            len(firsts), len(ranges) ** 2 / float(np.square(firsts).sum()), value.usual_beginnings(len(ranges))
        ),
        decided=float(np.mean([value.decided(length) for _, length in ranges])),
        p_value=chance_of(len(best), expected[np.append(best, failing), 1, 0]),
    )


def chance_of(least: int, chances: NDArray[np.float64]) -> float:
    """The probability that of independent events with these chances (n,) at least that many happen."""
    probabilities = np.ones(1)  # of 0, 1, ... of the events so far
    for chance in chances:
        probabilities = np.convolve(probabilities, [1 - chance, chance])
    return min(1.0, float(probabilities[least:].sum()))


def labels_over(project: Project, annotation: str, first: int, last: int) -> list[str]:
    """The labels of a discrete annotation at positions first..last, each once.

    Raises EvidenceError where there are none, else as `find_value` does.
    """
    described = discrete_annotation(project, annotation)
    rows = annotation_rows(described.values, described.index, Window(first, first, last))
    ids = list(dict.fromkeys(as_integers(rows[np.isfinite(rows)]).tolist()))
    if not ids:
        raise EvidenceError(f"The annotation {annotation!r} has no value from {first} to {last}.")
    return described.dictionary.decode(ids) if described.dictionary else [str(number) for number in ids]


def discrete_annotation(project: Project, name: str) -> Annotation:
    """Raises EvidenceError where there is no such annotation, or it is not discrete."""
    annotation = project.annotations.get(name)
    discrete = [name for name in project.annotations if project.meta[name]["vis"]["type"] == "discrete"]
    if annotation is None or name not in discrete:
        problem = "is not discrete" if annotation else "is not there"
        raise EvidenceError(f"The annotation {name!r} {problem}; discrete ones are: {', '.join(discrete) or 'none'}.")
    return annotation


def _ids_of(annotation: Annotation, labels: Collection[str]) -> list[int]:
    """Raises EvidenceError for a label that is none of the annotation's."""
    if annotation.dictionary is None:
        wrong = [label for label in labels if not label.removeprefix("-").isdecimal()]
        if wrong:
            raise EvidenceError(f"The values of {annotation.name!r} are whole numbers, and {wrong[0]!r} is none.")
        return [int(label) for label in labels]
    numbers = annotation.dictionary.numbers()
    known = dict(zip(numbers, annotation.dictionary.decode(numbers), strict=True))
    for label in labels:
        if label not in known.values():
            there = ", ".join(list(known.values())[:20])
            raise EvidenceError(f"The annotation {annotation.name!r} has no value {label!r}; it has: {there}.")
    return [number for number, label in known.items() if label in labels]


def _until(marks: NDArray[np.bool_], here: bool = False) -> NDArray[np.int64]:
    """How far it is from each position (T,) to the next mark, or to the end; with `here`, 0 at a mark itself."""
    steps = len(marks)
    places = np.append(np.flatnonzero(marks), steps)
    following = np.searchsorted(places, np.arange(steps), side="left" if here else "right")
    return np.asarray(places[np.minimum(following, len(places) - 1)] - np.arange(steps))
