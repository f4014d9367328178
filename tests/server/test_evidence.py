from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data.project import Project
from lstmvis.server.evidence import MOST_MATCHES, EvidenceError, Value, chance_of, find_value, labels_over, weigh
from lstmvis.server.matching import Match
from tests.project_directory import write_directory


def match(first, last):
    return Match(first, last - first + 1, 1, 1, 1)


@st.composite
def corpora(draw):
    """Which positions carry a value, their tokens, where sequences start, and ranges inside them as matches."""
    steps = draw(st.integers(1, 30))
    carries = draw(st.lists(st.booleans(), min_size=steps, max_size=steps))
    tokens = draw(st.lists(st.integers(-1, 3), min_size=steps, max_size=steps))
    later = draw(st.none() | st.sets(st.integers(1, steps + 3), max_size=3))
    starts = [] if later is None else [0, *sorted(later)]
    bounds = [*(starts or [0]), steps]
    ranges = [
        (first, last)
        for begin, end in pairwise(bounds)
        for first in range(begin, min(end, steps))
        for last in range(first, min(end, steps))
    ]
    matches = draw(st.lists(st.sampled_from(ranges), min_size=1, max_size=8, unique_by=lambda it: it[0]))
    return carries, tokens, starts, matches


def naive(carries, tokens, starts, ranges):
    """Per match and measure: what it carries, and what ranges of its length do: all, those with its first token, and
    those with its tokens throughout."""
    steps = len(carries)
    sequence = [sum(start <= t for start in starts) for t in range(steps)]

    def measures(first, last):
        inside = carries[first : last + 1]
        return all(inside), sum(inside) / len(inside)

    rows = []
    for first, last in ranges:
        length = last - first + 1
        others = [t for t in range(steps - length + 1) if sequence[t] == sequence[t + length - 1]]
        same = [t for t in others if tokens[t] == tokens[first]]
        identical = [t for t in same if tokens[t : t + length] == tokens[first : last + 1]]
        among = (others, same, identical)
        expected = [np.mean([measures(t, t + length - 1) for t in firsts], axis=0) for firsts in among]
        rows.append([measures(first, last), *expected])
    return np.array(rows, float)  # matches x (itself, corpus, same token, same tokens) x (whole, positions)


def naive_chance(least, chances):
    outcomes = product([0, 1], repeat=len(chances))
    return sum(
        np.prod([chance if happens else 1 - chance for chance, happens in zip(chances, outcome, strict=True)])
        for outcome in outcomes
        if sum(outcome) >= least
    )


def stretch_of(carries, starts, position):
    begin = position
    while begin > 0 and carries[begin - 1] == carries[position] and begin not in starts:
        begin -= 1
    return begin


@given(corpora())
def test_the_figures_are_those_of_counting_every_range(corpus):
    carries, tokens, starts, ranges = corpus
    value = Value(np.array(carries), np.array(tokens), np.array(starts, np.int64))
    evidence = weigh(value, [match(*it) for it in ranges], (99, 99), lead=2)
    rows = naive(carries, tokens, starts, ranges)
    assert evidence.matches == len(ranges)
    np.testing.assert_allclose(evidence.whole, rows[:, :, 0].mean(axis=0))
    np.testing.assert_allclose(evidence.positions, rows[:, :, 1].mean(axis=0))
    best, failing = {}, []
    for number, (first, _) in enumerate(ranges):
        if rows[number, 0, 0]:
            best.setdefault(stretch_of(carries, starts, first), number)
        else:
            failing.append(number)
    assert evidence.places == len({stretch_of(carries, starts, first) for first, _ in ranges})
    expected = naive_chance(len(best), rows[[*best.values(), *failing], 2, 0])
    assert evidence.p_value == pytest.approx(expected)
    assert evidence.texts == len({tuple(tokens[first : min(last + 1, first + 3)]) for first, last in ranges})
    assert evidence.beginnings.different == len({tokens[first] for first, _ in ranges})
    pairs = [tokens[a] == tokens[b] for a, _ in ranges for b, _ in ranges]
    assert evidence.beginnings.effective == pytest.approx(1 / np.mean(pairs))
    begins = [t for t in range(len(carries)) if carries[t] and stretch_of(carries, starts, t) == t]
    ends = [
        next((e for e in range(b, len(carries)) if not carries[e] or (e > b and e in starts)), None) for b in begins
    ]
    spans = [(b, (len(carries) if e is None else e) - b) for b, e in zip(begins, ends, strict=True)]

    def decided(length):
        cut = [(b, b + length - 1) for b, most in spans if most >= length]
        return naive(carries, tokens, starts, cut)[:, 3, 0].mean() if cut else 1

    assert evidence.decided == pytest.approx(np.mean([decided(last - first + 1) for first, last in ranges]))


