"""Bad requests: each is refused with a sentence that names what is wrong, and none breaks the server."""

import numpy as np
import pytest

from tests.project_directory import write_small_project
from tests.server.conftest import refusal_of, strict_json

NONSENSE = {
    "empty": "",
    "blank": " ",
    "words": "abc",
    "huge": "1" + "0" * 400,
    "negative and huge": "-1" + "0" * 400,
    "too long for an integer": "9" * 5000,
    "infinite": "1e999",
    "nan": "NaN",
    "infinity": "-Infinity",
    "negative": "-1",
    "zero": "0",
    "minus zero": "-0.0",
    "fraction": "0.5",
    "one": "1",
    "exponent": "1e3",
    "hexadecimal": "0x10",
    "underscored": "1_000",
    "other digits": "١٢",
    "list": "1,2,3",
    "commas": ",,,",
    "bad entry": "1,x",
    "null": "null",
    "true": "true",
    "object": '{"a": [1]}',
    "brackets": "[1,2]",
    "unicode": "日本\u202e😀",
    "control": "\x00\n\r",
    "markup": "<script>alert('x')</script>",
    "format": "%s %d {} {0!r:>{width}}",
    "path": "../../etc/passwd",
    "long": "x" * 20_000,
}
GOOD = {
    "context": {"pos": "1", "dims": "states,words,cell_count,meta_m,sequences"},
    "states": {"from": "0", "to": "1"},
    "cuts": {"activation": "0.5"},
    "select": {"from": "0", "to": "1"},
    "match": {"cells": "0,1", "dims": "states,words,cell_count,meta_m,sequences"},
    "search": {"q": "a"},
}
WHERE = {"project": "p", "source": "states::s"}
SHARED = {"activation": "0.3", "transform": "none", "sides": "both"}
OPTIONAL = {
    "context": {**SHARED, "left": "1", "right": "1", "cells": "0", "bitmask": "10"},
    "states": {"activation": "0.3", "transform": "none"},
    "cuts": {"transform": "none"},
    "select": {**SHARED, "constraints": "1,0"},
    "match": {
        **SHARED,
        "left": "1",
        "right": "1",
        "constraints": "1,0",
        "phrase_length": "0",
        "min_length": "1",
        "match_length": "1,2",
        "limit": "5",
        "mode": "fast",
        "page": "x",
    },
    "search": {"limit": "5", "html": "true"},
}
PARAMETERS = [
    (endpoint, name) for endpoint in GOOD for name in ["project", "source", *GOOD[endpoint], *OPTIONAL[endpoint]]
]


@pytest.fixture(scope="module")
def api(tmp_path_factory, serve):
    root = tmp_path_factory.mktemp("projects")
    meta = {"m": {"file": "states", "path": "s", "type": "wordvec"}}
    write_small_project(root / "p", np.array([[0, 1], [1, 1], [1, 0]], "f4"), meta=meta)
    return serve(root, validate_responses=False)


def good(endpoint):
    return GOOD[endpoint] | WHERE


@pytest.mark.parametrize("endpoint", GOOD)
def test_the_request_that_nonsense_is_put_into_is_good(api, endpoint):
    assert api.raw(endpoint, **good(endpoint), **OPTIONAL[endpoint]).status_code == 200


@pytest.mark.parametrize(("endpoint", "name"), PARAMETERS)
def test_nonsense_in_any_parameter_is_answered_or_refused_by_name(api, endpoint, name):
    for kind, value in NONSENSE.items():
        response = api.raw(endpoint, **(good(endpoint) | {name: value}))
        assert response.status_code in (200, 400, 404), (kind, response.text)
        if response.status_code == 200:
            if endpoint != "states":
                strict_json(response)
            continue
        _, sentence = refusal_of(response)
        expected = {"project": "There is no project", "source": "There is no source"}.get(name, f"'{name}'")
        unknown = response.status_code == 404 and name == "dims" and "annotation" in sentence
        assert unknown or expected in sentence or f"'{name}' is missing" in sentence, (kind, sentence)
        assert len(sentence) < 21_000


