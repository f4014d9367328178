"""Projects that are broken, tiny, full of NaN, or cut off while they are served: all others go on."""

import itertools
import os

import h5py
import numpy as np
import pytest

from lstmvis.data.doctor import examine
from tests.damage import ARRAYS, ASKED, WHOLE, write_whole
from tests.project_directory import write_directory, write_small_project
from tests.server.conftest import strict_json

CONFIG = {
    "files": {"all": "all.h5", "words": "words.json"},
    "states": {"file": "all", "types": [{"path": "s", "transform": "none"}]},
    "word_sequence": {"file": "all", "path": "w", "dict_file": "words"},
    "sequences": {"file": "all", "path": "starts"},
    "meta": {
        "loss": {"file": "all", "path": "loss", "vis": {"type": "scalar"}},
        "tag": {"file": "all", "path": "w", "dict": "words", "vis": {"type": "discrete", "range": "dict"}},
        "top": {"file": "all", "path": "top", "type": "wordvec", "dict": "words", "weights_path": "weights"},
        "by_word": {"file": "all", "path": "loss", "index": "word_sequence"},
    },
}
DIMS = "states,words,cell_count,sequences,meta_loss,meta_tag,meta_top,meta_by_word"
SOURCE = {"source": "all::s"}


def write(directory, states, words, starts=(), value=0.5, dictionary='["a", "b"]'):
    arrays = {
        "s": np.asarray(states),
        "w": np.asarray(words, "i8"),
        "starts": np.asarray(starts, "i8"),
        "loss": np.full(len(words), value),
        "top": np.zeros((len(words), 2), "i8"),
        "weights": np.full((len(words), 2), value),
    }
    return write_directory(directory, CONFIG, {"all.h5": arrays}, {"words.json": dictionary})


def everything(api, project, cell="0"):
    """The statuses and contents of all that can be asked about a project's source."""
    asked = {
        "context": {"pos": "0,5", "left": 3, "right": 3, "dims": DIMS},
        "states": {"from": 0, "to": 10},
        "select": {"from": 0, "to": 0},
        "match": {"cells": cell, "activation": 0.3, "dims": DIMS},
        "cuts": {"activation": 0.3},
    }
    found = {name: api.raw(name, project=project, **SOURCE, **parameters) for name, parameters in asked.items()}
    found["search"] = api.raw("search", project=project, q="a")
    for name, answer in found.items():
        assert answer.status_code in (200, 400), (name, answer.text)
        if name != "states" or answer.status_code != 200:
            strict_json(answer)
    return {name: answer.status_code for name, answer in found.items()}


NO_STEPS = {"context": 200, "states": 200, "select": 400, "match": 200, "cuts": 200, "search": 200}
ALL_WELL = dict.fromkeys(NO_STEPS, 200)


@pytest.mark.parametrize(
    ("states", "words", "starts", "statuses"),
    [
        (np.zeros((0, 3)), [], [], NO_STEPS),
        (np.zeros((0, 0)), [], [], NO_STEPS | {"match": 400}),
        (np.zeros((3, 0)), [0, 1, 0], [0], ALL_WELL | {"match": 400}),
        (np.zeros((3, 2)), [], [], ALL_WELL),
        (np.zeros((0, 2)), [0, 1, 1], [0, 2], NO_STEPS),
        ([[0.5]], [0], [0], ALL_WELL),
        ([[0.5]], [1, 0, 1], [0, 1, 2], ALL_WELL),
        (np.full((1, 4), 0.5), [7], [], ALL_WELL),
        (np.full((4, 1), 0.5), [-1, 9, 0, 1], [0, 3], ALL_WELL),
    ],
    ids=["nothing", "no cells either", "no cells", "no words", "no steps", "one", "one step", "one row", "one cell"],
)
def test_whatever_is_nothing_or_one_is_answered(tmp_path, serve, states, words, starts, statuses):
    write(tmp_path / "p", states, words, starts)
    api = serve(tmp_path)
    assert "error" not in api.get("info")[0]["info"]
    assert everything(api, "p") == statuses
    examine(tmp_path / "p")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.finfo(np.float64).max])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_what_is_no_ordinary_number_is_answered_wherever_it_is(tmp_path, serve, value, dtype):
    with np.errstate(over="ignore"):
        states = np.full((5, 2), value).astype(dtype)
    write(tmp_path / "p", states, [0, 1, 0, 1, 0], [0, 2], value)
    api = serve(tmp_path)
    assert "error" not in api.get("info")[0]["info"]
    assert everything(api, "p") == ALL_WELL
    examine(tmp_path / "p")


@pytest.mark.parametrize(
    "dictionary",
    [
        "[]",
        "{}",
        '["a", "a", "a"]',
        '{"a": 0, "b": 0}',
        '{"a": -5, "b": 9000000000000000000}',
        '["\\ud800", "\\u0000"]',
    ],
)
def test_dictionaries_with_duplicates_gaps_and_half_characters_are_answered(tmp_path, serve, dictionary):
    write(tmp_path / "p", np.full((5, 2), 0.5), [0, 1, 0, 1, 5], dictionary=dictionary)
    api = serve(tmp_path)
    assert "error" not in api.get("info")[0]["info"]
    assert everything(api, "p") == ALL_WELL
    examine(tmp_path / "p")


