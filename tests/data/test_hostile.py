"""Projects of somebody else that lead elsewhere, wait for ever, or claim what there is not, are refused in words."""

import os
import tracemalloc
from contextlib import contextmanager

import h5py
import numpy as np
import pytest

from lstmvis.data import dictionary, project
from lstmvis.data.dictionary import read_dictionary
from lstmvis.data.errors import ProjectError
from lstmvis.data.project import Project
from tests.project_directory import write_directory, write_small_project

SEQUENCES = {"file": "states", "path": "starts"}
LEADS_OUT = "'s' in states.hdf5 is a link to a file outside the project's directory."


@contextmanager
def little_memory(most=60e6):
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < most


def linked(directory, links, **sections):
    """A project whose file of states holds these links, one of which is the source `s`."""
    write_small_project(directory, **sections)
    with h5py.File(directory / "states.hdf5", "w") as file:
        file["data/there"] = [[1, 2], [3, 4]]
        for name, link in links.items():
            file[name] = link
    return Project(directory)


@pytest.mark.parametrize(
    "links",
    [
        {"s": h5py.SoftLink("/data/there")},
        {"s": h5py.SoftLink("data/there")},
        {"s": h5py.SoftLink("/more/./link"), "more/link": h5py.SoftLink("/d/there"), "d": h5py.SoftLink("data")},
        {"s": h5py.ExternalLink("states.hdf5", "/data/there")},
        {"s": h5py.ExternalLink("./states.hdf5", "x"), "x": h5py.SoftLink("data/there")},
    ],
)
def test_links_within_the_project_are_followed(tmp_path, links):
    assert linked(tmp_path / "p", links).sources["states::s"].states.rows(0, 9).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("links", "sentence"),
    [
        ({"s": h5py.ExternalLink("../outside.hdf5", "s")}, LEADS_OUT),
        ({"s": h5py.ExternalLink("link.hdf5", "s")}, LEADS_OUT),
        ({"s": h5py.ExternalLink("/dev/zero", "s")}, LEADS_OUT),
        ({"s": h5py.ExternalLink("circle", "s")}, LEADS_OUT),
        ({"s": h5py.SoftLink("/a/b"), "a": h5py.ExternalLink("../outside.hdf5", "/")}, LEADS_OUT),
        ({"s": h5py.ExternalLink("chained.hdf5", "s")}, LEADS_OUT),
        ({"s": h5py.ExternalLink("pipe", "s")}, "'s' in states.hdf5 is a link to pipe, which is not there."),
        ({"s": h5py.ExternalLink("sub", "s")}, "'s' in states.hdf5 is a link to sub, which is not there."),
        ({"s": h5py.ExternalLink("lstm.yml", "s")}, "'s' in states.hdf5 cannot be read: "),
        ({"s": h5py.SoftLink("/s")}, "'s' in states.hdf5 leads through more than 16 links."),
        ({"s": h5py.SoftLink("t"), "t": h5py.SoftLink("s")}, "'s' in states.hdf5 leads through more than 16 links."),
        ({"s": h5py.ExternalLink("states.hdf5", "s")}, "'s' in states.hdf5 leads through more than 16 links."),
        ({"s": h5py.SoftLink("/gone")}, "There is no 's' in states.hdf5; it holds 'data/there'."),
        ({"s": h5py.SoftLink("/data/there/more")}, "There is no 's' in states.hdf5; it holds 'data/there'."),
    ],
)
def test_links_that_lead_elsewhere_or_nowhere_are_refused(tmp_path, links, sentence):
    write_small_project(tmp_path / "p")
    (tmp_path / "outside.hdf5").write_bytes((tmp_path / "p" / "states.hdf5").read_bytes())
    (tmp_path / "p" / "link.hdf5").symlink_to(tmp_path / "outside.hdf5")
    (tmp_path / "p" / "circle").symlink_to("circle")
    (tmp_path / "p" / "sub").mkdir()
    os.mkfifo(tmp_path / "p" / "pipe")
    with h5py.File(tmp_path / "p" / "chained.hdf5", "w") as file:
        file["s"] = h5py.ExternalLink("../outside.hdf5", "s")
    found = linked(tmp_path / "p", links)
    assert not found.sources
    (problem,) = found.problems
    assert problem.startswith(sentence)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("states.hdf5", "states.hdf5 is not a file."),
        ("words.dict", "words.dict is not a file."),
    ],
)
def test_a_pipe_or_a_directory_in_the_place_of_a_file_is_not_waited_for(tmp_path, make, name, problem):
    files = {"states": "states.hdf5", "words": "words.dict"}
    words = {"file": "states", "path": "s", "dict_file": "words"}
    write_small_project(tmp_path / "p", np.zeros(3), files=files, word_sequence=words)
    (tmp_path / "p" / name).unlink(missing_ok=True)
    make(tmp_path / "p" / name)
    assert problem in Project(tmp_path / "p").problems