def test_as_many_different_beginnings_are_usual_as_stretches_drawn_at_random_have():
    chance = np.random.default_rng(5)
    tokens = chance.choice(6, 4000, p=[0.4, 0.3, 0.1, 0.1, 0.05, 0.05])
    value = Value(np.arange(4000) % 2 == 0, tokens, np.zeros(0, np.int64))

    def effective(begins):
        return weigh(value, [match(begin, begin) for begin in begins.tolist()], (9999, 9999), lead=2).beginnings

    drawn = [effective(chance.choice(value.begins, 50)) for _ in range(300)]
    assert np.mean([1 / it.effective for it in drawn]) == pytest.approx(1 / drawn[0].usual, rel=0.02)
    assert effective(value.begins[tokens[value.begins] == 1][:50]).share == pytest.approx(1 / drawn[0].usual)


def test_beginnings_are_no_fewer_than_usual_where_the_value_always_begins_alike():
    tokens = np.tile([7, 1, 2, 8], 50)
    value = Value(np.isin(tokens, [7, 1, 2]), tokens, np.zeros(0, np.int64))
    beginnings = weigh(value, [match(4 * t, 4 * t + 1) for t in range(1, 30)], (0, 1), lead=2).beginnings
    assert beginnings == (1, 1, 1)
    assert beginnings.share == 1


def test_what_the_same_tokens_are_elsewhere_is_no_merit_of_a_match():
    tokens = np.tile([0, 1], 100)
    carries = np.arange(200) < 60
    value = Value(carries, tokens, np.zeros(0, np.int64))
    evidence = weigh(value, [match(2 * t, 2 * t) for t in range(1, 20)], (0, 0), lead=1)
    assert evidence.whole.matches == 1
    assert evidence.whole.same_tokens == pytest.approx(0.3)
    assert evidence.decided == pytest.approx(0.3)
    telling = Value(tokens == 1, tokens, np.zeros(0, np.int64))  # tokens that tell all leave nothing open
    evidence = weigh(telling, [match(2 * t + 1, 2 * t + 1) for t in range(1, 20)], (0, 0), lead=1)
    assert evidence.whole.same_tokens == evidence.decided == 1


@given(st.lists(st.floats(0, 1), max_size=9), st.integers(0, 10))
def test_a_tail_is_that_of_all_outcomes(chances, least):
    assert chance_of(least, np.array(chances)) == pytest.approx(naive_chance(least, chances), abs=1e-12)


def test_the_tail_of_what_is_equally_likely_is_binomial_however_small():
    assert chance_of(50, np.full(50, 0.1)) == pytest.approx(1e-50)
    assert chance_of(0, np.full(50, 0.1)) == 1


@pytest.mark.parametrize("begin", [10_000, 40_000])
def test_matches_that_fall_anywhere_are_no_finding_where_a_value_comes_in_one_part_of_the_corpus(begin):
    steps = 50_000
    carries = np.zeros(steps, np.bool_)
    carries[begin : begin + 8_000] = np.arange(8_000) % 10 < 6  # 800 short stretches; elsewhere two long gaps
    value = Value(carries, np.zeros(steps, np.int64), np.zeros(0, np.int64))
    chance = np.random.default_rng(begin)
    p_values = [
        weigh(value, [match(first, first + 1) for first in chance.integers(10, steps - 1, 50)], (0, 0), 2).p_value
        for _ in range(300)
    ]
    for level in (0.05, 0.01):
        assert np.mean(np.array(p_values) <= level) <= level


@pytest.mark.parametrize(("first", "last"), [(20, 24), (20, 30), (18, 21), (24, 30), (22, 22)])
def test_a_match_that_overlaps_the_brushed_range_is_no_evidence(first, last):
    value = Value(np.repeat([False, True, False], 20), np.zeros(60, np.int64), np.zeros(0, np.int64))
    assert weigh(value, [match(first, last), match(17, 19), match(25, 40)], (20, 24), lead=2).matches == 2


