import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from lstmvis.data.project import Project
from lstmvis.data.writing import ProjectWriter
from lstmvis.server import index as index_module
from lstmvis.server.activity import Activity, cut_of
from lstmvis.server.errors import IndexNotReadyError
from lstmvis.server.index import IndexingError, build_index, open_index
from lstmvis.server.matching import Query, find_matches
from tests.server import naive

NO_SEQUENCES = np.zeros(0, np.int64)


def run_lengths(steps, cells, seed=3):
    """Cells that keep a level for 1 to 30 steps, with a little noise."""
    rng = np.random.default_rng(seed)
    columns = [np.repeat(rng.normal(0, 0.6, steps), rng.integers(1, 31, steps))[:steps] for _ in range(cells)]
    return (np.stack(columns, axis=1) + rng.normal(0, 0.01, (steps, cells))).astype(np.float32)


@pytest.fixture
def make_project(tmp_path):
    def make(states, name="project"):
        with ProjectWriter(tmp_path / name, name, "", replace=True) as project:
            steps, cells = states.shape
            project.create_source("states", steps=steps, cells=cells)[:] = states
        return tmp_path / name

    return make


def source_of(directory):
    return Project(directory).sources["states::states"]


def matches(source, index, cells=(0, 2, 3), **query):
    return find_matches(Activity(source, cut_of(0.3, "tanh"), "positive", index), Query(cells, **query), NO_SEQUENCES)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", "int8", "int64", "uint16"])
@pytest.mark.parametrize("layout", [{}, {"chunks": (100, 2)}, {"chunks": (64, 5), "compression": "gzip"}])
def test_sources_of_every_type_and_layout_are_indexed(make_source, tmp_path, dtype, layout):
    states = (run_lengths(500, 5) * 3).astype(dtype)
    source = make_source(states, **layout)
    indexed = matches(source, build_index(tmp_path, source), constraints=(1, 1))
    assert same(indexed, matches(source, None, constraints=(1, 1)))


def test_an_index_is_built_once(make_project):
    directory = make_project(run_lengths(300, 5))
    build_index(directory, source_of(directory))
    told = []
    build_index(directory, source_of(directory), told.append)
    assert told == []


def test_an_index_of_other_data_is_replaced(make_project):
    directory = make_project(run_lengths(300, 5, seed=1))
    build_index(directory, source_of(directory))
    kept = (directory / ".lstmvis").rename(directory.parent / "kept")
    make_project(run_lengths(300, 5, seed=2))
    kept.rename(directory / ".lstmvis")
    assert open_index(directory, source_of(directory)) is None
    source = source_of(directory)
    assert same(matches(source, build_index(directory, source)), matches(source, None))


def test_the_index_lies_in_the_cache_folder_where_the_project_cannot_be_written(make_project, tmp_path, monkeypatch):
    directory = make_project(run_lengths(300, 5))
    (directory / ".lstmvis").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    build_index(directory, source_of(directory))
    assert open_index(directory, source_of(directory))
    assert list((tmp_path / "cache" / "lstmvis").glob("*/index/*/by_cell.npy"))


def test_without_any_place_for_the_index_a_sentence_says_how_large_it_is(make_project, tmp_path, monkeypatch):
    directory = make_project(run_lengths(300, 5))
    for blocked in (directory / ".lstmvis", tmp_path / "cache"):
        blocked.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(IndexingError, match="takes 4,500 bytes"):
        build_index(directory, source_of(directory))


def test_an_index_is_no_larger_than_the_states_in_float32(make_project):
    directory = make_project(run_lengths(20_000, 40))
    build_index(directory, source_of(directory))
    size = sum(file.stat().st_size for file in (directory / ".lstmvis").rglob("*") if file.is_file())
    assert size <= 20_000 * 40 * 4


