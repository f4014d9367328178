"""LSTMVis's own page and data: every request that its page sends, and every field that it reads of the answers.

The requests are character by character what the page's query builder makes: `?&`, commas and colons escaped, spaces
as %20. What the page reads is from its sources, github.com/HendrikStrobelt/LSTMVis, client/js.
"""

import html
import re
from html.parser import HTMLParser
from urllib.parse import quote

import numpy as np
import pytest

from tests import lstmvis_directory as original
from tests.server.conftest import strict_json

PROJECT = "children"
META = ["part_of_speech", "depth", "plain", "listed", "mood", "surprise", "topk", "frequency"]
UNRESERVED = "-_.!~*'()"  # what encodeURIComponent leaves as it is


@pytest.fixture(scope="module")
def api(tmp_path_factory, serve):
    root = tmp_path_factory.mktemp("data")
    original.write_lstmvis_directory(root / PROJECT)
    return serve(root)


@pytest.fixture(scope="module")
def info(api):
    (entry,) = ask(api, "info")
    return entry["info"]


def ask(api, endpoint, **parameters):
    """A request as the page sends it; the answer as its strict JSON.parse reads it."""
    pairs = "".join(
        f"&{name}={quote(','.join(map(str, value)) if isinstance(value, list) else str(value), safe=UNRESERVED)}"
        for name, value in parameters.items()
    )
    response = api.client.get(f"/api/v2/{endpoint}" + (f"?{pairs}" if pairs else ""))
    assert 200 <= response.status_code < 300, response.text
    return strict_json(response)


def context(api, pos=100, source="states::states1", right=37, activation=0.3, dims=("states", "words")):
    """The page's request for its selection view, parameters in its order."""
    return ask(
        api,
        "context",
        project=PROJECT,
        pos=pos,
        source=source,
        left=3,
        right=right,
        activation=activation,
        dims=list(dims),
    )


def test_the_directory_opens_unchanged(info):
    assert "error" not in info


def test_info_has_what_the_list_of_projects_reads(info):
    assert info["name"] == "children books"
    assert info["description"] == "states of a <b>small</b> model"
    assert list(info["meta"]) == META
    assert info["index"] is True
    assert info["word_sequence"]["size"][0] == original.STEPS + 35
    kinds = [tuple(kind[name] for name in ("file", "path", "layer", "type")) for kind in info["states"]["types"]]
    assert kinds == [
        ("states", "states1", 1, "state"),
        ("states_u", "states2", 2, "state"),
        ("states", "output2", 2, "output"),
    ]
    sizes = [[original.STEPS, original.CELLS], [original.STEPS // 4, 7], [original.STEPS, original.CELLS]]
    assert [kind["size"] for kind in info["states"]["types"]] == sizes
    assert [kind["unsigned"] for kind in info["states"]["types"]] == [False, True, False]
    assert [kind["transform"] for kind in info["states"]["types"]] == ["tanh", "tanh", "none"]


def test_info_of_a_project_without_annotations_or_with_errors_has_what_both_pages_need(tmp_path, serve):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "lstm.yml").write_text("name: [")
    original.write_lstmvis_directory(tmp_path / "halved")
    (tmp_path / "halved" / "states_unsigned.hdf5").unlink()
    (tmp_path / "halved" / "pos.dict").unlink()
    for entry in ask(serve(tmp_path), "info"):
        info = entry["info"]
        assert info["error"].endswith(".")
        assert isinstance(info["name"], str)
        assert isinstance(info["description"], str)
        assert isinstance(info["meta"], dict) or info["meta"] == []
        assert isinstance(info["index"], bool)
        assert isinstance(info["word_sequence"]["size"][0], int)
        assert all(len(kind["size"]) == 2 for kind in info["states"]["types"])


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("part_of_speech", "discrete", original.TAGS),
        ("depth", "discrete", list(range(6))),
        ("plain", "discrete", list(range(100))),
        ("listed", "discrete", [5, 4, 3, 2, 1, 0]),
        ("mood", "scalar", [0, 1]),
        ("surprise", "scalar", [0, 11]),
        ("topk", "wordvec", None),
    ],
)
def test_info_has_what_colours_are_made_of(info, name, kind, values):
    assert info["meta"][name]["vis"]["type"] == kind
    assert info["meta"][name]["vis"].get("range") == values


@pytest.mark.parametrize("pos", [100, 0, -2, original.STEPS - 1, original.STEPS - 10])
@pytest.mark.parametrize("source", ["states::states1", "states::output2"])
@pytest.mark.parametrize("tracks", [[], ["part_of_speech", "topk"], META])
def test_context_has_what_the_selection_view_reads(api, info, pos, source, tracks):
    answer = context(api, pos, source, dims=[f"meta_{name}" for name in tracks] + ["states", "words"])
    assert answer["request"]["left"] == 3
    window = answer["results"]["states"][0]
    first, last = max(0, pos - 3), min(original.STEPS - 1, pos + 37)
    steps = slice(first, last + 1)
    assert (window["left"], window["right"]) == (first, last)
    np.testing.assert_allclose(np.array(window["data"]), np.tanh(original.states()[steps].T), atol=6e-6)
    words = answer["results"]["words"][0]["words"]
    assert words == [original.VOCABULARY[number - 1] for number in original.word_ids()[steps]]
    for name in tracks:
        found, kind = answer["results"][f"meta_{name}"], info["meta"][name]["vis"]["type"]
        if kind == "discrete":
            assert len(found[0]) == len(words)
            known = list(map(str, info["meta"][name]["vis"]["range"]))
            assert all(str(value) in known for value in found[0])
        if kind == "wordvec":
            for part, sort in (("words", str), ("weights", float), ("word_ids", int)):
                assert np.shape(found[part][0]) == (len(words), original.RANKS)
                assert all(type(value) is sort for step in found[part][0] for value in step)


