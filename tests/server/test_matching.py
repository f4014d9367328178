import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lstmvis.data.matrix import Matrix
from lstmvis.data.project import Source
from lstmvis.server import activity as activity_module
from lstmvis.server import matching
from lstmvis.server.activity import Activity, cut_of
from lstmvis.server.errors import OvertakenError, TooManyError
from lstmvis.server.index import build_index
from lstmvis.server.matching import Query, find_matches
from lstmvis.server.overtaking import Overtaking, write_shared
from lstmvis.server.selection import select_cells
from lstmvis.server.threads import Turns
from tests.conftest import source_in_memory
from tests.server import naive

NO_SEQUENCES = np.zeros(0, np.int64)


@st.composite
def queries(draw, ids):
    return Query(
        cells=tuple(sorted(draw(st.sets(st.integers(0, ids - 1))))),
        constraints=draw(st.tuples(st.integers(0, 3), st.integers(0, 3))),
        min_length=draw(st.integers(1, 4)),
        phrase_length=draw(st.integers(0, 4)),
        limit=draw(st.integers(1, 6)),
        match_length=draw(st.none() | st.tuples(st.integers(1, 3), st.integers(3, 5))),
    )


@st.composite
def starts_of_sequences(draw, steps):
    later = draw(st.none() | st.sets(st.integers(1, steps), max_size=3))
    return NO_SEQUENCES if later is None else np.array([0, *sorted(later)])


@st.composite
def problems(draw):
    """A small source on whose thresholds many values fall exactly, and a query over it."""
    transform = draw(st.sampled_from(["tanh", "none"]))
    sides = draw(st.sampled_from(["positive", "both"]))
    threshold = draw(st.sampled_from([0.3, 0.5, 0.125] if sides == "both" else [0.3, 0.0, -0.25, 0.5]))
    dtype = draw(st.sampled_from([np.float16, np.float32, np.float64]))
    cut = cut_of(threshold, transform)
    near = dtype(cut)
    interesting = [0.0, -1.0, 1.0, np.nan, np.inf, -np.inf, near, -near, np.nextafter(near, dtype(2)), cut]
    steps, cells = draw(st.integers(1, 14)), draw(st.integers(1, 5))
    # Half of the tables are of 1 and -1 alone: long runs and many ties.
    values = [1.0, -1.0] if draw(st.booleans()) else interesting
    table = draw(st.lists(st.sampled_from(values), min_size=steps * cells, max_size=steps * cells))
    states = np.array(table).astype(dtype).reshape(steps, cells)
    query = draw(queries(cells * (2 if sides == "both" else 1)))
    return states, transform, sides, threshold, draw(starts_of_sequences(steps)), query


@st.composite
def long_problems(draw):
    """Runs of 1 to 40 steps over a few hundred, so that they cross words of bits, blocks and spans."""
    cells = draw(st.integers(1, 4))
    runs = [draw(st.lists(st.integers(1, 40), min_size=4, max_size=20)) for _ in range(cells)]
    columns = [np.repeat(np.arange(len(lengths)) % 2 * 2.0 - 1, lengths) for lengths in runs]
    steps = max(map(len, columns))
    states = np.stack([np.resize(column, steps) for column in columns], axis=1).astype(np.float32)
    return states, "none", "positive", 0.5, draw(starts_of_sequences(steps)), draw(queries(cells))


def view(states, transform, sides, threshold):
    return Activity(source_in_memory(states, transform), cut_of(threshold, transform), sides)


def assert_equals_the_definition(problem):
    states, transform, sides, threshold, starts, query = problem
    found = find_matches(view(states, transform, sides, threshold), query, starts)

    on = naive.is_on(states, threshold, transform, sides)
    expected = naive.all_matches(on, query.cells, query.constraints, starts, query.min_length, query.phrase_length)
    low, high = query.match_length or (0, 10**9)
    shown = [match for match in expected if low <= match.length <= high][: query.limit]
    best = [naive.NaiveMatch(m.position, m.length, m.selected, m.union) for m in found.best]
    assert best == shown
    assert found.counts.tolist() == [
        sum(match.selected == q for match in expected) for q in range(len(query.cells) + 1)
    ]
    assert found.fuzzy_lengths.tolist() == naive.histogram(expected)
    strict = [match for match in expected if match.selected == len(query.cells)]
    assert found.strict_lengths.tolist() == naive.histogram(strict)


@given(problems())
def test_matches_counts_and_histograms_equal_the_definition(problem):
    assert_equals_the_definition(problem)


@given(long_problems())
def test_matches_across_blocks_and_spans_equal_the_definition(problem):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "LOOKED_AT_FIRST", 1)
        patch.setattr(matching, "LEAST_BLOCK", 16)
        patch.setattr(matching, "WORK_PER_BLOCK", 64)
        patch.setattr(matching, "WORK_PER_SPAN", 200)
        assert_equals_the_definition(problem)


