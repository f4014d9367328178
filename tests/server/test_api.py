"""Every endpoint over HTTP, on a corpus small enough to work its answers out by hand."""

import io
import threading

import h5py
import numpy as np
import pytest

from lstmvis.server import handlers, windows
from lstmvis.server.activity import Activity
from lstmvis.server.overtaking import Overtaking
from tests.project_directory import write_directory, write_small_project
from tests.server import naive
from tests.server.conftest import refusal_of

NAN, INF = np.nan, np.inf

CELLS = [  # at positions 0 to 7
    [0, 1, 1, 1, 0, 0, 1, 0],
    [0, 1, 1, 0, 0, 1, 1, 1],
    [1, 1, 1, 1, 0, 0, 0, 1],
]
STATES = np.array(CELLS, np.float32).T
SIGNED = np.array([[0.2, -0.4], [NAN, INF], [1.23456789, -INF]])
TOKENS = ["the", "<b>", "cat", "&", "the", "cat", "sat", "the", "mat", "cat"]  # two more than there are states

RAW = {"project": "small", "source": "states::raw"}
TANH = {"project": "small", "source": "states::tanh"}


def write_corpus(root):
    """`small`: words longer than the states, annotations of each kind; `letters`: single characters in sequences."""
    vocabulary = sorted(set(TOKENS))
    ids = [vocabulary.index(token) for token in TOKENS]
    arrays = {
        "states.h5": {"raw": STATES, "tanh": SIGNED, "quarter": STATES[:2].astype("f2")},
        "train.h5": {"ids": np.array(ids, "f8")},
        "meta.h5": {
            "pos": [1, 0, 1, 5, 1, 0],  # shorter than the states; 5 is not in the dictionary
            "gaps": [1, NAN, 0],
            "depth": np.arange(12, dtype="u1") % 4,
            "loss": [0.5, NAN, INF, -INF, 2, 3, 4, 5],
            "top": np.array([[3, 2], [1, 0]] * 4, "f8"),
            "prob": np.array([[0.75, 0.25], [NAN, 0]] * 4),
            "per_word": [10, 11, 12, 13],  # by id; there are more words than these
            "word_pos": [0, 1, 1, 0],
            "word_top": [[0, 1], [2, 3], [4, 5], [0, 0]],
        },
    }
    top = {"file": "meta", "path": "top", "type": "wordvec"}
    config = {
        "name": "A small corpus",
        "files": {
            "states": "states.h5",
            "train": "train.h5",
            "words": "words.json",
            "meta": "meta.h5",
            "pos": "p.dict",
        },
        "states": {
            "file": "states",
            "types": [
                {"type": "state", "layer": 1, "path": "raw", "transform": "none"},
                {"type": "state", "layer": 2, "path": "tanh"},
                {"type": "output", "layer": 2, "path": "quarter", "unsigned": True, "transform": "none"},
            ],
        },
        "word_sequence": {"file": "train", "path": "ids", "dict_file": "words"},
        "meta": {
            "pos": {"file": "meta", "path": "pos", "dict": "pos", "vis": {"type": "discrete", "range": "dict"}},
            "gaps": {"file": "meta", "path": "gaps", "dict": "pos", "vis": {"type": "discrete", "range": "dict"}},
            "depth": {"file": "meta", "path": "depth", "vis": {"type": "discrete", "range": "0...4"}},
            "loss": {"file": "meta", "path": "loss", "vis": {"type": "scalar"}},
            "top": {**top, "dict": "words", "weights_path": "prob", "vis": {"type": "wordvec"}},
            "bare": top,
            "per_word": {"file": "meta", "path": "per_word", "index": "word_sequence"},
            "word_pos": {"file": "meta", "path": "word_pos", "dict": "pos", "index": "word_sequence"},
            "word_top": {
                "file": "meta",
                "path": "word_top",
                "dict": "words",
                "type": "wordvec",
                "index": "word_sequence",
            },
        },
    }
    words = str(vocabulary).replace("'", '"')
    write_directory(root / "small", config, arrays, {"words.json": words, "p.dict": "NOUN 0\nVERB 1\n"})
    text = "a b<a bb a"
    letters = sorted(set(text))
    config = {
        "files": {"x": "x.h5", "letters": "l.json"},
        "states": {"file": "x", "types": [{"path": "s", "transform": "none"}]},
        "word_sequence": {"file": "x", "path": "ids", "dict_file": "letters"},
        "sequences": {"file": "x", "path": "starts"},
    }
    datasets = {
        "s": np.array([[0], [1], [1], [1], [0], [1], [1], [0], [0], [1]], "f4"),
        "ids": [letters.index(letter) for letter in text],
        "starts": [0, 3, 6],
    }
    write_directory(root / "letters", config, {"x.h5": datasets}, {"l.json": str(letters).replace("'", '"')})


@pytest.fixture(scope="module")
def api(tmp_path_factory, serve):
    root = tmp_path_factory.mktemp("corpora")
    write_corpus(root)
    return serve(root)