def test_the_brushed_range_is_no_evidence_and_no_more_matches_than_50_are():
    value = Value(np.arange(200) % 2 == 0, np.zeros(200, np.int64), np.zeros(0, np.int64))
    matches = [match(t, t) for t in range(60)]
    evidence = weigh(value, matches, (0, 0), lead=2)
    assert evidence.matches == MOST_MATCHES
    assert evidence.whole.matches == 0.5
    assert weigh(value, matches[:1], (0, 0), lead=2).matches == 0


def test_just_before_are_as_many_positions_as_the_lead():
    value = Value(np.repeat([False, True], 10), np.zeros(20, np.int64), np.zeros(0, np.int64))
    assert weigh(value, [match(10, 12)], (0, 0), lead=2).before == 0
    assert weigh(value, [match(11, 12)], (0, 0), lead=2).before == 0.5


TAGS = [0, 1, 1, 2, 0, 0, 1]


@pytest.fixture
def project(tmp_path):
    words = [0, 1, 2, 1, 0, 1, 2]
    arrays = {"a.hdf5": {"s": np.zeros((9, 2), "f4"), "tag": TAGS, "depth": TAGS, "loss": TAGS, "ids": words}}
    by_word = {"a.hdf5": {**arrays["a.hdf5"], "kind": [0, 1, 0]}}
    discrete = {"type": "discrete", "range": "dict"}
    config = {
        "files": {"a": "a.hdf5", "tags": "tags.json"},
        "word_sequence": {"file": "a", "path": "ids"},
        "states": {"file": "a", "types": [{"path": "s"}]},
        "meta": {
            "tag": {"file": "a", "path": "tag", "dict": "tags", "vis": discrete},
            "kind": {"file": "a", "path": "kind", "dict": "tags", "index": "word_sequence", "vis": discrete},
            "depth": {"file": "a", "path": "depth", "vis": {"type": "discrete", "range": "0...3"}},
            "loss": {"file": "a", "path": "loss", "vis": {"type": "scalar", "range": [0, 1]}},
        },
    }
    return Project(write_directory(tmp_path / "p", config, by_word, {"tags.json": '["x", "y", "z, or not"]'}))


@pytest.mark.parametrize(
    ("annotation", "labels", "carrying"),
    [
        ("tag", ["y"], [1, 2, 6]),
        ("tag", ["y", "z, or not"], [1, 2, 3, 6]),
        ("depth", ["0"], [0, 4, 5]),
        ("depth", ["1", "2"], [1, 2, 3, 6]),
        ("kind", ["y"], [1, 3, 5]),
    ],
)
def test_positions_carry_a_value_by_its_label_and_none_does_beyond_the_annotation(
    project, annotation, labels, carrying
):
    value = find_value(project, 9, annotation, labels)
    assert np.flatnonzero(value.carries).tolist() == carrying
    assert value.tokens.tolist() == [0, 1, 2, 1, 0, 1, 2, -1, -1]


def test_the_labels_of_a_range_are_told_in_their_order(project):
    assert labels_over(project, "tag", 1, 4) == ["y", "z, or not", "x"]
    assert labels_over(project, "depth", 3, 8) == ["2", "0", "1"]


def test_a_range_beyond_the_annotation_has_no_labels(project):
    with pytest.raises(EvidenceError, match="has no value from 7 to 8"):
        labels_over(project, "tag", 7, 8)


@pytest.mark.parametrize(
    ("annotation", "labels", "said"),
    [
        ("tga", ["x"], "The annotation 'tga' is not there; discrete ones are: tag, kind, depth."),
        ("loss", ["x"], "The annotation 'loss' is not discrete; discrete ones are: tag, kind, depth."),
        ("tag", ["w"], "The annotation 'tag' has no value 'w'; it has: x, y, z, or not."),
        ("depth", ["x"], "The values of 'depth' are whole numbers, and 'x' is none."),
        ("depth", ["--1"], "The values of 'depth' are whole numbers, and '--1' is none."),
        ("depth", ["7"], "No position of the annotation 'depth' has the value 7."),
    ],
)
def test_a_value_that_there_is_not_is_told_with_those_that_there_are(project, annotation, labels, said):
    with pytest.raises(EvidenceError) as error:
        find_value(project, 9, annotation, labels)
    assert str(error.value) == said