def test_a_build_that_stops_leaves_nothing_half_made(make_project):
    directory = make_project(run_lengths(300, 5))

    def stop(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(directory, source_of(directory), stop)
    assert open_index(directory, source_of(directory)) is None
    assert not list((directory / ".lstmvis").rglob("*.npy"))


def test_blocks_of_any_size_give_the_same_index(make_project, monkeypatch):
    directory = make_project(run_lengths(1000, 5))
    source = source_of(directory)
    whole = matches(source, build_index(directory, source))
    (index_module._places(directory, source)[0] / "index.json").unlink()
    monkeypatch.setattr(index_module, "BLOCK_BYTES", 7 * 5 * 4)
    assert same(matches(source, build_index(directory, source)), whole)


def test_states_near_the_largest_numbers_are_matched_rightly(make_project):
    states = run_lengths(400, 5) * np.float32(1e38)
    states[::9, 3] = -np.inf
    states[::11, 2] = np.inf
    directory = make_project(states)
    source = source_of(directory)
    query = Query((0, 3, 5, 8), limit=400)
    found = [
        find_matches(Activity(source, 1e37, "both", index), query, NO_SEQUENCES)
        for index in (build_index(directory, source), None)
    ]
    assert same(*found)


@pytest.mark.parametrize("threshold", [0.0, -0.3, 0.9999, -0.9999])
def test_thresholds_at_the_edges_of_the_codes_are_exact(make_project, threshold):
    states = run_lengths(400, 5)
    states[::7, 1] = 0.0  # many states on the threshold itself
    states[::50] = np.nan
    states[::60] = np.inf
    directory = make_project(states)
    source = source_of(directory)
    query = Query((0, 1, 4), limit=400)
    found = [
        find_matches(Activity(source, cut_of(threshold, "tanh"), "positive", index), query, NO_SEQUENCES)
        for index in (build_index(directory, source), None)
    ]
    assert same(*found)


BUILD = """
import sys
import time
from pathlib import Path
from lstmvis.data.project import Project
from lstmvis.server import index
index.BLOCK_BYTES = 40_000
directory = Path(sys.argv[1])
pause = float(sys.argv[2])
print("building", flush=True)
index.build_index(directory, Project(directory).sources["states::states"], lambda share: time.sleep(pause))
"""


def test_who_waits_for_the_index_of_another_process_is_told_how_far_that_is(make_project):
    directory = make_project(run_lengths(60_000, 40))
    builder = subprocess.Popen([sys.executable, "-c", BUILD, str(directory), "0.002"], stdout=subprocess.PIPE)
    builder.stdout.readline()
    while not list((directory / ".lstmvis").rglob("*.part")):
        assert builder.poll() is None
    told, built = [], []
    build_index(directory, source_of(directory), built.append, told.append)
    builder.communicate()
    assert built == []
    assert told == sorted(told)
    assert 0 < told[-1] <= 1


def test_who_waits_for_the_index_of_another_process_may_stop(make_project):
    directory = make_project(run_lengths(60_000, 40))
    builder = subprocess.Popen([sys.executable, "-c", BUILD, str(directory), "0.01"], stdout=subprocess.PIPE)
    builder.stdout.readline()
    while not list((directory / ".lstmvis").rglob("*.part")):
        assert builder.poll() is None

    def stop(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(directory, source_of(directory), waiting=stop)
    builder.kill()
    builder.communicate()


def test_processes_that_want_the_same_index_at_once_all_get_it(make_project):
    directory = make_project(run_lengths(20_000, 40))
    command = [sys.executable, "-c", BUILD, str(directory), "0.001"]
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    source = source_of(directory)
    assert same(matches(source, open_index(directory, source)), matches(source, None))


def test_a_large_source_is_matched_as_the_definition_says(make_project):
    directory = make_project(run_lengths(200_000, 64))
    source = source_of(directory)
    cells = (3, 30, 50)
    query = Query(cells, constraints=(1, 1), limit=1000)
    activity = Activity(source, cut_of(0.3, "tanh"), "positive", build_index(directory, source))
    found = find_matches(activity, query, NO_SEQUENCES)
    on = Activity(source, cut_of(0.3, "tanh")).rows(0, 200_000).tolist()
    expected = naive.all_matches(on, cells, (1, 1), NO_SEQUENCES)
    best = [naive.NaiveMatch(m.position, m.length, m.selected, m.union) for m in found.best]
    assert best == expected[:1000]
    assert found.counts.sum() == len(expected)
    assert found.fuzzy_lengths.tolist() == naive.histogram(expected)


def same(one, other):
    return (
        one.best == other.best
        and one.counts.tolist() == other.counts.tolist()
        and one.fuzzy_lengths.tolist() == other.fuzzy_lengths.tolist()
        and one.strict_lengths.tolist() == other.strict_lengths.tolist()
    )


def save_codes(shape, dtype):
    return lambda file: np.save(file, np.zeros(shape, dtype))


def put_pipe(file):
    file.unlink()
    os.mkfifo(file)


def describe_coding(**changes):
    def change(file):
        description = json.loads(file.read_text())
        description["coding"].update(changes)
        file.write_text(json.dumps(description))

    return change


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("by_cell.npy", lambda file: os.truncate(file, file.stat().st_size - 1)),
        ("by_step.npy", lambda file: os.truncate(file, 100)),
        ("by_step.npy", lambda file: os.truncate(file, 0)),
        ("by_step.npy", save_codes((299, 5), np.uint8)),
        ("by_step.npy", save_codes((300, 5), np.uint16)),
        ("by_cell.npy", save_codes((5, 300), np.int16)),
        ("by_cell.npy", lambda file: np.save(file, np.zeros((300, 5), np.uint16).T)),
        ("by_step.npy", put_pipe),
        ("index.json", put_pipe),
        ("index.json", lambda file: file.write_text("{")),
        ("index.json", describe_coding(dtype="object")),
        ("index.json", describe_coding(dtype="float64")),
        ("index.json", describe_coding(low=float("nan"))),
        ("index.json", describe_coding(scale=-1)),
        ("index.json", describe_coding(scale=[1])),
        ("index.json", describe_coding(low="x")),
        ("index.json", describe_coding(more=1)),
    ],
)
def test_an_index_that_is_not_what_it_should_be_is_built_anew(make_project, name, spoil):
    directory = make_project(run_lengths(300, 5))
    source = source_of(directory)
    build_index(directory, source)
    spoil(index_module._places(directory, source)[0] / name)
    assert open_index(directory, source) is None
    assert same(matches(source, build_index(directory, source)), matches(source, None))