def test_of_many_broken_projects_each_says_what_is_wrong_and_the_whole_one_works(tmp_path, serve):
    write_whole(tmp_path / "whole", "contiguous")

    def broken(name):
        return write_small_project(tmp_path / name)

    broken("bomb") and (tmp_path / "bomb" / "lstm.yml").write_text(bomb())
    (broken("pipe") / "lstm.yml").unlink()
    os.mkfifo(tmp_path / "pipe" / "lstm.yml")
    (broken("pipe of states") / "states.hdf5").unlink()
    os.mkfifo(tmp_path / "pipe of states" / "states.hdf5")
    with h5py.File(broken("claims") / "states.hdf5", "w") as file:
        file.create_dataset("s", (10**15, 4), "f4")
    (broken("rubbish") / "states.hdf5").write_bytes(np.random.default_rng(1).bytes(5000))
    os.truncate(broken("cut off") / "states.hdf5", 1000)
    with h5py.File(broken("linked") / "states.hdf5", "w") as file:
        file["s"] = h5py.ExternalLink("/dev/zero", "s")
    os.mkdir(os.fsencode(tmp_path) + b"/not utf-8 \xff")
    write_small_project(tmp_path / os.fsdecode(b"not utf-8 \xff"))

    api = serve(tmp_path)
    said = {each["project"]: each["info"].get("error", "") for each in api.get("info")}
    assert {name: sentence[:45] for name, sentence in said.items() if sentence} == {
        "bomb": "lstm.yml has more than 100,000 entries, count",
        "pipe": "lstm.yml is not a file.",
        "pipe of states": "states.hdf5 is not a file.",
        "claims": "'s' in states.hdf5 claims to be float32 (1000",
        "rubbish": "states.hdf5 cannot be read as HDF5: Unable to",
        "cut off": "states.hdf5 is cut off: 1,000 bytes are there",
        "linked": "'s' in states.hdf5 is a link to a file outsid",
    }
    assert set(said) - {"whole"} == {*filter(said.get, said), "not utf-8 \udcff"}
    assert {api.raw(endpoint, **WHOLE, **asked).status_code for endpoint, asked in ASKED.items()} == {200}
    status, sentence = api.refusal("context", project="pipe", source="states::s", pos=0)
    assert status == 404
    assert "lstm.yml is not a file." in sentence


def bomb():
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    return "\n".join(lines)


@pytest.mark.parametrize("layout", ["contiguous", "compressed"])
def test_a_file_that_is_cut_off_in_its_place_while_it_is_served_takes_nothing_down(tmp_path, serve, layout):
    write_whole(tmp_path / "whole", "contiguous")
    write_whole(tmp_path / "cut", layout)
    api = serve(tmp_path)
    cut, file = WHOLE | {"project": "cut"}, tmp_path / "cut" / "all.hdf5"
    content = file.read_bytes()

    def ask(where):
        return [api.raw(endpoint, **where, **asked) for endpoint, asked in ASKED.items()]

    right = [answer.content for answer in ask(WHOLE)]
    assert {answer.status_code for answer in ask(cut)} == {200}
    for size in (len(content) // 2, 5000, 100, 0):
        os.truncate(file, size)
        answers = ask(cut)
        assert {answer.status_code for answer in answers} == {404}
        (said,) = {each["info"]["error"] for each in api.get("info") if each["project"] == "cut"}
        assert said.startswith(("all.hdf5 is cut off", "all.hdf5 cannot be read"))
        assert [answer.content for answer in ask(WHOLE)] == right
    file.write_bytes(content)
    assert {answer.status_code for answer in ask(cut)} == {200}


def test_a_file_that_is_cut_off_after_it_was_found_unchanged_is_told(tmp_path, serve, monkeypatch):
    write_whole(tmp_path / "cut", "contiguous")
    api = serve(tmp_path)
    monkeypatch.setattr("lstmvis.server.library.ServedProject.changed", False)  # as it was a moment ago
    os.truncate(tmp_path / "cut" / "all.hdf5", 1)
    for endpoint, asked in itertools.islice(ASKED.items(), 4):
        status, sentence = api.refusal(endpoint, **WHOLE | {"project": "cut"}, **asked)
        assert status == 404
        assert sentence.startswith("all.hdf5 is cut off: it ends before the data of /")


@pytest.mark.parametrize("layout", ["contiguous", "compressed"])
def test_a_file_that_is_written_over_in_its_place_shows_what_is_there_now(tmp_path, serve, layout):
    write_whole(tmp_path / "served" / "p", layout)
    write_whole(tmp_path / "p", layout)
    with h5py.File(tmp_path / "p" / "all.hdf5", "r+") as file:
        file["layer1/cell"][:] = 2 * ARRAYS["layer1/cell"]
    api = serve(tmp_path / "served")
    where = WHOLE | {"project": "p", "pos": 7, "left": 0, "right": 0, "dims": "states", "transform": "none"}
    before = api.get("context", **where)["results"]["states"][0]["data"]
    (tmp_path / "served" / "p" / "all.hdf5").write_bytes((tmp_path / "p" / "all.hdf5").read_bytes())
    after = api.get("context", **where)["results"]["states"][0]["data"]
    np.testing.assert_allclose(after, 2 * np.array(before), atol=2e-5)