# /info


def test_info_describes_every_project(api):
    entries = api.get("info")
    assert [entry["project"] for entry in entries] == ["letters", "small"]
    info = entries[1]["info"]
    assert info["name"] == info["description"] == "A small corpus"
    assert info["index"] is info["is_searchable"] is True
    assert info["word_sequence"]["size"] == [10]
    assert info["word_sequence"]["dict_size"] == 6
    assert [kind["size"] for kind in info["states"]["types"]] == [[8, 3], [3, 2], [2, 3]]
    assert info["states"]["types"][2] == {
        "layer": 2,
        "type": "output",
        "file": "states",
        "path": "quarter",
        "size": [2, 3],
        "unsigned": True,
        "transform": "none",
    }
    assert {name: meta["vis"].get("range") for name, meta in info["meta"].items()} == {
        "pos": ["NOUN", "VERB"],
        "gaps": ["NOUN", "VERB"],
        "depth": [0, 1, 2, 3],
        "loss": [0.5, 5],
        "top": None,
        "bare": None,
        "per_word": [10, 13],
        "word_pos": list(range(100)),
        "word_top": None,
    }
    assert entries[0]["info"]["meta"] == []


def test_info_has_the_view_with_which_a_project_opens_where_there_is_one(serve, tmp_path):
    write_small_project(tmp_path / "a", opening="?project=a&source=states::s&range=1,2")
    write_small_project(tmp_path / "b")
    write_small_project(tmp_path / "c", opening=7)
    infos = [entry["info"] for entry in serve(tmp_path).get("info")]
    assert [info.get("opening") for info in infos] == ["source=states::s&range=1,2", None, None]
    assert [info.get("error") for info in infos] == [
        None,
        None,
        "lstm.yml: `opening` must be the address of a view, not 7.",
    ]


# /context


def context(api, dims, pos=0, left=0, right=7, **more):
    return api.get("context", **({"pos": pos, "left": left, "right": right, "dims": dims} | RAW | more))["results"]


def test_states_come_as_cells_by_steps(api):
    (window,) = context(api, "states", pos=4, left=2, right=3)["states"]
    assert window == {"pos": 4, "left": 2, "right": 7, "data": STATES[2:8].T.tolist()}


@pytest.mark.parametrize(
    ("pos", "left", "right", "first", "last"),
    [
        (0, 0, 0, 0, 0),
        (4, 10, 10, 0, 7),
        (7, 1, 0, 6, 7),
        (-2, 3, 4, 0, 2),
        (9, 3, 4, 6, 7),
        (-2, 3, 1, 0, -1),
        (-(10**400), 0, 0, 0, -1),
        (20, 3, 9, 8, 7),
        (10**400, 5, 5, 8, 7),
        (3, 10**400, 10**400, 0, 7),
        (10**30, 10**400, 0, 0, 7),
    ],
)
def test_windows_are_cut_at_both_ends(api, pos, left, right, first, last):
    dims = ["states", "words", "cell_count", "meta_depth", "sequences"]
    results = context(api, dims, pos, left, right)
    steps = slice(first, last + 1)
    place = {"pos": results["states"][0]["pos"], "left": first, "right": last}
    assert results["states"] == [{**place, "data": STATES[steps].T.tolist()}]
    words = results["words"][0]
    assert {name: words[name] for name in place} == place
    assert words["words"] == TOKENS[steps]
    assert results["cell_count"] == [STATES[steps].sum(axis=1).tolist()]
    assert results["meta_depth"] == [[0, 1, 2, 3, 0, 1, 2, 3][steps]]
    if abs(pos) < 1000:
        assert place["pos"] == pos


def test_each_position_has_its_window_in_the_order_asked_for(api):
    results = context(api, ["states", "words", "cell_count", "meta_depth"], pos=[6, 1, 6], right=1)
    assert [window["pos"] for window in results["states"]] == [6, 1, 6]
    assert [window["words"] for window in results["words"]] == [["sat", "the"], ["<b>", "cat"], ["sat", "the"]]
    assert results["cell_count"] == [[2, 2], [3, 3], [2, 2]]
    assert results["meta_depth"] == [[2, 3], [1, 2], [2, 3]]


@pytest.mark.parametrize("query", ["pos=6,1&cells=2,0", "pos=6&pos=1&cells=2&cells=0", "pos=6%2C1&cells=0,2,,"])
def test_lists_are_comma_separated_or_repeated(api, query):
    response = api.client.get(f"/api/v2/context?{query}&project=small&source=states::raw&dims=states,words&right=0")
    results = response.json()["results"]
    assert [window["pos"] for window in results["states"]] == [6, 1]
    assert results["cells"] == [0, 2]
    assert [len(window["data"]) for window in results["states"]] == [2, 2]