def in_files(problem):
    """The same problem with its states on disk, and their index."""
    states, transform, sides, threshold, starts, query = problem
    with TemporaryDirectory() as directory, h5py.File(Path(directory) / "states.hdf5", "w") as file:
        dataset = file.create_dataset("states", data=states)
        file.flush()
        source = Source("states", "states", 1, "state", False, transform, Matrix(dataset, "states"))
        index = build_index(Path(directory), source)
        activity = Activity(source, cut_of(threshold, transform), sides, index)
        return find_matches(activity, query, starts)


@given(st.one_of(problems(), long_problems()))
def test_an_index_changes_no_answer(problem):
    states, transform, sides, threshold, starts, query = problem
    scanned = find_matches(view(states, transform, sides, threshold), query, starts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "LOOKED_AT_FIRST", 2)
        patch.setattr(matching, "COUNTED_TOGETHER", 3)
        indexed = in_files(problem)
    assert indexed.best == scanned.best
    assert indexed.counts.tolist() == scanned.counts.tolist()
    assert indexed.fuzzy_lengths.tolist() == scanned.fuzzy_lengths.tolist()


@given(problems(), st.integers(0, 13), st.integers(0, 13))
def test_selected_cells_equal_the_definition(problem, one, other):
    states, transform, sides, threshold, starts, query = problem
    first, last = sorted((one % len(states), other % len(states)))
    found = select_cells(view(states, transform, sides, threshold), first, last, query.constraints, starts)
    on = naive.is_on(states, threshold, transform, sides)
    assert found.tolist() == sorted(naive.pattern(on, first, last, query.constraints, starts))


@pytest.mark.parametrize("constraints", [(0, 0), (1, 0), (0, 1), (2, 3)])
@pytest.mark.parametrize("sides", ["positive", "both"])
def test_blocks_of_any_size_give_the_same_matches(monkeypatch, constraints, sides):
    rng = np.random.default_rng(5)
    states = np.repeat(rng.normal(size=(900, 70)).astype(np.float32), 3, axis=0)
    states[100:1500, 4] = 2.0  # a run that is longer than the small blocks
    starts = np.array([0, 500, 501, 1999])
    query = Query(cells=(3, 4, 17, 69), constraints=constraints, limit=300)
    whole = find_matches(view(states, "tanh", sides, 0.3), query, starts)
    monkeypatch.setattr(activity_module, "BLOCK_BYTES", 64 * 70 * 4)
    in_blocks = find_matches(view(states, "tanh", sides, 0.3), query, starts)
    assert in_blocks.best == whole.best
    assert len(whole.best) == 300
    assert in_blocks.counts.tolist() == whole.counts.tolist()


def test_the_histograms_last_entry_counts_all_matches_of_200_steps_and_more():
    states = np.ones((1000, 1), np.float32)
    states[[100, 299, 500, 801]] = 0  # runs of 100, 198, 200, 300 and 198 steps
    found = find_matches(view(states, "none", "positive", 0.5), Query(cells=(0,)), NO_SEQUENCES)
    assert {i: n for i, n in enumerate(found.fuzzy_lengths.tolist()) if n} == {100: 1, 198: 2, 200: 2}


def test_of_many_equal_matches_the_shorter_are_not_looked_at(monkeypatch):
    looked = []
    bound = Activity.bound_fitting

    def counted(activity, ranges, check):
        looked.append(ranges.shape[1])
        return bound(activity, ranges, check)

    monkeypatch.setattr(Activity, "bound_fitting", counted)
    lengths = np.random.default_rng(2).integers(1, 9, 10_000)
    states = np.repeat(np.resize([0, 1], 10_000), lengths)[:, None].astype(np.float32)
    states = np.concatenate([states, 1 - states], axis=1)  # another cell, which is on where the first is off
    found = find_matches(view(states, "none", "positive", 0.5), Query((0,), limit=10), np.zeros(0, np.int64))
    assert found.counts[1] > 4000
    assert looked == [2048]
    assert {match.length for match in found.best} == {8}


def test_the_first_of_equal_matches_are_those_earliest_in_the_corpus():
    states = np.tile(np.array([[0.0], [1.0]], np.float32), (500, 1))
    found = find_matches(view(states, "none", "positive", 0.5), Query(cells=(0,), limit=3), NO_SEQUENCES)
    assert [match.position for match in found.best] == [1, 3, 5]
    assert found.counts.tolist() == [0, 500]


