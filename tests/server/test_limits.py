"""The limits of the server: each is stated where users read, and held."""

import asyncio
import json
import logging
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lstmvis.data.matrix import Matrix
from lstmvis.server import activity, app, expressions, handlers, phrases, running, search, sending, trimming, windows
from lstmvis.server.errors import TooManyError
from lstmvis.server.threads import Turns
from tests.project_directory import write_directory, write_small_project
from tests.server.conftest import refusal_of

STEPS, CELLS = 4000, 8
RELIABILITY = Path(__file__).parents[2] / "docs" / "reliability.md"
WHERE = {"project": "p", "source": "states::s"}
BOOK = "x" * 500
LETTERS = "aab" * 100 + "a" * 60 + "b"
WORDS = {"project": "books", "source": "states::s"}


def run(coroutine):
    """In a thread of its own: a browser that other tests have open runs a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@pytest.fixture(scope="module")
def api(tmp_path_factory, serve):
    root = tmp_path_factory.mktemp("projects")
    chance = np.random.default_rng(1)
    write_small_project(root / "p", chance.normal(size=(STEPS, CELLS)).astype("f4"))
    config = {
        "files": {"states": "states.hdf5", "words": "words.json"},
        "word_sequence": {"file": "states", "path": "ids", "dict_file": "words"},
        "states": {"file": "states", "types": [{"path": "s", "transform": "none"}]},
        "meta": {
            "label": {"file": "states", "path": "ids", "dict": "words"},
            "top": {"file": "states", "path": "top", "dict": "words", "type": "wordvec"},
        },
    }
    ids = np.arange(300) % 2
    arrays = {"states.hdf5": {"s": np.ones((300, 2), "f4"), "ids": ids, "top": np.stack([ids] * 3, 1)}}
    write_directory(root / "books", config, arrays, {"words.json": f'["a", "{BOOK}"]'})
    config = {**config, "meta": {}}
    ids = ["ab".index(letter) for letter in LETTERS]
    arrays = {"states.hdf5": {"s": np.ones((len(ids), 2), "f4"), "ids": ids}}
    write_directory(root / "letters", config, arrays, {"words.json": '["a", "b"]'})
    return serve(root, validate_responses=False)


async def answered(app, path, query="", started=None, reading=None):
    """The status and the content of the answer to an address of any length.

    `started` is set when the answer begins to come; after each piece of it `reading` is waited for.
    """
    status, content = 0, b""

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        nonlocal status, content
        status, content = message.get("status", status), content + message.get("body", b"")
        if started:
            started.set()
        if reading:
            await reading.wait()

    target = {"path": path, "raw_path": path.encode(), "query_string": query.encode()}
    connection = {"http_version": "1.1", "scheme": "http", "headers": [(b"host", b"localhost")]}
    await app({"type": "http", "method": "GET", "asgi": {"version": "3.0"}, **target, **connection}, receive, send)
    return status, json.loads(content) if content.startswith((b"{", b"[")) else content


def asked(api, endpoint, **parameters):
    """The status and the content of an answer of the API; lists go comma-separated."""
    return run(answered(api.app, f"/api/v2/{endpoint}", query_of(parameters)))


def query_of(parameters):
    listed = {name: ",".join(map(str, each)) if isinstance(each, list) else each for name, each in parameters.items()}
    return "&".join(f"{name}={value}" for name, value in listed.items())


def test_the_limits_are_stated():
    specification = yaml.safe_load(app.API.read_text(encoding="utf-8"))
    stated = specification["info"]["description"]
    for limit in (
        trimming.LONGEST_ADDRESS,
        running.LONGEST_REQUEST,
        windows.MOST_VALUES,
        windows.MOST_CHARACTERS,
        handlers.MOST_STATES_BYTES,
        sending.LARGE,
        app.MATCHES_WAITING,
    ):
        assert re.search(rf"\b{limit:,}\b", stated)
        assert re.search(rf"\b{limit:,}\b", RELIABILITY.read_text(encoding="utf-8"))
    for path, name, key in (
        ("/context", "pos", "maxItems"),
        ("/cuts", "activation", "maxItems"),
        ("/search", "q", "maxLength"),
        ("/search", "limit", "maximum"),
        ("/match", "limit", "maximum"),
    ):
        [parameter] = [each for each in specification["paths"][path]["get"]["parameters"] if each.get("name") == name]
        assert f"{parameter['schema'][key]:,}" in stated
    assert (sending.MADE_AT_A_TIME, sending.WAITING) == (2, 8)  # as it says in words
    assert (app.EXPRESSIONS_AT_ONCE, app.EXPRESSIONS_WAITING) == (2, 8)
    [search_text] = [path["get"]["description"] for name, path in specification["paths"].items() if name == "/search"]
    assert f"longer than {expressions.SECONDS:g} seconds" in search_text
    assert f"{search.MOST_PATTERNS} different words" in search_text
    assert f"at most {expressions.LONGEST:,}; no two" in search_text


# What is asked


@pytest.mark.parametrize("path", ["/api/v2/context", "/", "/nothing/"])
def test_an_address_that_is_too_long_is_refused_with_the_limit(api, path):
    longest = "x" * (trimming.LONGEST_ADDRESS - len(path))
    for address in ((path, longest + "x"), (path + longest + "x", "")):
        status, problem = run(answered(api.app, *address))
        assert status == 414
        assert (
            problem["detail"] == "The address is 262,145 bytes long, and the limit is 262,144. Ask for less at a time."
        )
    for address in ((path, longest), (path + longest, "")):
        assert run(answered(api.app, *address))[0] in (200, 400, 404)


def test_parameters_that_no_operation_knows_cost_nothing_and_are_not_written_down(api, caplog):
    seen = []

    async def application(scope, receive, send):
        seen.append(scope["query_string"])

    query = b"a=1&" + b"&".join(b"x%d" % number for number in range(20_000)) + b"&%61=2&b&a&=&&+a=3"
    scope = {"type": "http", "path": "/api/x", "query_string": query, "headers": [(b"content-length", b"5")]}
    run(trimming.Trimming(application, "/api/", {"a"})(scope, None, None))
    assert seen == [b"a=1&%61=2&a"]
    with caplog.at_level(logging.DEBUG):
        assert asked(api, "cuts", **WHERE, activation=0, secret="secret")[0] == 200
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("endpoint", "parameters", "sentence"),
    [
        ("context", {"pos": [0] * 10_001}, "'pos' must be at least 1 and at most 10000 integers"),
        ("context", {"pos": 0, "dims": ["words"] * 1001}, "'dims' must be at most 1000 names"),
        ("cuts", {"activation": [0.1] * 2002}, "'activation' must be at least 1 and at most 2001 numbers"),
        ("match", {"cells": 0, "limit": 1001}, "'limit' must be an integer from 1 to 1000"),
        ("search", {"q": "x" * 1001}, "'q' must be text of at most 1,000 characters"),
        ("search", {"q": "x", "limit": 10_001}, "'limit' must be an integer from 1 to 10000"),
    ],
)
def test_more_of_a_parameter_is_refused_with_the_limit(api, endpoint, parameters, sentence):
    status, found = api.refusal(endpoint, **WHERE, **parameters)
    assert status == 400
    assert found.startswith(f"Parameter {sentence}")


def test_as_much_as_is_allowed_is_answered(api):
    asking = {
        "context": {"pos": list(range(10_000)), "dims": ""},
        "cuts": {"activation": [0.1] * 2001},
        "match": {"cells": [0, 1] * 50_000, "limit": 1000},
        "search": {"q": "x" * 1000, "limit": 10_000},
    }
    for endpoint, parameters in asking.items():
        assert asked(api, endpoint, **WHERE, **parameters)[0] == 200
    assert asked(api, "context", **WHERE, pos=0, bitmask="1" + "0" * 200_000)[1]["results"] == {"cells": [0]}


def test_long_names_are_not_sent_back(api):
    for parameters in ({"project": "x" * 200_000}, {"dims": "meta_" + "x" * 200_000}):
        status, problem = asked(api, "context", **({"pos": 0} | WHERE | parameters))
        assert status == 404
        assert len(problem["detail"]) < 300
    assert len(run(answered(api.app, "/" + "x" * 200_000))[1]["detail"]) < 300


# What is answered


def test_tokens_as_long_as_books_count_by_their_characters(api, monkeypatch):
    asked = {"pos": 0, "left": 0, "right": 19, "dims": ["words", "meta_label", "meta_top"]}
    characters = 5 * (10 + 10 * len(BOOK))
    monkeypatch.setattr(windows, "MOST_CHARACTERS", characters)
    assert api.raw("context", **WORDS, **asked).status_code == 200
    monkeypatch.setattr(windows, "MOST_CHARACTERS", characters - 1)
    status, sentence = api.refusal("context", **WORDS, **asked)
    assert status == 400
    assert f"the tokens are {characters:,} characters, and the limit is {characters - 1:,}" in sentence


def test_places_in_books_count_by_their_characters(api, monkeypatch):
    monkeypatch.setattr(search, "MOST_CHARACTERS", 20_000)
    assert api.raw("search", project="books", q="a", limit=6).status_code == 200
    status, sentence = api.refusal("search", project="books", q="a", limit=10)
    assert status == 400
    assert sentence.startswith(
        "Parameter 'limit' must be smaller, or 'q' shorter: these are more than 20,000 characters"
    )


@pytest.fixture
def reads(monkeypatch):
    """How many values each look at a matrix reads, where a block holds 64 steps."""
    monkeypatch.setattr(activity, "BLOCK_BYTES", 1)
    sizes = []
    rows = Matrix.rows

    def counted(matrix, start, stop):
        found = rows(matrix, start, stop)
        sizes.append(found.size)
        return found

    monkeypatch.setattr(Matrix, "rows", counted)
    return sizes


@pytest.mark.parametrize("dims", ["states", "cell_count"])
def test_a_long_window_of_one_cell_does_not_take_all_others_into_memory(api, reads, dims):
    answer = api.get("context", **WHERE, pos=0, left=0, right=STEPS, cells=3, dims=dims)["results"][dims]
    assert np.size(answer[0]["data"] if dims == "states" else answer[0]) == STEPS
    assert max(reads) == 64 * CELLS


def test_selecting_over_a_long_range_ends_where_no_cell_is_left(api, reads):
    where = {"from": 0, "to": STEPS - 1}
    assert api.get("select", **WHERE, **where, activation=0.5)["results"]["cells"] == []
    assert reads == [64 * CELLS]
    reads.clear()
    assert api.get("select", **WHERE, **where, activation=-100)["results"]["cells"] == list(range(CELLS))
    assert sum(reads) == STEPS * CELLS


@given(
    st.lists(st.integers(0, 2), max_size=300),
    st.lists(st.sets(st.integers(0, 2)), min_size=1, max_size=4),
    st.one_of(st.lists(st.integers(0, 4), min_size=2, max_size=9), st.integers(60, 140).map(lambda n: [0] * n)),
    st.integers(1, 100),
)
def test_a_phrase_is_found_in_one_reading(ids, sets, phrase, block):
    ids = np.array(ids, np.int64)
    sets = [*(np.array(sorted(rows), np.int64) for rows in sets), None]
    phrase = [number % len(sets) for number in phrase]
    read = []

    def reader(start, stop):
        read.extend(range(start, stop))
        return ids[start:stop]

    whole = phrases.BLOCK
    phrases.BLOCK = block
    try:
        found = phrases.find_phrase(reader, len(ids), phrase, sets, tokens=3)
    finally:
        phrases.BLOCK = whole

    def stands_at(start):
        return all(sets[item] is None or ids[start + at] in sets[item] for at, item in enumerate(phrase))

    assert found.tolist() == [start for start in range(len(ids) - len(phrase) + 1) if stands_at(start)]
    assert read == list(range(len(ids)))


@pytest.mark.parametrize(
    "query", ["a" * 9, "a" * 30, "aab" * 4, "aab" * 30, "baabaabaab", "abababababab", "aab" * 99 + "a"]
)
def test_a_long_phrase_is_found_in_a_corpus_that_repeats_itself(api, query):
    answer = api.get("search", project="letters", q=query, limit=1000)
    starts = [start for start in range(len(LETTERS)) if LETTERS.startswith(query, start)]
    assert answer["total"] == len(starts)
    assert [place["index"] for place in answer["res"]] == starts


# How many at a time


def test_who_has_no_place_is_told_to_ask_again():
    turns = Turns(at_a_time=1, waiting=0)
    kept = []
    with turns.taken(when_done=kept.append):
        pass
    with pytest.raises(TooManyError, match="Ask again in a second"), turns.taken():
        pass
    kept.pop()()
    with turns.taken():
        pass


@pytest.mark.parametrize(
    ("endpoint", "parameters"),
    [
        ("context", {"pos": 0, "right": 100, "dims": "states"}),
        ("states", {"from": 0, "to": 100}),
        ("match", {"cells": [0, 1], "dims": "states"}),
        ("search", {"project": "letters", "q": "a"}),
    ],
)
def test_a_large_answer_has_its_place_until_its_reader_has_taken_it(api, monkeypatch, endpoint, parameters):
    monkeypatch.setattr(sending, "LARGE", 100)
    service = api.app.app.config[handlers.Service.KEY]
    monkeypatch.setattr(service.answers, "_turns", Turns(1, 0))
    address = (f"/api/v2/{endpoint}", query_of({**WHERE, **parameters}))

    async def scenario():
        started, reading = asyncio.Event(), asyncio.Event()
        slow = asyncio.create_task(answered(api.app, *address, started, reading))
        await started.wait()
        refused = await answered(api.app, *address)
        reading.set()
        return [status for status, _ in (await slow, refused, await answered(api.app, *address))]

    assert run(scenario()) == [200, 429, 200]


def test_places_in_books_are_a_large_answer_also_where_they_are_few(api, monkeypatch):
    service = api.app.app.config[handlers.Service.KEY]
    sizes = []
    monkeypatch.setattr(service.answers, "room", lambda size: sizes.append(size) or nullcontext())
    answers = [api.raw("search", project="books", q="a", limit=limit) for limit in (2, 20)]
    for answer, size in zip(answers, sizes, strict=True):
        assert len(answer.content) / 2 < size < 2 * len(answer.content)


def test_few_matches_selections_and_searches_are_computed_at_a_time(api, monkeypatch):
    service = api.app.app.config[handlers.Service.KEY]
    monkeypatch.setattr(service.turns, "_places", threading.Semaphore(0))
    for endpoint, parameters in (
        ("match", {"cells": 0}),
        ("select", {"from": 0, "to": 1}),
        ("search", {"q": "a"}),
    ):
        response = api.raw(endpoint, **WHERE, **parameters)
        assert refusal_of(response)[0] == 429
        assert response.headers["retry-after"] == "1"
    assert api.raw("search", **WHERE, q="a*").status_code == 200
    monkeypatch.setattr(service.expressions, "_places", threading.Semaphore(0))
    for parameters in ({"q": "a", "kind": "regex"}, {"q": "a*"}):
        assert refusal_of(api.raw("search", **WHERE, **parameters))[0] == 429


def test_a_search_waits_for_one_thing_at_a_time(api, monkeypatch):
    """A match has its turn while it waits for room: a search that had room while it waits for its turn could make both
    wait for ever."""
    service = api.app.app.config[handlers.Service.KEY]
    held, seen = [], []

    @contextmanager
    def noted(name):
        assert not held
        held.append(name)
        seen.append(name)
        yield
        held.clear()

    monkeypatch.setattr(service.turns, "taken", lambda: noted("turn"))
    monkeypatch.setattr(service.answers, "room", lambda _: noted("room"))
    assert api.raw("search", **WHERE, q="a", limit=10_000).status_code == 200
    assert seen == ["turn", "room"]
