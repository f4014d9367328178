"""Looking for the view with which a project should open: a selection whose matches are about an annotation.

Ranges inside stretches of a value, from all over the corpus, are selected as a person would brush them, with a few
thresholds and constraints, and matched over the whole corpus. The best is the one with the highest

    share ** 2 * gap * beyond * beginnings * variety * sqrt(contrast) * reach ** (1 / 8)

share       of its matches, those that carry the value as a whole
gap         by how much that exceeds the share of ranges which begin with the same tokens
beyond      1, less what it falls short of exceeding the share of ranges with the same tokens throughout by as much as
            these leave open for the value itself: nothing where they tell all
beginnings  how many first tokens its matches have in effect, for those that the value's stretches have; 1 at most
variety     the share of different texts, or of different places, among its matches, whichever is lower
contrast    of the positions of the matches, the share that carries the value, less that of the positions just before
reach       how many matches with all of its cells there are in the corpus, for each stretch of the value; 1 at most

What nobody could read, or learn from, is left out: fewer than 50 matches with all of the cells, most of which do not
carry the value, or are of one token; few cells, or very many. And so is what could be chance: the p-value, times the
number of selections that were tried (Bonferroni), must be below `MOST_CHANCE`. `evidence` explains these figures.
"""

import itertools
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from lstmvis.data.opening import LengthRule, View, read_view
from lstmvis.data.project import Project, Source
from lstmvis.data.words import UNKNOWN
from lstmvis.server.activity import Activity, Constraints, cut_of
from lstmvis.server.errors import UnknownNameError
from lstmvis.server.evidence import MOST_MATCHES, Evidence, EvidenceError, Value, find_value, labels_over, weigh
from lstmvis.server.index import IndexingError, StateIndex, build_index
from lstmvis.server.indexing import LEAST_VALUES
from lstmvis.server.matching import Match, Query, find_matches
from lstmvis.server.selection import select_cells
from lstmvis.server.windows import ANNOTATION_PREFIX

LENGTHS, LEAD = (2, 5), 3  # of a range of words that can be read at once; columns left of it, for what comes before
CHARACTER_LENGTHS, CHARACTER_LEAD = (3, 12), 8
SHORTEST = 2  # median of the matches' lengths
CELLS = (3, 8)  # fewest, and as many as the page can tell apart by hues
CONSTRAINTS: list[Constraints] = [(1, 0), (1, 1), (0, 0)]
RULES: list[LengthRule] = ["any", "same"]
QUANTILES = (0.4, 0.6, 0.8, 0.93)  # of the activations above 0, where the thresholds are
MARGIN = 0.01  # of the corpus, at either end, in which no range is looked for
LEAST_SHARE = 0.6
LEAST_GAP = 0.2
MOST_CHANCE = 1e-3
HIGHEST_TANH = 0.9  # of these: beyond it all is on that ever was
MOST_TANH = 0.99  # the highest threshold that the page has
NEAR = 2  # tokens from the beginning of a stretch, which often is a sign of its own, such as a quotation mark
SAMPLED = 1000  # steps, for the quantiles
TRIES = 15_000
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Opening:
    """A view that was found, and what it shows."""

    view: View
    about: str  # the annotation and its labels
    cells: int
    matches: list[Match]  # the best, as the page lists them
    complete: int  # matches in the corpus with all of the cells
    stretches: int  # of the value in the corpus
    evidence: Evidence
    tries: int  # selections that were looked at before this one was chosen

    @property
    def score(self) -> float:
        evidence, whole = self.evidence, self.evidence.whole
        variety = min(evidence.texts, evidence.places) / MOST_MATCHES
        reach = min(1, self.complete / self.stretches)
        contrast = max(0, evidence.positions.matches - evidence.before)
        beyond = min(1, evidence.decided + whole.matches - whole.same_tokens)
        varied = evidence.beginnings.share * variety
        return math.pow(whole.matches, 2) * whole.gap * beyond * varied * math.sqrt(contrast) * math.pow(reach, 1 / 8)

    @property
    def chance(self) -> float:
        """The p-value, corrected for the choice among all that were tried."""
        return min(1.0, self.evidence.p_value * self.tries)