@pytest.mark.parametrize("dims", [["words", "meta_a,b, c", "meta_a"], "words,meta_a,b, c,meta_a"])
def test_the_name_of_an_annotation_may_hold_commas(tmp_path, serve, dims):
    names = {name: {"file": "states", "path": "n", "vis": {"type": "scalar"}} for name in ("a", "a,b", "a,b, c")}
    config = {
        "name": "commas",
        "files": {"states": "states.hdf5"},
        "states": {"file": "states", "types": [{"type": "state", "layer": 1, "path": "s"}]},
        "meta": names,
    }
    write_directory(tmp_path / "commas", config, {"states.hdf5": {"s": STATES, "n": np.arange(8)}})
    where = {"project": "commas", "source": "states::s", "dims": dims}
    answer = serve(tmp_path).get("context", **where, pos=0, right=1)
    assert answer["request"]["dims"] == ["words", "meta_a,b, c", "meta_a"]
    assert answer["results"]["meta_a,b, c"] == [[0, 1]]
    matched = serve(tmp_path).get("match", **where, cells=0, activation=0.5)
    assert {"meta_a", "meta_a,b, c"} <= set(matched["results"]["positionDetail"])


@pytest.mark.parametrize("dims", [{}, {"dims": ""}, {"dims": ","}])
def test_without_dims_there_are_no_arrays(api, dims):
    answer = api.get("context", **RAW, pos=0, **dims)
    assert answer["results"] == {"cells": []}
    assert answer["request"]["dims"] == []


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"cells": [2, 0, 2, 0, 0]}, [0, 2]),
        ({"cells": 1}, [1]),
        ({"bitmask": "101"}, [0, 2]),
        ({"bitmask": "01"}, [1]),
        ({"bitmask": "001000", "cells": [0, 1]}, [2]),
    ],
)
@pytest.mark.parametrize("dims", [["states", "cell_count"], ["cell_count"], ["states"]])
def test_cells_are_a_set_in_any_order(api, cells, expected, dims):
    results = context(api, dims, **cells)
    assert results["cells"] == expected
    assert set(results) == {"cells", *dims}
    if "states" in dims:
        assert results["states"][0]["data"] == STATES[:, expected].T.tolist()
    if "cell_count" in dims:
        assert results["cell_count"] == [STATES[:, expected].sum(axis=1).tolist()]


@pytest.mark.parametrize("cells", [{}, {"cells": ""}, {"cells": []}])
def test_without_cells_all_are_returned_and_counted(api, cells):
    results = context(api, ["states", "cell_count"], **cells)
    assert results["cells"] == []
    assert results["states"][0]["data"] == STATES.T.tolist()
    assert results["cell_count"] == [[1, 3, 3, 2, 0, 1, 2, 2]]


@pytest.mark.parametrize(
    ("source", "asked", "transform", "data"),
    [
        (TANH, {}, "tanh", [[0.19738, None, 0.8439], [-0.37995, 1, -1]]),
        (TANH, {"transform": "tanh"}, "tanh", [[0.19738, None, 0.8439], [-0.37995, 1, -1]]),
        (TANH, {"transform": "none"}, "none", [[0.2, None, 1.23457], [-0.4, None, None]]),
        (RAW, {}, "none", [[0, 1, 1], [0, 1, 1], [1, 1, 1]]),
        (
            RAW,
            {"transform": "tanh"},
            "tanh",
            [[0, 0.76159, 0.76159], [0, 0.76159, 0.76159], [0.76159, 0.76159, 0.76159]],
        ),
    ],
)
def test_states_are_transformed_as_their_source_says_unless_asked_otherwise(api, source, asked, transform, data):
    answer = api.get("context", **source, pos=0, left=0, right=2, dims="states", **asked)
    assert answer["results"]["states"][0]["data"] == data
    assert answer["request"]["transform"] == transform


@pytest.mark.parametrize(
    ("activation", "transform", "count"),
    [
        (0, "none", [1, 1, 1]),
        (0.2, "none", [1, 1, 1]),
        (0.2, "tanh", [0, 1, 1]),
        (-0.4, "none", [2, 1, 1]),
        (1e300, "none", [0, 1, 0]),
        (-1e300, "none", [2, 1, 1]),
    ],
)
def test_a_cell_is_on_from_the_threshold_on_and_nan_is_off(api, activation, transform, count):
    where = TANH | {"activation": activation, "transform": transform}
    assert context(api, "cell_count", right=2, **where)["cell_count"] == [count]


def test_with_both_sides_a_cell_that_is_as_low_is_on_under_an_id_of_its_own(api):
    where = TANH | {"activation": 0.3, "transform": "none", "sides": "both", "right": 2}
    assert context(api, "cell_count", **where)["cell_count"] == [[1, 1, 2]]
    results = context(api, ["cell_count", "states"], cells=[3], **where)
    assert results["cells"] == [3]
    assert results["cell_count"] == [[1, 0, 1]]
    assert results["states"][0]["data"] == [[-0.4, None, None]]