@pytest.mark.parametrize("steps", [1, 9, 100_000])
@pytest.mark.parametrize("constraints", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_without_cells_there_are_no_matches(steps, constraints):
    states = np.ones((steps, 2), np.float32)
    found = find_matches(view(states, "none", "positive", 0.5), Query((), constraints), NO_SEQUENCES)
    assert found.best == []
    assert found.counts.tolist() == [0]


@given(st.floats(-0.999, 0.999), st.lists(st.floats(width=32), min_size=1, max_size=30))
@example(0.3, [float(np.float32(np.arctanh(0.3))), float(np.nextafter(np.float32(np.arctanh(0.3)), np.float32(1)))])
def test_float32_states_are_compared_as_float64_would_be(threshold, values):
    states = np.array(values, np.float32)[:, None]
    cut = cut_of(threshold, "tanh")
    on = Activity(source_in_memory(states), cut, "both").rows(0, len(states))
    assert on[:, 0].tolist() == [float(value) >= cut for value in values]
    assert on[:, 1].tolist() == [float(value) <= -cut for value in values]


def test_a_newer_match_of_the_same_page_ends_the_older_one():
    overtaking = Overtaking()
    states = np.ones((50, 3), np.float32)
    with overtaking.newest("page") as older, overtaking.newest("another page") as other:
        with overtaking.newest("page") as newer:
            newer()
            with pytest.raises(OvertakenError):
                find_matches(view(states, "none", "positive", 0.5), Query(cells=(0, 1)), NO_SEQUENCES, older)
        other()


def test_a_page_that_numbers_its_matches_is_understood_in_any_order():
    overtaking = Overtaking()
    with overtaking.newest("page.12") as newer:
        with pytest.raises(OvertakenError), overtaking.newest("page.11"):
            pass
        newer()
        with overtaking.newest("page.13"), pytest.raises(OvertakenError):
            newer()
    with overtaking.newest("page.1") as later:  # nothing of the page is remembered when nothing is under way
        later()


def test_a_newer_match_at_another_process_ends_the_older_one(tmp_path):
    path = tmp_path / "shared"
    with path.open("wb") as file:
        write_shared(file, 3)
    asked = (
        "import sys\nfrom lstmvis.server.overtaking import Overtaking, OvertakenError\n"
        "with Overtaking(open(sys.argv[1], 'r+b'), 1).newest('page.1') as check:\n"
        "    check()\n    print('under way', flush=True)\n    sys.stdin.readline()\n"
        "    try:\n        check()\n    except OvertakenError:\n        print('overtaken', flush=True)\n"
    )
    command, pipes = [sys.executable, "-c", asked, str(path)], {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as other, path.open("r+b") as file:
        assert other.stdout.readline() == "under way\n"
        mine = Overtaking(file, 0)
        with pytest.raises(OvertakenError), mine.newest("page.0"):
            pass
        with mine.newest("page.2") as check, mine.newest("another.1") as another:
            assert other.communicate("\n")[0] == "overtaken\n"
            check()
            another()


def test_a_process_that_was_killed_leaves_no_match_under_way(tmp_path):
    with (tmp_path / "shared").open("w+b") as file:
        write_shared(file, 2)
        Overtaking(file, 1).newest("page.9").__enter__()
        Overtaking(file, 1)  # takes its place
        with Overtaking(file, 0).newest("page.1") as check:
            check()


def test_more_matches_than_can_wait_are_refused():
    turns = Turns(at_a_time=1, waiting=0)
    with turns.taken(lambda: None), pytest.raises(TooManyError), turns.taken(lambda: None):
        pass
    with turns.taken(lambda: None):
        pass


def test_waiting_for_a_turn_ends_when_the_match_is_overtaken():
    def overtaken():
        raise OvertakenError

    turns = Turns(at_a_time=1, waiting=1)
    with turns.taken(lambda: None), pytest.raises(OvertakenError), turns.taken(overtaken):
        pass


def test_turns_are_taken_in_the_order_in_which_they_were_asked_for(monkeypatch):
    monkeypatch.setattr(Turns, "WAIT_S", 0.001)
    turns = Turns(at_a_time=1, waiting=8)
    order, waiting = [], []

    def wait(number):
        arrived = threading.Event()
        waiting.append(arrived)
        with turns.taken(arrived.set):
            order.append(number)

    with turns.taken():
        threads = [threading.Thread(target=wait, args=(number,)) for number in range(8)]
        for number, thread in enumerate(threads):
            thread.start()
            while len(waiting) <= number or not waiting[number].wait(20):
                pass
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_a_turn_that_comes_when_it_is_no_longer_wanted_goes_to_the_next():
    turns = Turns(at_a_time=1, waiting=1)
    with ExitStack() as first:
        first.enter_context(turns.taken())

        def overtaken():
            first.close()
            raise OvertakenError

        with pytest.raises(OvertakenError), turns.taken(overtaken):
            pass
    with turns.taken(), pytest.raises(OvertakenError), turns.taken(overtaken):
        pass
    with turns.taken():
        pass