@pytest.mark.parametrize(("endpoint", "name"), PARAMETERS)
def test_a_parameter_given_twice_is_answered_or_refused(api, endpoint, name):
    value = {**good(endpoint), **OPTIONAL[endpoint]}.get(name)
    for other in ("", "x", "1"):
        pairs = [*(pair for pair in good(endpoint).items() if pair[0] != name), (name, other), (name, value)]
        response = api.client.get(f"/api/v2/{endpoint}", params=pairs)
        assert response.status_code in (200, 400, 404), response.text


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [(endpoint, name) for endpoint in GOOD for name in [*WHERE, *GOOD[endpoint]] if name != "dims"],
)
def test_a_required_parameter_that_is_missing_is_named(api, endpoint, name):
    asked = {key: value for key, value in good(endpoint).items() if key != name}
    if (endpoint, name) == ("search", "source"):
        assert api.raw(endpoint, **asked).status_code == 200
        return
    status, sentence = api.refusal(endpoint, **asked)
    assert status == 400
    assert sentence.startswith(f"Parameter '{name}' is missing; it must be ")


@pytest.mark.parametrize(
    ("endpoint", "parameters", "sentence"),
    [
        ("context", {"pos": ""}, "'pos' must be at least 1 and at most 10000 integers, separated by commas, not ''."),
        ("context", {"pos": "1,x"}, "'pos' must be at least 1 and at most 10000 integers, separated by commas, not"),
        ("context", {"pos": [0] * 10_001}, "'pos' must be at least 1 and at most 10000 integers"),
        ("context", {"left": "-1"}, "'left' must be an integer of at least 0, not '-1'."),
        ("context", {"right": "1.5"}, "'right' must be an integer of at least 0, not '1.5'."),
        ("context", {"cells": "2"}, "'cells' must be cells from 0 to 1, not 2."),
        ("context", {"cells": "0,-1"}, "'cells' must be cells from 0 to 1, not -1."),
        ("context", {"cells": "4", "sides": "both"}, "'cells' must be cells from 0 to 3, not 4."),
        ("context", {"bitmask": "001"}, "'bitmask' must be cells from 0 to 1, not 2."),
        ("context", {"bitmask": "012"}, "'bitmask' must be text of the form ^[01]+$, not '012'."),
        (
            "context",
            {"dims": "state"},
            "'dims' must be a list of states, words, cell_count, sequences and meta_NAME, not",
        ),
        ("context", {"activation": "x"}, "'activation' must be a number, not 'x'."),
        ("context", {"activation": "nan"}, "'activation' must be a finite number, not nan."),
        ("context", {"activation": "1e999"}, "'activation' must be a finite number, not inf."),
        (
            "context",
            {"activation": "1", "transform": "tanh"},
            "'activation' must be between -1 and 1, both excluded, for the transform tanh, not 1.0.",
        ),
        (
            "select",
            {"activation": "-1", "transform": "tanh"},
            "'activation' must be between -1 and 1, both excluded, for the transform tanh, not -1.0.",
        ),
        (
            "cuts",
            {"activation": "0,1.5", "transform": "tanh"},
            "'activation' must be between -1 and 1, both excluded, for the transform tanh, not 1.5.",
        ),
        ("cuts", {"activation": ""}, "'activation' must be at least 1 and at most 2001 numbers, separated by commas"),
        ("match", {"activation": "0", "sides": "both"}, "'activation' must be above 0 where 'sides' is both, not 0.0."),
        ("match", {"sides": "negative"}, "'sides' must be positive or both, not 'negative'."),
        ("match", {"transform": "relu"}, "'transform' must be tanh or none, not 'relu'."),
        ("match", {"mode": "slow"}, "'mode' must be fast or precise, not 'slow'."),
        ("match", {"limit": "0"}, "'limit' must be an integer from 1 to 1000, not '0'."),
        ("match", {"limit": "1001"}, "'limit' must be an integer from 1 to 1000, not '1001'."),
        ("match", {"min_length": "0"}, "'min_length' must be an integer of at least 1, not '0'."),
        ("match", {"phrase_length": "-1"}, "'phrase_length' must be an integer of at least 0, not '-1'."),
        (
            "match",
            {"constraints": "1"},
            "'constraints' must be 2 integers of at least 0, separated by commas, not '1'.",
        ),
        ("match", {"constraints": "1,-1"}, "'constraints' must be 2 integers of at least 0, separated by commas"),
        ("match", {"match_length": "0,1"}, "'match_length' must be 2 integers of at least 1, separated by commas"),
        ("match", {"match_length": "3,2"}, "'match_length' must be two lengths, the lower one first, not 3,2."),
        ("match", {"cells": "0,7"}, "'cells' must be cells from 0 to 1, not 7."),
        ("match", {"page": "x" * 65}, "'page' must be text of 1 to 64 characters, not 'xxx"),
        ("select", {"from": "2", "to": "1"}, "'to' must be a position from 'from' on, which is 2; it is 1."),
        ("states", {"from": "x"}, "'from' must be an integer, not 'x'."),
        ("search", {"limit": "10001"}, "'limit' must be an integer from 1 to 10000, not '10001'."),
        ("search", {"html": "maybe"}, "'html' must be true or false, not 'maybe'."),
        ("search", {"q": "x" * 1001}, "'q' must be text of at most 1,000 characters, not 'xxx"),
    ],
)
def test_the_sentence_says_which_parameter_is_wrong_and_what_is_allowed(api, endpoint, parameters, sentence):
    status, found = api.refusal(endpoint, **(good(endpoint) | parameters))
    assert status == 400
    assert found.startswith(f"Parameter {sentence}")