def test_words_carry_their_ids(api):
    (window,) = context(api, "words", pos=1, right=2)["words"]
    assert window == {"pos": 1, "left": 1, "right": 3, "word_ids": [1, 2, 0], "words": ["<b>", "cat", "&"]}


ANNOTATIONS = {
    "pos": [["VERB", "NOUN", "VERB", "#5", "VERB", "NOUN"]],
    "gaps": [["VERB", None, "NOUN"]],
    "depth": [[0, 1, 2, 3, 0, 1, 2, 3]],
    "loss": [[0.5, None, None, None, 2, 3, 4, 5]],
    "bare": {"word_ids": [[[3, 2], [1, 0]] * 4]},
    "top": {
        "word_ids": [[[3, 2], [1, 0]] * 4],
        "words": [[["mat", "cat"], ["<b>", "&"]] * 4],
        "weights": [[[0.75, 0.25], [None, 0]] * 4],
    },
    "per_word": [[None, 11, 12, 10, None, 12, None, None]],
    "word_pos": [[None, "VERB", "VERB", "NOUN", None, "VERB", None, None]],
}


@pytest.mark.parametrize("name", ANNOTATIONS)
def test_annotations_of_each_kind_come_with_their_labels(api, name):
    assert context(api, f"meta_{name}")[f"meta_{name}"] == ANNOTATIONS[name]


def test_ranked_words_by_word_have_a_row_a_position_also_for_words_that_are_not_in_them(api):
    found = context(api, "meta_word_top", right=3)["meta_word_top"]
    assert found["words"] == [[[None, None], ["cat", "mat"], ["sat", "the"], ["&", "<b>"]]]
    assert found["word_ids"][0][1:] == [[2, 3], [4, 5], [0, 1]]


def test_the_tail_of_a_short_annotation_is_empty(api):
    results = context(api, ["meta_pos", "meta_top", "words"], pos=7, left=3)
    assert results["words"][0]["words"] == ["the", "cat", "sat", "the"]
    assert results["meta_pos"] == [["VERB", "NOUN"]]
    assert context(api, ["meta_gaps"], pos=5)["meta_gaps"] == [[]]


def test_a_source_a_quarter_as_long_has_its_own_length(api):
    where = {"source": "states::quarter"}
    results = context(api, ["states", "words", "meta_pos", "meta_top"], pos=1, left=1, **where)
    assert results["states"] == [{"pos": 1, "left": 0, "right": 1, "data": STATES[:2].T.tolist()}]
    assert results["words"][0]["words"] == ["the", "<b>"]
    assert results["meta_pos"] == [["VERB", "NOUN"]]
    assert len(results["meta_top"]["words"][0]) == 2
    assert context(api, "states", pos=5, **where)["states"][0]["data"] == [[], [], []]


@pytest.mark.parametrize("shape", [(0, 3), (4, 0), (0, 0)])
def test_a_source_without_steps_or_cells_answers_with_what_is_there(tmp_path, serve, shape):
    write_small_project(tmp_path / "p", np.zeros(shape, "f4"))
    api, where = serve(tmp_path), {"project": "p", "source": "states::s"}
    steps, cells = shape
    results = api.get("context", **where, pos=0, right=9, dims=["states", "words", "cell_count"])["results"]
    assert results["states"][0]["data"] == [[0] * steps] * cells
    assert results["cell_count"] == [[0] * steps]
    found = api.get("match", **where, cells=list(range(cells)), dims=["states", "words"])["results"]
    assert found["rankingDetail"] == []
    assert found["counts"] == [0] * (cells + 1)
    assert api.raw("states", **where, **{"from": 0, "to": 3}).status_code == 200
    assert api.raw("select", **where, **{"from": 0, "to": 3}).status_code == (200 if steps else 400)


def test_cells_are_counted_alike_however_few_steps_are_read_at_a_time(api, monkeypatch):
    monkeypatch.setattr(Activity, "block_steps", 3)
    assert context(api, "cell_count", right=7)["cell_count"] == [STATES.sum(axis=1).tolist()]


def test_sequence_starts_within_the_window_are_given(api):
    where = {"project": "letters", "source": "x::s", "dims": "sequences"}
    answer = api.get("context", **where, pos=[3, 4, 9], left=1, right=2)
    assert answer["results"]["sequences"] == [[3], [3, 6], []]


@pytest.mark.parametrize(
    ("most", "asked", "count"),
    [
        (47, {"dims": "states", "pos": [0, 0]}, 64),
        (7, {"dims": "cell_count", "cells": "0,1,2"}, 8),
        (23, {"dims": ["meta_top", "words"]}, 32),
        (7, {"dims": "states", "pos": [100, 200]}, 8),
    ],
)
def test_more_values_than_the_server_sends_are_refused_with_the_limit(api, monkeypatch, most, asked, count):
    monkeypatch.setattr(windows, "MOST_VALUES", most)
    status, sentence = api.refusal("context", **({"pos": 0, "right": 7} | RAW | asked))
    assert status == 400
    assert f"these are {count} values, and the limit is {most}" in sentence


