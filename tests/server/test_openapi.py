"""lstm_server.yaml is the documentation: it and the handlers must not drift apart."""

import importlib

import jsonschema
import numpy as np
import pytest
import yaml

from lstmvis.data.project import TRANSFORMS
from lstmvis.server import windows
from lstmvis.server.app import API
from tests.project_directory import write_small_project

SPECIFICATION = yaml.safe_load(API.read_text(encoding="utf-8"))
OPERATIONS = {path.removeprefix("/"): methods["get"] for path, methods in SPECIFICATION["paths"].items()}
NEEDED = {
    "project": "p",
    "source": "states::s",
    "pos": "0",
    "from": "0",
    "to": "0",
    "cells": "0",
    "q": "a",
    "activation": "0.3",
}


def resolve(item):
    reference = item.get("$ref")
    if reference is None:
        return item
    found = SPECIFICATION
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found


def parameters(endpoint):
    return [resolve(parameter) for parameter in OPERATIONS[endpoint].get("parameters", [])]


ALL_PARAMETERS = [(endpoint, parameter) for endpoint in OPERATIONS for parameter in parameters(endpoint)]
NAMES = [f"{endpoint}-{parameter['name']}" for endpoint, parameter in ALL_PARAMETERS]


@pytest.fixture(scope="module")
def api(tmp_path_factory, serve):
    root = tmp_path_factory.mktemp("projects")
    write_small_project(root / "p", np.ones((3, 2), "f4"))
    return serve(root)


def test_the_api_is_that_of_the_design():
    assert SPECIFICATION["servers"] == [{"url": "/api/v2"}]
    assert {"health", "info", "context", "states", "cuts", "select", "match", "search"} <= set(OPERATIONS)


@pytest.mark.parametrize("methods", SPECIFICATION["paths"].values())
def test_every_operation_reads_and_has_a_handler(methods):
    assert set(methods) == {"get"}
    module, name = methods["get"]["operationId"].rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize("endpoint", OPERATIONS)
def test_every_operation_and_answer_is_described(endpoint):
    operation = OPERATIONS[endpoint]
    assert operation["summary"]
    assert "200" in operation["responses"]
    for response in operation["responses"].values():
        assert resolve(response)["description"]
    errors = set(operation["responses"]) - {"200"}
    assert errors == set() if endpoint in ("info", "health") else errors >= {"400", "404"}


def test_only_what_can_be_waited_for_is_a_fault_of_the_server():
    faults = {code for operation in OPERATIONS.values() for code in operation["responses"] if code >= "500"}
    assert faults <= {"503"}


@pytest.mark.parametrize("endpoint", OPERATIONS)
def test_the_handlers_of_refusals_need_no_body_in_the_specification(endpoint):
    """Error responses have a description only: with a content, connexion turns dictionaries into status 500."""
    for code, response in OPERATIONS[endpoint]["responses"].items():
        if code >= "400":
            assert "content" not in resolve(response)


@pytest.mark.parametrize(("endpoint", "parameter"), ALL_PARAMETERS, ids=NAMES)
def test_every_parameter_is_described(endpoint, parameter):
    assert parameter["in"] == "query"
    assert len(parameter["description"]) > 10
    assert resolve(parameter["schema"])["type"]


@pytest.mark.parametrize(("endpoint", "parameter"), ALL_PARAMETERS, ids=NAMES)
def test_a_default_is_one_that_the_parameter_allows(endpoint, parameter):
    schema = resolve(parameter["schema"])
    if "default" in schema:
        assert not parameter.get("required")
        jsonschema.validate(schema["default"], schema)


@pytest.mark.parametrize("endpoint", [name for name in OPERATIONS if name not in ("health", "info", "states")])
def test_the_request_that_comes_back_holds_every_documented_default(api, endpoint):
    required = {item["name"]: NEEDED[item["name"]] for item in parameters(endpoint) if item.get("required")}
    defaults = {
        item["name"]: resolve(item["schema"])["default"]
        for item in parameters(endpoint)
        if "default" in resolve(item["schema"])
    }
    request = api.get(endpoint, **required)["request"]
    assert {name: request.get(name) for name in defaults} == defaults
    documented = {item["name"] for item in parameters(endpoint)}
    assert set(request) <= documented


@pytest.mark.parametrize(("endpoint", "parameter"), ALL_PARAMETERS, ids=NAMES)
def test_a_parameter_of_one_name_is_the_same_wherever_it_is_documented_once(endpoint, parameter):
    shared = SPECIFICATION["components"]["parameters"].get(parameter["name"])
    if shared and endpoint != "cuts":  # which takes a list of thresholds
        assert parameter == shared


def test_the_dims_are_those_that_windows_know():
    described = SPECIFICATION["components"]["parameters"]["dims"]["description"]
    for name in windows.PLAIN_DIMENSIONS:
        assert f"`{name}`" in described
        assert name in SPECIFICATION["components"]["schemas"]["Context"]["properties"]


def test_the_transforms_are_those_of_the_format():
    assert SPECIFICATION["components"]["parameters"]["transform"]["schema"]["enum"] == list(TRANSFORMS)


def test_the_specification_is_served_with_its_documentation(api):
    assert api.client.get("/api/v2/openapi.json").json()["paths"].keys() == SPECIFICATION["paths"].keys()
    assert api.client.get("/api/v2/ui/").status_code == 200