@pytest.mark.parametrize(
    ("put", "sentence"),
    [
        (os.mkfifo, "lstm.yml is not a file."),
        (os.mkdir, "lstm.yml is not a file."),
        (lambda path: path.symlink_to("/dev/zero"), "lstm.yml is not a file."),
        (lambda path: path.symlink_to("/etc/passwd"), "lstm.yml is a link to a file outside the project's directory."),
        (lambda path: path.symlink_to("lstm.yml"), "lstm.yml cannot be read: Too many levels of symbolic links."),
        (lambda path: path.symlink_to("gone"), "lstm.yml cannot be read: No such file or directory."),
    ],
)
def test_a_configuration_that_is_no_file_of_the_project_is_not_read(tmp_path, put, sentence):
    write_small_project(tmp_path / "p")
    (tmp_path / "p" / "lstm.yml").unlink()
    put(tmp_path / "p" / "lstm.yml")
    with pytest.raises(ProjectError) as caught:
        Project(tmp_path / "p")
    assert str(caught.value) == sentence


def never_filled(file, path, shape, dtype="f4", **layout):
    file.create_dataset(path, shape, dtype, **layout)


def full_of_holes(file, path, shape, dtype="f4"):
    """Its place in the file is taken, all of it, and not a byte is written there."""
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    creation.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    h5py.h5d.create(
        file.id, path.encode(), h5py.h5t.py_create(np.dtype(dtype)), h5py.h5s.create_simple(shape), creation
    )


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (never_filled, (10**9, 4)),
        (never_filled, (10**15, 650)),
        (never_filled, (10**18, 1)),
        (never_filled, (10**15, 0)),
        (never_filled, (1, 10**12)),
        (lambda *what: never_filled(*what, chunks=(1000, 4)), (10**15, 4)),
        (lambda *what: never_filled(*what, chunks=(1000, 4), compression="gzip"), (10**9, 4)),
        (full_of_holes, (10**9, 4)),
        (full_of_holes, (10**11, 4)),
    ],
)
def test_billions_of_rows_that_are_not_there_are_refused(tmp_path, make, shape):
    write_small_project(tmp_path / "p")
    with h5py.File(tmp_path / "p" / "states.hdf5", "w") as file:
        make(file, "s", shape)
    with little_memory():
        found = Project(tmp_path / "p")
    (problem,) = found.problems
    assert problem.startswith(f"'s' in states.hdf5 claims to be float32 {shape}, of which ")


@pytest.mark.parametrize("make", [never_filled, full_of_holes])
def test_a_million_rows_that_are_not_there_read_as_zeros(tmp_path, make):
    write_small_project(tmp_path / "p")
    with h5py.File(tmp_path / "p" / "states.hdf5", "w") as file:
        make(file, "s", (10**6, 4))
    found = Project(tmp_path / "p")
    assert found.problems == []
    assert found.sources["states::s"].states.rows(10**6 - 1, 10**6).tolist() == [[0] * 4]


def test_sequences_without_end_are_refused_at_their_first_piece(tmp_path):
    write_small_project(tmp_path / "p", sequences=SEQUENCES)
    with h5py.File(tmp_path / "p" / "states.hdf5", "r+") as file:
        never_filled(file, "starts", (1 << 26,), "u1")
    with little_memory():
        found = Project(tmp_path / "p")
    assert found.problems == ["'starts' in states.hdf5 must hold the starts of the sequences, ascending from 0."]