# /states and /cuts


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        ("f2", "<f4"),
        ("f4", "<f4"),
        (">f4", "<f4"),
        ("f8", "<f8"),
        (">f8", "<f8"),
        ("i1", "<f4"),
        ("u2", "<f4"),
        ("i4", "<f8"),
        ("i8", "<f8"),
        ("?", "<f4"),
    ],
)
@pytest.mark.parametrize("layout", [{}, {"chunks": (2, 2)}])
def test_states_in_binary_are_the_stored_numbers_exactly(tmp_path, serve, stored, sent, layout):
    values = (np.random.default_rng(3).normal(size=(5, 3)) * 100).astype(stored)
    write_small_project(tmp_path / "p")
    with h5py.File(tmp_path / "p" / "states.hdf5", "w") as file:
        file.create_dataset("s", data=values, **layout)
    response = serve(tmp_path).raw("states", project="p", source="states::s", **{"from": 1, "to": 3})
    assert response.headers["content-type"] == "application/octet-stream"
    received = np.load(io.BytesIO(response.content), allow_pickle=False)
    assert received.dtype.str == sent
    assert received.flags.c_contiguous
    assert received.tolist() == values[1:4].tolist()


def states(api, first, last, **more):
    response = api.raw("states", **(RAW | {"from": first, "to": last} | more))
    assert response.status_code == 200, response.text
    return np.load(io.BytesIO(response.content)), response.headers


@pytest.mark.parametrize(
    ("first", "last", "start", "stop"),
    [
        (0, 7, 0, 8),
        (-5, 2, 0, 3),
        (5, 99, 5, 8),
        (-(10**400), 10**400, 0, 8),
        (3, 3, 3, 4),
        (50, 60, 8, 8),
        (-9, -2, 0, 0),
    ],
)
def test_states_in_binary_are_cut_at_both_ends(api, first, last, start, stop):
    values, headers = states(api, first, last)
    assert int(headers["X-From"]) == start
    assert values.shape == (stop - start, 3)
    assert values.tolist() == STATES[start:stop].tolist()


def test_states_keep_nan_and_infinities(api):
    values, _ = states(api, 0, 2, source="states::tanh")
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, SIGNED)


@pytest.mark.parametrize(
    ("activation", "more", "cut"),
    [
        (0.3, TANH, float(np.arctanh(0.3))),
        (-0.999, TANH, float(np.arctanh(-0.999))),
        (0, TANH, 0.0),
        (0.1, RAW, 0.1),
        (-1e300, RAW, -1e300),
        (0.5, TANH | {"transform": "none"}, 0.5),
        (0.5, RAW | {"transform": "tanh"}, float(np.arctanh(0.5))),
    ],
)
def test_the_cut_is_the_threshold_as_a_stored_number_to_the_last_digit(api, activation, more, cut):
    _, headers = states(api, 0, 0, activation=activation, **more)
    assert float(headers["X-Cut"]) == cut
    answer = api.get("cuts", **more, activation=[activation, 0.25])
    assert answer["results"]["cuts"][0] == cut


def test_cells_that_are_on_by_states_and_cut_are_those_that_select_gives(api):
    for activation in (0.19737532022490401, 0.19737532022490404, 0.3, -0.38):
        values, headers = states(api, 0, 0, source="states::tanh", activation=activation)
        on = np.flatnonzero(values[0] >= float(headers["X-Cut"])).tolist()
        where = TANH | {"from": 0, "to": 0, "activation": activation, "constraints": [0, 0]}
        assert api.get("select", **where)["results"]["cells"] == on


def test_more_bytes_than_the_server_sends_are_refused_with_the_limit(api, monkeypatch):
    monkeypatch.setattr(handlers, "MOST_STATES_BYTES", 95)
    status, sentence = api.refusal("states", **RAW, **{"from": 0, "to": 10**400})
    assert status == 400
    assert sentence == "Parameter 'to' must be nearer to 'from': this is 96 bytes, and the limit is 95."
    assert states(api, 0, 6)[0].nbytes == 84


def test_the_limit_is_of_bytes_as_they_are_sent(api, monkeypatch):
    monkeypatch.setattr(handlers, "MOST_STATES_BYTES", 23)  # float16 is sent as float32
    _, sentence = api.refusal("states", project="small", source="states::quarter", **{"from": 0, "to": 1})
    assert "this is 24 bytes" in sentence


# /select