@pytest.mark.parametrize("name", ["by_cell.npy", "by_step.npy"])
def test_an_index_that_is_cut_off_while_it_is_open_says_so_and_takes_nothing_down(make_project, name):
    directory = make_project(run_lengths(3000, 5))
    source = source_of(directory)
    index = build_index(directory, source)
    os.truncate(index_module._places(directory, source)[0] / name, 2000)
    with pytest.raises(IndexNotReadyError):
        matches(source, index, cells=(1,), limit=5)
    assert index.damaged


@pytest.mark.parametrize("linked", [".lstmvis", ".lstmvis/index"])
def test_no_index_is_written_where_a_link_of_the_project_leads(make_project, tmp_path, monkeypatch, linked):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    directory = make_project(run_lengths(300, 5))
    (tmp_path / "elsewhere").mkdir()
    (directory / linked).parent.mkdir(exist_ok=True)
    (directory / linked).symlink_to(tmp_path / "elsewhere")
    build_index(directory, source_of(directory))
    assert not any((tmp_path / "elsewhere").iterdir())
    assert list((tmp_path / "cache").rglob("by_cell.npy"))


def test_a_lock_that_is_a_link_leaves_alone_what_it_names(make_project, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    directory = make_project(run_lengths(300, 5))
    source = source_of(directory)
    lock = index_module._places(directory, source)[0].with_suffix(".lock")
    lock.parent.mkdir(parents=True)
    (tmp_path / "precious").write_text("as it was")
    lock.symlink_to(tmp_path / "precious")
    assert build_index(directory, source)
    assert (tmp_path / "precious").read_text() == "as it was"


def test_an_index_for_which_there_is_no_space_is_not_begun(make_project, tmp_path, monkeypatch):
    directory = make_project(run_lengths(300, 5))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(index_module.shutil, "disk_usage", lambda place: SimpleNamespace(free=4499))
    with pytest.raises(IndexingError, match=r"takes 4,500 bytes and cannot be written: No space left on device\.$"):
        build_index(directory, source_of(directory))