def test_sequences_that_are_read_in_pieces_are_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(project, "STARTS_TOGETHER", 3)
    write_small_project(tmp_path / "p", sequences=SEQUENCES)
    starts = [0, 1, 5, 7, 9, 12, 20]
    with h5py.File(tmp_path / "p" / "states.hdf5", "r+") as file:
        file["starts"] = starts
    assert Project(tmp_path / "p").sequence_starts.tolist() == starts


def test_of_a_file_of_very_many_groups_not_all_are_looked_at_for_a_message(tmp_path, monkeypatch):
    monkeypatch.setattr("lstmvis.data.matrix.MOST_VISITS", 50)
    write_small_project(tmp_path / "p")
    with h5py.File(tmp_path / "p" / "states.hdf5", "w") as file:
        for number in range(100):
            file.create_group(f"a{number:03}")
        file["z"] = [1]
    assert Project(tmp_path / "p").problems == ["There is no 's' in states.hdf5; it holds no data."]


@pytest.mark.parametrize("ending", [".dict", ".json"])
@pytest.mark.parametrize("seed", range(5))
def test_binary_rubbish_is_a_dictionary_or_refused(tmp_path, ending, seed):
    path = tmp_path / f"words{ending}"
    path.write_bytes(np.random.default_rng(seed).bytes(20_000))
    with pytest.raises(ProjectError, match=rf"^Dictionary words{ending}(, line \d+: expected| is not JSON)"):
        read_dictionary(path)


def test_a_dictionary_that_is_larger_than_any_vocabulary_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(dictionary, "MOST_BYTES", 1000)
    (tmp_path / "words.dict").write_text("a 1\n" * 251)
    with pytest.raises(ProjectError, match=r"^Dictionary words\.dict is larger than 1,000 bytes\.$"):
        read_dictionary(tmp_path / "words.dict")


@pytest.mark.parametrize("given", ["[.nan, 1]", "[-.inf, .inf]", "[true, false]", "[1, 2, 3]", "[1e400, 0]"])
def test_a_range_that_is_none_is_refused_and_the_rest_is_usable(tmp_path, given):
    text = f"""
        files: {{states: states.hdf5}}
        states: {{file: states, types: [{{path: s}}]}}
        meta: {{a: {{file: states, path: a, vis: {{type: scalar, range: {given}}}}}}}
    """
    found = Project(write_directory(tmp_path / "p", text, {"states.hdf5": {"s": np.zeros((3, 2)), "a": [1, 2, 3.0]}}))
    assert list(found.sources) == ["states::s"]
    assert found.problems
    assert found.problems[0].startswith("lstm.yml: the range of the annotation 'a' must be [lowest, highest], not ")


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("0x" + "f" * 5000, "a number of more than 64 bits."),
        (r'"\ud800"', r"half a character, '\ud800'."),
        (r'{"a\udfff": 1}', r"half a character, '\udfff'."),
    ],
)
def test_what_cannot_be_written_in_json_is_refused(tmp_path, value, what):
    write_small_project(tmp_path / "p")
    with (tmp_path / "p" / "lstm.yml").open("a") as file:
        file.write(f"etc: {{n: {value}}}\n")
    with pytest.raises(ProjectError) as caught:
        Project(tmp_path / "p")
    assert str(caught.value) == f"lstm.yml holds {what}"


@pytest.mark.parametrize("shape", [(1000,), (100, 10)])
def test_a_range_that_is_not_given_is_that_of_all_values_or_where_they_are_very_many_of_some(
    tmp_path, monkeypatch, shape
):
    monkeypatch.setattr(project, "VALUES_TOGETHER", 20)
    meta = {
        "a": {"file": "states", "path": "a", "vis": {"type": "scalar"}, "type": ["general", "wordvec"][len(shape) - 1]}
    }
    write_small_project(tmp_path / "p", meta=meta)
    with h5py.File(tmp_path / "p" / "states.hdf5", "r+") as file:
        file["a"] = np.arange(1000.0).reshape(shape)
    assert Project(tmp_path / "p").meta["a"]["vis"]["range"] == [0, 999]
    monkeypatch.setattr(project, "MOST_PIECES", 3)
    assert Project(tmp_path / "p").meta["a"]["vis"]["range"] == [0, 699]
