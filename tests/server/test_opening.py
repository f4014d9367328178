from dataclasses import replace

import numpy as np
import pytest

from lstmvis.data.amending import set_opening
from lstmvis.data.opening import View, read_view
from lstmvis.data.project import Project
from lstmvis.server.errors import UnknownNameError
from lstmvis.server.evidence import Beginnings, EvidenceError, find_value
from lstmvis.server.opening import LEAD, LENGTHS, Observed, find_opening, present_opening
from tests.planted import PLANTED, STEPS, write_planted

TRIES = 600


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return write_planted(tmp_path_factory.mktemp("planted") / "p")


@pytest.fixture(scope="module")
def project(directory):
    return Project(directory)


@pytest.fixture(scope="module")
def found(project):
    return find_opening(project, "phrase", ["IN"], tries=TRIES)


def test_cells_that_are_on_exactly_inside_phrases_are_found(project, found):
    assert found.view.source == "states::planted"
    assert set(PLANTED) & set(Observed(project, found.view.source).cells(found.view))
    evidence = found.evidence
    assert evidence.matches == 50
    assert evidence.whole.matches >= 0.96
    assert evidence.positions.matches >= 0.98
    assert found.about == "phrase IN"


def test_the_figures_say_that_it_is_neither_the_word_nor_chance(project, found):
    carries = find_value(project, STEPS, "phrase", ["IN"]).carries
    evidence = found.evidence
    assert evidence.positions.corpus == pytest.approx(carries.mean(), abs=0.01)
    assert evidence.positions.same_token == pytest.approx(carries.mean(), abs=0.04)
    assert evidence.whole.same_token < 0.4
    assert found.chance < 1e-9
    assert found.tries <= TRIES


def test_cells_that_follow_the_annotation_are_preferred_to_cells_that_follow_words_and_never_fail(tmp_path):
    project = Project(write_planted(tmp_path / "p", of_words=3))
    views = {
        source: find_opening(project, "phrase", ["IN"], sources=[source], tries=TRIES)
        for source in ("states::words", "states::planted")
    }
    assert views["states::words"].evidence.whole.matches > views["states::planted"].evidence.whole.matches
    assert views["states::words"].evidence.beginnings.share < 0.5
    assert views["states::planted"].evidence.beginnings.share == 1
    assert views["states::words"].score < views["states::planted"].score
    varied = {
        source: replace(view, evidence=replace(view.evidence, beginnings=Beginnings(50, 50, 50)))
        for source, view in views.items()
    }
    assert varied["states::words"].score > varied["states::planted"].score
    assert find_opening(project, "phrase", ["IN"], tries=2 * TRIES).view.source == "states::planted"


def test_what_the_tokens_tell_is_held_against_a_view_only_where_those_of_the_value_tell_less(found):
    def score(decided, same_tokens):
        whole = found.evidence.whole._replace(same_tokens=same_tokens)
        return replace(found, evidence=replace(found.evidence, whole=whole, decided=decided)).score

    share = found.evidence.whole.matches
    assert score(decided=1, same_tokens=share) == pytest.approx(score(decided=0.4, same_tokens=0.4 * share), rel=0.05)
    assert score(decided=0.4, same_tokens=share) < 0.5 * score(decided=0.4, same_tokens=0.4)


def test_the_view_can_be_read_at_once(project, found):
    first, last = found.view.range
    value = find_value(project, STEPS, "phrase", ["IN"])
    assert LENGTHS[0] <= last - first + 1 <= LENGTHS[1]
    assert found.view.pos == first - LEAD
    assert STEPS // 100 <= first < STEPS - STEPS // 100
    assert value.whole(first, last - first + 1)
    assert found.view.tracks == ("phrase",)
    assert found.view.colour == "meta_phrase"


