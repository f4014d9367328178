"""Requests that schemathesis makes from lstm_server.yaml, right ones and wrong ones, to a running server.

Few are made, and the same every time. `LSTMVIS_FUZZ=1000` makes as many of each kind, others every time: `make fuzz`.
"""

import copy
import os

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from lstmvis.server.app import API
from tests.server.conftest import refusal_of
from tests.server.test_api import write_corpus
from tests.serving import serving

SPECIFICATION = yaml.safe_load(API.read_text(encoding="utf-8"))
MANY = "LSTMVIS_FUZZ" in os.environ
REQUESTS = int(os.environ.get("LSTMVIS_FUZZ", "20"))
LIKELY = {
    "project": {"enum": ["small", "letters"]},
    "source": {"enum": ["states::raw", "states::tanh", "x::s"]},
    "dims": {"items": {"enum": ["states", "words", "cell_count", "sequences", "meta_pos", "meta_top", "meta_loss"]}},
    "from": {"minimum": -2, "maximum": 4},
    "to": {"minimum": 3, "maximum": 20},
    "pos": {"items": {"minimum": -2, "maximum": 10}},
    "cells": {"items": {"minimum": 0, "maximum": 3}},
    "activation": {"minimum": -1.1, "maximum": 1.1},
    "bitmask": {"maxLength": 4},
    "q": {"enum": ["the", "<b>", "cat the", "", "a", "ab"]},
}
NOT_CHECKED = [
    positive_data_acceptance,  # what is right for each parameter may be wrong for several together
    negative_data_rejection,  # unknown parameters are ignored, and so are empty entries of lists
]


def likely():
    """The specification narrowed to what this server has, so that more requests get to the work behind the checks."""
    narrow = copy.deepcopy(SPECIFICATION)
    own = [operation["get"].get("parameters", []) for operation in narrow["paths"].values()]
    for parameter in [*narrow["components"]["parameters"].values(), *(each for group in own for each in group)]:
        for key, value in LIKELY.get(parameter.get("name"), {}).items():
            schema = parameter["schema"] = {**resolved(parameter["schema"]), key: value}
            if key == "items":
                schema["items"] = {"type": "string" if parameter["name"] == "dims" else "integer", **value}
    return narrow


def resolved(schema):
    return {"type": "array", "items": {"type": "integer"}} if "$ref" in schema else schema


def operations():
    for kind, specification in (("likely", likely()), ("any", SPECIFICATION)):
        for found in schemathesis.openapi.from_dict(specification).get_all_operations():
            for mode in GenerationMode if kind == "any" else [GenerationMode.POSITIVE]:
                operation = found.ok()
                if mode is GenerationMode.NEGATIVE and not operation.query:
                    continue
                yield pytest.param(operation, mode, id=f"{operation.path.strip('/')}-{kind}-{mode.value}")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    root = tmp_path_factory.mktemp("projects")
    write_corpus(root)
    with serving(root) as (address, _), requests.Session() as session:
        yield f"{address}/api/v2", session


@pytest.mark.parametrize(("operation", "mode"), list(operations()))
def test_every_request_is_answered_as_the_specification_says(running, operation, mode):
    address, session = running

    @settings(
        max_examples=REQUESTS,
        derandomize=not MANY,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case):
        response = case.call_and_validate(address, session, timeout=20, excluded_checks=NOT_CHECKED)
        if response.status_code >= 400:
            _, sentence = refusal_of(case_response(response))
            assert sentence.endswith(".")
            assert len(sentence) < 10_000

    ask()


class case_response:  # noqa: N801
    """Schemathesis's response, seen as `refusal_of` sees one."""

    def __init__(self, response):
        self.status_code, self.content = response.status_code, response.content
        self.headers = {name: values[0] for name, values in response.headers.items()}