def test_labels_stand_beside_their_words(api):
    answer = context(api, pos=100, right=4, dims=["meta_part_of_speech", "states", "words"])
    assert answer["results"]["meta_part_of_speech"] == [[original.TAGS[t % 4] for t in range(97, 105)]]


def test_the_second_source_a_quarter_as_long_has_its_own_end(api):
    answer = context(api, pos=55, source="states_u::states2", dims=["meta_depth", "states", "words"])
    results = answer["results"]
    assert (results["states"][0]["left"], results["states"][0]["right"]) == (52, 59)
    assert np.shape(results["states"][0]["data"]) == (7, 8)
    assert len(results["words"][0]["words"]) == len(results["meta_depth"][0]) == 8


def test_words_behind_the_end_of_the_states_are_answered_all_the_same(api):
    """A search of LSTMVis's own may have found a word there."""
    answer = context(api, pos=original.STEPS + 20)
    assert answer["results"]["states"][0]["data"] == [[]] * original.CELLS
    assert answer["results"]["words"][0]["words"] == []


@pytest.mark.parametrize("activation", ["0.3", "-0.25", "0.999", "0", ".5", "3e-1"])
def test_the_threshold_is_taken_as_the_page_s_field_sends_it(api, activation):
    answer = context(api, pos=5, right=2, activation=activation)
    assert answer["request"]["activation"] == float(activation)


@pytest.mark.parametrize("query", ["right=-3&activation=0.3", "right=9&activation=", "right=NaN&activation=0.3"])
def test_what_an_odd_state_of_the_page_sends_is_refused_so_that_the_page_stays_as_it_is(api, query):
    where = f"?&project={PROJECT}&pos=100&source=states%3A%3Astates1&left=3&dims=states%2Cwords&{query}"
    assert api.client.get(f"/api/v2/context{where}").status_code == 400


@pytest.mark.parametrize("mode", ["fast", "precise"])
@pytest.mark.parametrize("constraints", [[1, 0], [0, 0], [3, 2]])
@pytest.mark.parametrize("cells", [[4], [2, 4, 7]])
def test_match_has_what_the_match_view_reads(api, info, mode, constraints, cells):
    answer = ask(
        api,
        "match",
        project=PROJECT,
        source="states::states1",
        activation=0.3,
        left=3,
        right=20,
        cells=cells,
        constraints=constraints,
        dims=[f"meta_{name}" for name in META] + ["states", "cell_count", "words"],
        mode=mode,
    )
    assert answer["request"]["left"] == 3
    detail = answer["results"]["positionDetail"]
    rows = detail["words"]
    positions = [row["pos"] for row in rows]
    assert 0 < len(rows) <= 50
    assert len(set(positions)) == len(rows)
    on = np.tanh(original.states().astype("f8")[:, cells]) >= 0.3
    for number, row in enumerate(rows):
        assert isinstance(row["left"], int)
        steps = slice(max(0, row["pos"] - 3), min(original.STEPS, row["pos"] + 21))
        assert row["words"] == [original.VOCABULARY[word - 1] for word in original.word_ids()[steps]]
        assert detail["cell_count"][number] == on[steps].sum(axis=1).tolist()
    for name in META:
        if info["meta"][name]["vis"]["type"] in ("discrete", "scalar"):
            values = detail[f"meta_{name}"]
            assert [len(entry) for entry in values] == [len(row["words"]) for row in rows]
            assert all(isinstance(value, str | int | float | None) for entry in values for value in entry)
    assert [entry["pos"] for entry in answer["results"]["rankingDetail"]] == positions
    assert all(len(entry["factors"]) == 7 for entry in answer["results"]["rankingDetail"])
    assert {"fuzzyLengthHistogram", "strictLengthHistogram"} <= set(answer["results"])


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, attributes))


@pytest.mark.parametrize(
    "query", ["the", "cat", "the cat", "<b>", "&", "é", "foo bar (é+)*", "", " ", "(", "<b> &", "%"]
)
def test_search_has_what_the_position_dialog_reads(api, query):
    found = ask(api, "search", project=PROJECT, html="true", q=query)["res"]
    ids = original.word_ids()[: original.STEPS]
    for entry in found:
        assert isinstance(entry["index"], int)
        first, words = entry["index"], query.split()
        assert [original.VOCABULARY[number - 1] for number in ids[first : first + len(words)]] == words
        reader = Tags()
        reader.feed(entry["text"])
        assert reader.tags == [("b", [])]
        assert html.unescape(re.search("<b>(.*)</b>", entry["text"])[1]) == query
    if query in original.VOCABULARY and query.strip():
        wanted = np.flatnonzero(ids == original.VOCABULARY.index(query) + 1)
        assert [entry["index"] for entry in found] == wanted[:50].tolist()


def test_an_unknown_project_source_or_annotation_is_no_success(api):
    where = {"project": PROJECT, "source": "states::states1", "pos": "1", "dims": "states"}
    for wrong in ({"project": "x"}, {"source": "states::undefined"}, {"dims": "meta_x"}):
        assert api.raw("context", **(where | wrong)).status_code == 404