@pytest.mark.parametrize(
    ("first", "last", "constraints", "cells"),
    [
        (1, 2, [1, 0], [0, 1]),
        (1, 2, [0, 0], [0, 1, 2]),
        (1, 2, [1, 1], [1]),
        (1, 2, [0, 3], []),
        (1, 2, [0, 2], [1]),
        (1, 3, [1, 1], [0]),
        (0, 3, [5, 0], [2]),
        (5, 7, [1, 9], [1]),
        (7, 7, [3, 3], [2]),
        (7, 7, [10**400, 10**400], []),
        (4, 4, [0, 0], []),
        (-3, 0, [0, 0], [2]),
        (5, 10**400, [1, 0], [1]),
    ],
)
def test_select_gives_the_cells_on_over_the_range_and_off_around_it(api, first, last, constraints, cells):
    asked = RAW | {"from": first, "to": last, "activation": 0.5, "constraints": constraints}
    assert api.get("select", **asked)["results"] == {"cells": cells}


def test_select_with_both_sides_has_ids_for_cells_that_are_low(api):
    asked = TANH | {"from": 0, "to": 0, "sides": "both", "transform": "none"}
    assert api.get("select", **asked, activation=0.3)["results"]["cells"] == [3]
    assert api.get("select", **asked, activation=0.2)["results"]["cells"] == [0, 3]


@pytest.mark.parametrize(
    ("first", "last", "constraints", "cells"),
    [
        (1, 2, [1, 3], [0]),  # on at 3, which is another sequence
        (3, 3, [3, 1], [0]),
        (1, 3, [0, 0], []),  # crosses a start
        (5, 5, [1, 1], [0]),
    ],
)
def test_steps_of_another_sequence_are_off_and_no_range_crosses_a_start(api, first, last, constraints, cells):
    asked = {"project": "letters", "source": "x::s", "from": first, "to": last, "constraints": constraints}
    assert api.get("select", **asked)["results"]["cells"] == cells


def test_a_range_outside_the_corpus_is_refused(api):
    for first, last in ((8, 9), (-4, -1), (10**400, 10**400)):
        status, sentence = api.refusal("select", **RAW, **{"from": first, "to": last})
        assert (status, sentence) == (400, "Parameter 'from' must be a position of the corpus, 0 to 7.")


# /match


def match(api, **asked):
    return api.get("match", **(RAW | {"activation": 0.5, "cells": [0, 1], "limit": 1000} | asked))["results"]


def histogram(lengths):
    return [lengths.get(length, 0) for length in range(201)]


def test_matches_are_ranked_and_counted(api):
    found = match(api, dims="words,cell_count,states,meta_depth", left=1, right=2)
    assert found["rankingDetail"] == [
        {"pos": 1, "factors": [1, 0, 2, 1, 0, 2, 2]},
        {"pos": 5, "factors": [5, 0, 3, 0.5, 1, 2, 1]},
        {"pos": 6, "factors": [6, 0, 1, 0.5, 1, 2, 1]},
    ]
    assert found["counts"] == [0, 2, 1]
    assert found["fuzzyLengthHistogram"] == histogram({1: 1, 2: 1, 3: 1})
    assert found["strictLengthHistogram"] == histogram({2: 1})
    detail = found["positionDetail"]
    assert detail["cells"] == [0, 1]
    assert [(window["pos"], window["left"], window["right"]) for window in detail["words"]] == [
        (1, 0, 3),
        (5, 4, 7),
        (6, 5, 7),
    ]
    assert detail["words"][2]["words"] == ["cat", "sat", "the"]
    assert detail["cell_count"] == [[0, 2, 2, 1], [0, 1, 2, 1], [1, 2, 1]]
    assert detail["states"][2]["data"] == STATES[5:8, :2].T.tolist()
    assert detail["meta_depth"] == [[0, 1, 2, 3], [0, 1, 2, 3], [1, 2, 3]]


@pytest.mark.parametrize("constraints", [[0, 0], [1, 0], [0, 1], [2, 1], [0, 3]])
@pytest.mark.parametrize(
    "lengths", [{}, {"min_length": 2}, {"phrase_length": 1}, {"phrase_length": 2, "min_length": 3}]
)
@pytest.mark.parametrize("source", ["small/states::raw", "letters/x::s", "small/states::tanh"])
def test_matches_are_those_of_the_definition(api, constraints, lengths, source):
    project, name = source.split("/")
    values, starts, cells = {
        "small": (STATES, [], [0, 2]),
        "letters": (np.array([[0, 1, 1, 1, 0, 1, 1, 0, 0, 1]]).T, [0, 3, 6], [0]),
    }[project]
    transform, sides = "none", "positive"
    if name == "states::tanh":
        values, cells, transform, sides = SIGNED, [0, 1, 3], "tanh", "both"
    found = match(api, project=project, source=name, cells=cells, constraints=constraints, sides=sides, **lengths)
    on = naive.is_on(values, 0.5, transform, sides)
    expected = naive.all_matches(on, cells, constraints, starts, **lengths)
    factors = [detail["factors"] for detail in found["rankingDetail"]]
    assert [(f[0], f[2], f[6], f[5]) for f in factors] == [
        (best.position, best.length, best.selected, best.union) for best in expected
    ]
    assert all(f[3] == f[6] / f[5] and f[4] == len(cells) - f[6] and f[1] == 0 for f in factors)
    assert found["counts"] == [sum(best.selected == q for best in expected) for q in range(len(cells) + 1)]
    assert found["fuzzyLengthHistogram"] == naive.histogram(expected)
    assert found["strictLengthHistogram"] == naive.histogram([m for m in expected if m.selected == len(cells)])