def find_opening(
    project: Project,
    annotation: str,
    labels: Collection[str],
    sources: Collection[str] | None = None,
    beside: Sequence[str] = (),
    seed: int = 1,
    tries: int = TRIES,
    progress: Progress = lambda done, total: None,
) -> Opening | None:
    """The best view about these `labels` of a discrete annotation, or None where nothing is found; the same for the
    same seed.

    All sources are looked at where none are given, with about `tries` selections in all. The view shows the annotations
    `beside`, too. `progress` is told how many of how many are done. Raises EvidenceError for an annotation or labels
    that there are not, UnknownNameError for a source or an annotation beside.
    """
    for other in beside:
        if other not in project.annotations:
            raise UnknownNameError("annotation", other, project.annotations)
    tracks = tuple(dict.fromkeys((annotation, *beside)))
    names = list(project.sources if sources is None else sources)
    each = len(QUANTILES) * len(CONSTRAINTS) * len(RULES)
    count = max(1, tries // (each * max(1, len(names))))  # of ranges a source
    total = count * each * len(names)
    chance = np.random.default_rng(seed)
    best: Opening | None = None
    done = 0
    for name in names:
        observed = Observed(project, name)
        value = find_value(project, observed.source.steps, annotation, labels)
        ranges = list(_ranges(value, observed, count, chance))
        for threshold in _thresholds(observed.source):
            for constraints, brushed in itertools.product(CONSTRAINTS, ranges):
                view = _view(observed, tracks, threshold, constraints, brushed)
                cells = observed.cells(view)
                for rule in RULES if CELLS[0] <= len(cells) <= CELLS[1] else []:
                    found = observed.look(replace(view, length_rule=rule), cells, value, total)
                    if _worth_showing(found) and (best is None or found.score > best.score):
                        best = found
                done += len(RULES)
                progress(done, total)
    progress(total, total)  # of few thresholds fewer are tried
    return best


def present_opening(project: Project, annotation: str | None = None, labels: Collection[str] = ()) -> Opening:
    """What the view with which a project opens says: about the annotation that it shows first, and the labels that
    this has in the brushed range, where no others are given.

    Raises EvidenceError where there is no such view, or it selects nothing; else as `find_opening` does.
    """
    if project.opening is None:
        raise EvidenceError(f"{project.name} has no opening view.")
    view = read_view(project.opening)
    observed = Observed(project, view.source)
    cells = observed.cells(view)
    if view.range is None or not cells:
        raise EvidenceError(f"The opening view of {project.name} selects no cells.")
    name = annotation or next(iter(view.tracks or project.annotations), "")
    shown = list(labels) or labels_over(project, name, *view.range)
    return observed.look(view, cells, find_value(project, observed.source.steps, name, shown))


class Observed:
    """A source of a project, with its match index where it is worth one."""

    def __init__(self, project: Project, name: str) -> None:
        """`name` is a source's id, or empty for the first. Raises UnknownNameError where there is none such."""
        source = project.sources.get(name) if name else next(iter(project.sources.values()), None)
        if source is None:
            raise UnknownNameError("source", name, project.sources)
        self.source = source
        self.starts = project.sequence_starts
        dictionary = project.words.dictionary if project.words else None
        self.characters = dictionary.of_characters if dictionary else False
        self.lead = CHARACTER_LEAD if self.characters else LEAD
        self.unknown = dictionary.ids.get(UNKNOWN) if dictionary else None
        self._index: StateIndex | None = None
        if source.steps * source.cells >= LEAST_VALUES:
            with suppress(IndexingError):  # it is only slower without
                self._index = build_index(project.directory, source)

    def _activity(self, view: View) -> Activity:
        threshold = view.threshold
        if self.source.transform == "tanh":  # what is beyond is the last that there is, as on the page
            threshold = min(MOST_TANH, max(-MOST_TANH, threshold))
        return Activity(self.source, cut_of(threshold, self.source.transform), view.sides, self._index)

    def cells(self, view: View) -> list[int]:
        """The cells that a view selects, ascending; none where its range is not in the source."""
        activity = self._activity(view)
        if view.range is None or view.range[1] >= self.source.steps:
            return []
        if view.cells is None:
            fitting = set(select_cells(activity, *view.range, view.constraints, self.starts).tolist())
        else:
            fitting = set(view.cells)
        return sorted(cell for cell in (fitting | set(view.added)) - set(view.dropped) if cell < activity.ids)

    def look(self, view: View, cells: list[int], value: Value, tries: int = 1) -> Opening:
        """What the matches of a view that selects these cells say of a value."""
        assert view.range is not None
        length = view.range[1] - view.range[0] + 1
        query = Query(
            cells=tuple(cells),
            constraints=view.constraints,
            min_length=length if view.length_rule == "atLeast" else 1,
            phrase_length=length if view.length_rule == "same" else 0,
            limit=MOST_MATCHES + length,  # those that begin in the range are no evidence
            match_length=view.lengths,
        )
        found = find_matches(self._activity(view), query, self.starts)
        return Opening(
            view=view,
            about=value.name,
            cells=len(cells),
            matches=found.best[:MOST_MATCHES],
            complete=int(found.counts[-1]),
            stretches=len(value.begins),
            evidence=weigh(value, found.best, view.range, self.lead),
            tries=tries,
        )


def _worth_showing(found: Opening) -> bool:
    evidence = found.evidence
    return (
        evidence.matches == MOST_MATCHES
        and found.complete > MOST_MATCHES
        and np.median([match.length for match in found.matches]) >= SHORTEST
        and evidence.whole.matches >= LEAST_SHARE
        and evidence.whole.gap >= LEAST_GAP
        and found.chance < MOST_CHANCE
    )


def _view(
    observed: Observed,
    tracks: tuple[str, ...],
    threshold: float,
    constraints: Constraints,
    brushed: tuple[int, int],
) -> View:
    return View(
        source=observed.source.id,
        pos=max(0, brushed[0] - observed.lead),
        threshold=threshold,
        range=brushed,
        constraints=constraints,
        tracks=tracks,
        colour=ANNOTATION_PREFIX + tracks[0],
    )


def _ranges(value: Value, observed: Observed, count: int, chance: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Up to `count` ranges, first and last positions, inside stretches of the value from all over the corpus: whole
    stretches where they can be read at once, else a part, from near the beginning of the stretch or from anywhere."""
    shortest, longest = CHARACTER_LENGTHS if observed.characters else LENGTHS
    begins, lengths = value.begins, value.lengths
    steps = len(value.carries)
    inside = (lengths >= shortest) & (begins >= MARGIN * steps) & (begins + lengths <= (1 - MARGIN) * steps)
    begins, lengths = begins[inside], lengths[inside]
    if not len(begins):
        return
    # One of each part of the corpus, of as many parts as ranges are wanted.
    parts = np.array_split(np.arange(len(begins)), min(count, len(begins)))
    for part in parts:
        number = chance.choice(part)
        begin, length = int(begins[number]), int(lengths[number])
        if length > longest:
            short = int(chance.integers(shortest, longest + 1))
            furthest = length - short if chance.integers(2) else min(NEAR, length - short)
            begin += int(chance.integers(furthest + 1))
            length = short
        if observed.unknown not in value.tokens[begin : begin + length]:  # which nobody can read
            yield begin, begin + length - 1


def _thresholds(source: Source) -> list[float]:
    """Some of the source's activations above 0, as numbers of two digits, ascending; none where there are none."""
    steps = np.unique(np.linspace(0, source.steps - 1, SAMPLED, dtype=np.int64))
    values = source.states.take(steps).astype(np.float64)
    activations = np.tanh(values) if source.transform == "tanh" else values
    activations = activations[(activations > 0) & (activations < np.inf)]
    if not len(activations):
        return []
    quantiles = np.quantile(activations, QUANTILES)
    if source.transform == "tanh":
        quantiles = np.minimum(quantiles, HIGHEST_TANH)
    # Hundredths up to 1, as on the page; two digits beyond.
    rounded = np.where(quantiles < 1, np.maximum(quantiles.round(2), 0.01), quantiles)
    return list(dict.fromkeys(float(f"{threshold:.2g}") for threshold in rounded))