@pytest.mark.parametrize(
    ("endpoint", "parameters", "sentence"),
    [
        ("context", {"project": "q"}, "There is no project 'q'. There are: p."),
        ("search", {"project": ""}, "There is no project ''. There are: p."),
        ("states", {"source": "states"}, "There is no source 'states'. There are: states::s."),
        ("cuts", {"source": "s"}, "There is no source 's'. There are: states::s."),
        ("context", {"dims": "meta_x"}, "There is no annotation 'x'. There are: m."),
        ("match", {"dims": "states,meta_"}, "There is no annotation ''. There are: m."),
        ("match", {"dims": "meta_x", "cells": ""}, "There is no annotation 'x'. There are: m."),
    ],
)
def test_a_name_that_does_not_exist_is_answered_with_those_that_do(api, endpoint, parameters, sentence):
    assert api.refusal(endpoint, **(good(endpoint) | parameters)) == (404, sentence)


@pytest.mark.parametrize("endpoint", ["info", *GOOD])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "NONSENSE"])
def test_other_methods_are_refused(api, endpoint, method):
    response = api.client.request(method, f"/api/v2/{endpoint}", content=b"\xff\xfe{", params=WHERE)
    assert refusal_of(response)[0] == 405


@pytest.mark.parametrize("endpoint", ["info", *GOOD])
@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "\xff"]
)
def test_a_body_that_is_not_utf8_is_ignored(api, endpoint, kind):
    path, headers = f"/api/v2/{endpoint}", {"content-type": kind.encode("latin-1")}
    asked = {} if endpoint == "info" else good(endpoint)
    response = api.client.request("GET", path, params=asked, content=b"\xff\xfe\x00{", headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "query", ["project=%FF%FE&source=%00", "%FF=%FF", "&&&", "=", "project", "project[]=1", "%", ";"]
)
@pytest.mark.parametrize("endpoint", GOOD)
def test_a_query_that_is_not_utf8_or_no_query_is_refused(api, endpoint, query):
    assert refusal_of(api.client.get(f"/api/v2/{endpoint}?{query}"))[0] in (400, 404)


@pytest.mark.parametrize(
    "path", ["/api/v2/nothing", "/api/v2/", "/nothing.js", "/%00", "/..%2f..%2flstm.yml", "/" + "x" * 3000]
)
def test_what_is_not_there_is_404_in_json(api, path):
    assert refusal_of(api.client.get(path))[0] == 404


def test_a_fault_of_the_server_tells_nothing_of_its_inside(api, monkeypatch):
    def fail(*_):
        raise RuntimeError("secret")

    monkeypatch.setattr("lstmvis.server.handlers.read_windows", fail)
    status, sentence = api.refusal("context", **good("context"))
    assert status == 500
    assert "secret" not in sentence