def test_cells_in_any_order_and_repeated_match_the_same(api):
    assert match(api, cells=[1, 0, 1]) == match(api, cells=[0, 1])


@pytest.mark.parametrize("mode", ["fast", "precise"])
def test_the_mode_changes_nothing(api, mode):
    assert match(api, mode=mode) == match(api)


def test_a_limit_cuts_the_rows_and_nothing_else(api):
    everything, best = match(api), match(api, limit=1)
    assert best["rankingDetail"] == everything["rankingDetail"][:1]
    assert [best[name] for name in ("counts", "fuzzyLengthHistogram", "strictLengthHistogram")] == [
        everything[name] for name in ("counts", "fuzzyLengthHistogram", "strictLengthHistogram")
    ]


@pytest.mark.parametrize(
    ("lengths", "positions"),
    [([1, 1], [6]), ([2, 3], [1, 5]), ([4, 9], []), ([3, 10**400], [5]), ([1, 200], [1, 5, 6])],
)
def test_match_length_keeps_rows_and_changes_no_count(api, lengths, positions):
    everything, kept = match(api), match(api, match_length=lengths, dims="words")
    assert [row["pos"] for row in kept["rankingDetail"]] == positions
    assert [window["pos"] for window in kept["positionDetail"]["words"]] == positions
    for name in ("counts", "fuzzyLengthHistogram", "strictLengthHistogram"):
        assert kept[name] == everything[name]


def test_match_length_is_kept_before_the_limit(api):
    assert [row["pos"] for row in match(api, match_length=[1, 1], limit=1)["rankingDetail"]] == [6]


def test_matching_the_selected_cells_finds_the_range_they_were_selected_in(api):
    for first, last, constraints in ((1, 2, [1, 0]), (1, 2, [1, 1]), (5, 7, [1, 0]), (0, 3, [1, 1])):
        asked = RAW | {"activation": 0.5, "constraints": constraints}
        cells = api.get("select", **asked, **{"from": first, "to": last})["results"]["cells"]
        rows = match(api, cells=cells, constraints=constraints)["rankingDetail"]
        assert [first, 0, last - first + 1, 1] in [row["factors"][:4] for row in rows]


def test_without_cells_nothing_matches(api):
    found = match(api, cells="", dims=["words", "cell_count", "states", "meta_pos", "meta_top"])
    assert found["rankingDetail"] == []
    assert found["counts"] == [0]
    assert sum(found["fuzzyLengthHistogram"]) == 0
    empty = {"word_ids": [], "words": [], "weights": []}
    assert found["positionDetail"] == {
        "cells": [],
        "words": [],
        "cell_count": [],
        "states": [],
        "meta_pos": [],
        "meta_top": empty,
    }


def test_a_match_that_is_overtaken_by_a_newer_one_of_its_page_answers_409(api, monkeypatch):
    find_matches, started = handlers.find_matches, threading.Event()

    def work_long_the_first_time(activity, query, starts, check):
        if not started.is_set():
            started.set()
            for _ in range(10_000):  # until the newer one has come, or too long
                check()
                threading.Event().wait(0.001)
        return find_matches(activity, query, starts, check)

    monkeypatch.setattr(handlers, "find_matches", work_long_the_first_time)
    asked = RAW | {"activation": 0.5, "cells": [0, 1], "page": "page 1"}
    answers = []
    older = threading.Thread(target=lambda: answers.append(api.raw("match", **asked)))
    older.start()
    assert started.wait(10)
    newer = api.raw("match", **asked)
    older.join(20)
    assert newer.status_code == 200
    assert refusal_of(answers[0]) == (409, "A newer match of the same page has overtaken this one.")


@pytest.mark.parametrize("page", [None, "another"])
def test_only_a_match_of_the_same_page_overtakes(page):
    overtaking = Overtaking()
    with overtaking.newest("page 1") as check, overtaking.newest(page) as other, overtaking.newest(None):
        check()
        other()


def test_matches_of_a_page_that_come_one_after_another_are_all_answered(api):
    assert match(api, page="page 1") == match(api, page="page 1") == match(api)


# /search


def search(api, q, **more):
    return api.get("search", **({"project": "small", "q": q} | more))["res"]


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ("the", [0, 4, 7]),
        ("  the\tcat ", [4]),
        ("cat sat the", [5]),
        ("the the", []),
        ("dog", []),
        ("cat dog", []),
        ("THE", []),
        ("<b>", [1]),
        ("&", [3]),
        ("mat", []),  # only where there are no states any more
        ("cat", [2, 5]),
        ("", []),
        ("   ", []),
        ("\x00", []),
        ("the " * 200, []),
    ],
)
def test_search_finds_words_and_phrases_in_the_order_of_the_corpus(api, query, positions):
    assert [place["index"] for place in search(api, query)] == positions