def test_other_annotations_are_shown_beside_the_one_that_the_view_is_about(tmp_path):
    discrete = {"file": "train", "path": "phrase", "dict": "labels", "vis": {"type": "discrete", "range": "dict"}}
    meta = {"phrase": discrete, "again": discrete}
    directory = write_planted(tmp_path / "p", meta=meta)
    found = find_opening(Project(directory), "phrase", ["IN"], beside=["again", "phrase"], tries=TRIES)
    assert found.view.tracks == ("phrase", "again")
    assert found.view.colour == "meta_phrase"
    written = write_planted(tmp_path / "q", meta=meta, opening=found.view.address)
    assert present_opening(Project(written)).about == "phrase IN"
    with pytest.raises(UnknownNameError, match="There is no annotation 'gone'"):
        find_opening(Project(directory), "phrase", ["IN"], beside=["gone"], tries=TRIES)


def test_the_same_seed_finds_the_same(project, found):
    assert find_opening(project, "phrase", ["IN"], tries=TRIES).view == found.view


def test_progress_ends_with_all_that_was_to_be_done(project):
    told = []
    find_opening(project, "phrase", ["IN"], tries=100, progress=lambda *it: told.append(it))
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_where_nothing_is_to_be_found_nothing_is(tmp_path, project):
    noise = Project(write_planted(tmp_path / "noise", planted=False))
    assert find_opening(noise, "phrase", ["IN"], tries=TRIES) is None
    assert find_opening(project, "phrase", ["IN"], sources=["states::noise"], tries=TRIES) is None


def test_all_there_is_is_no_finding(project):
    assert find_opening(project, "phrase", ["IN", "OUT"], tries=100) is None


def test_an_unknown_source_is_told(project):
    with pytest.raises(UnknownNameError, match="There is no source 'states::gone'"):
        find_opening(project, "phrase", ["IN"], sources=["states::gone"])


def test_a_view_that_is_written_shows_what_was_found(tmp_path, found):
    directory = write_planted(tmp_path / "p")
    with pytest.raises(EvidenceError, match="Planted has no opening view"):
        present_opening(Project(directory))
    set_opening(directory, found.view.address)
    shown = present_opening(Project(directory))
    assert shown.evidence == found.evidence
    assert shown.matches == found.matches
    assert present_opening(Project(directory), "phrase", ["OUT"]).evidence.whole.matches < 0.1


@pytest.mark.parametrize("address", ["pos=3", "range=5,8&threshold=1e9", f"range=0,{STEPS}", "cells=&range=5,8"])
def test_a_view_that_selects_nothing_is_told(tmp_path, address):
    project = Project(write_planted(tmp_path / "p", opening=address))
    with pytest.raises(EvidenceError, match="The opening view of Planted selects no cells"):
        present_opening(project)


@pytest.mark.parametrize(
    ("address", "cells"),
    [
        ("source=states::planted&range=50,51&cells=1,4", [1, 4]),
        ("source=states::planted&range=50,51&cells=1,4&add=7&drop=4", [1, 7]),
        ("source=states::planted&range=50,51&cells=1,4,99", [1, 4]),
        ("source=states::planted&range=50,51&cells=13&sides=both", [13]),
    ],
)
def test_cells_chosen_by_hand_count(project, address, cells):
    view = read_view(address)
    assert Observed(project, view.source).cells(view) == cells


def test_matches_are_those_that_the_page_lists(project):
    view = View("states::planted", 0, 0.5, (60, 61), cells=tuple(PLANTED), length_rule="same", lengths=(1, 9))
    value = find_value(project, STEPS, "phrase", ["IN"])
    found = Observed(project, view.source).look(view, PLANTED, value)
    assert {match.length for match in found.matches} == {2}


def test_a_threshold_that_no_tanh_reaches_is_the_last_one_as_on_the_page(project):
    view = View("states::planted", 0, 7.0, (60, 61), cells=(2,))
    value = find_value(project, STEPS, "phrase", ["IN"])
    observed = Observed(project, view.source)
    highest = np.arctanh(0.99)
    assert bool(observed.look(view, [2], value).matches) == bool(
        (project.sources[view.source].states.rows(0, STEPS)[:, 2] >= highest).any()
    )


def test_a_corpus_without_words_has_views_as_well(tmp_path):
    directory = write_planted(tmp_path / "p", word_sequence={})
    found = find_opening(Project(directory), "phrase", ["IN"], tries=TRIES)
    assert found.view.source == "states::planted"
    assert found.evidence.whole.same_token == pytest.approx(found.evidence.whole.corpus)