def test_search_shows_what_stands_around(api):
    found = [(place["index"], place["text"], place["parts"]) for place in search(api, "the")]
    assert found == [
        (0, "the <b> cat & the cat", ["", "the", " <b> cat & the cat"]),
        (4, "the <b> cat & the cat sat the", ["the <b> cat & ", "the", " cat sat the"]),
        (7, "cat & the cat sat the", ["cat & the cat sat ", "the", ""]),
    ]


def test_search_escapes_tokens_for_html_and_marks_what_was_found(api):
    place = search(api, "cat sat", html="true")[0]
    assert place["text"] == "the &lt;b&gt; cat &amp; the <b>cat sat</b> the"
    assert place["parts"] == ["the <b> cat & the ", "cat sat", " the"]
    assert search(api, "<b>", html="true")[0]["text"] == "the <b>&lt;b&gt;</b> cat &amp; the cat sat"


def test_search_gives_no_more_than_the_limit_and_says_how_many_there_are(api):
    answer = api.get("search", project="small", q="the", limit=2)
    assert [place["index"] for place in answer["res"]] == [0, 4]
    assert answer["total"] == 3
    assert api.get("search", project="small", q="dog")["total"] == 0


@pytest.mark.parametrize(
    ("query", "positions"),
    [("a b", [0, 4]), (" ", [1, 5, 8]), ("bb", [6]), ("<", [3]), ("ab", []), ("a b<a bb a", [0])],
)
def test_a_corpus_of_characters_is_searched_by_characters(api, query, positions):
    assert [place["index"] for place in search(api, query, project="letters")] == positions
    assert search(api, "b<", project="letters", html="true")[0]["text"] == "a <b>b&lt;</b>a bb a"


def test_a_project_without_a_dictionary_finds_nothing(tmp_path, serve):
    write_small_project(tmp_path / "p")
    assert serve(tmp_path).get("search", project="p", q="a") == {
        "request": {"project": "p", "q": "a", "kind": "phrase", "case": True, "limit": 50, "html": False},
        "total": 0,
        "complete": True,
        "res": [],
    }


# the request in the answer


@pytest.mark.parametrize(
    ("endpoint", "asked", "echo"),
    [
        (
            "context",
            {"pos": "3"},
            {
                "pos": [3],
                "left": 10,
                "right": 10,
                "dims": [],
                "cells": [],
                "activation": 0.3,
                "sides": "positive",
                "transform": "none",
            },
        ),
        (
            "match",
            {"cells": "1,0"},
            {
                "cells": [1, 0],
                "activation": 0.3,
                "left": 10,
                "right": 10,
                "dims": [],
                "phrase_length": 0,
                "min_length": 1,
                "limit": 50,
                "mode": "fast",
                "constraints": [1, 0],
                "sides": "positive",
                "transform": "none",
            },
        ),
        (
            "select",
            {"from": 1, "to": 2},
            {
                "from": 1,
                "to": 2,
                "activation": 0.3,
                "constraints": [1, 0],
                "sides": "positive",
                "transform": "none",
            },
        ),
        ("cuts", {"activation": "0.5"}, {"activation": [0.5], "transform": "none"}),
    ],
)
def test_the_request_comes_back_with_its_defaults(api, endpoint, asked, echo):
    assert api.get(endpoint, **RAW, **asked)["request"] == RAW | echo


def test_zero_is_a_value_and_not_the_default(api):
    zero = {"pos": 0, "left": 0, "right": 0, "activation": 0, "dims": "cell_count"}
    answer = api.get("context", **RAW, **zero)
    assert {name: answer["request"][name] for name in ("left", "right", "activation")} == {
        "left": 0,
        "right": 0,
        "activation": 0,
    }
    assert answer["results"]["cell_count"] == [[3]]


def test_parameters_nobody_knows_are_ignored(api):
    assert context(api, "states", explode="1") == context(api, "states")


def test_a_damaged_part_of_a_file_is_named_when_it_is_asked_for(tmp_path, serve):
    write_small_project(tmp_path / "p")
    with h5py.File(tmp_path / "p" / "states.hdf5", "w") as file:
        data = file.create_dataset("s", data=np.ones((20, 2)), chunks=(10, 2), compression="gzip")
        offset = data.id.get_chunk_info(1).byte_offset
    with (tmp_path / "p" / "states.hdf5").open("r+b") as raw:
        raw.seek(offset)
        raw.write(b"\xff" * 20)
    api = serve(tmp_path)
    where = {"project": "p", "source": "states::s", "dims": "states", "left": 0, "right": 1}
    assert api.get("context", **where, pos=0)["results"]["states"]
    status, sentence = api.refusal("context", **where, pos=15)
    assert status == 404
    assert sentence.startswith("'s' in states.hdf5 cannot be read: ")
