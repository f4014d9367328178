"""Indexes that are built in the background, and what the server does meanwhile."""

import os
import resource
import shutil
import threading
import time

import numpy as np
import pytest

from lstmvis.data import add_annotation
from lstmvis.data.writing import ProjectWriter
from lstmvis.server import indexing
from lstmvis.server.index import IndexingError, build_index

QUERY = {"project": "p", "source": "states::states", "cells": [0, 2]}


@pytest.fixture
def directory(tmp_path):
    with ProjectWriter(tmp_path / "p", "p", "") as project:
        states = project.create_source("states", steps=400, cells=3)
        states[:] = np.repeat(np.random.default_rng(4).normal(size=(100, 3)), 4, axis=0)
    return tmp_path


@pytest.fixture
def gate(monkeypatch):
    """Every source is worth an index, which is half built until the gate is opened."""
    gate = threading.Event()

    def build(project, source, progress, waiting):
        progress(0.5)
        gate.wait(10)
        return build_index(project, source, progress, waiting)

    monkeypatch.setattr(indexing, "LEAST_VALUES", 1)
    monkeypatch.setattr(indexing, "build_index", build)
    yield gate
    gate.set()


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def source_info(api):
    return api.get("info")[0]["info"]["states"]["types"][0]


def test_a_large_source_is_not_matched_before_its_index_is_there(directory, gate, serve, monkeypatch):
    monkeypatch.setattr(indexing, "SCANNED_VALUES", 1000)
    api = serve(directory)
    wait_until(lambda: source_info(api).get("indexing") == 0.5)
    response = api.raw("match", **QUERY)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert response.json()["progress"] == 0.5
    assert "50%" in response.json()["detail"]
    assert api.get("context", project="p", source="states::states", pos=3, dims="states")["results"]["states"]
    gate.set()
    wait_until(lambda: "indexing" not in source_info(api))
    assert sum(api.get("match", **QUERY)["results"]["counts"]) > 0


def test_a_smaller_source_is_matched_without_its_index_meanwhile(directory, gate, serve):
    api = serve(directory)
    wait_until(lambda: source_info(api).get("indexing") == 0.5)
    meanwhile = api.get("match", **QUERY)
    gate.set()
    wait_until(lambda: "indexing" not in source_info(api))
    assert api.get("match", **QUERY) == meanwhile


def test_an_index_that_is_there_is_used_at_once(directory, gate, serve):
    gate.set()
    api = serve(directory)
    wait_until(lambda: "indexing" not in source_info(api))
    gate.clear()
    assert "indexing" not in source_info(serve(directory))


def test_an_index_that_fails_ends_no_other(directory, serve, monkeypatch):
    with ProjectWriter(directory / "a", "a", "") as project:
        project.create_source("states", steps=4, cells=3)
    built = []

    def build(project, source, progress, waiting):
        built.append(project.name)
        raise MemoryError("too large")

    monkeypatch.setattr(indexing, "LEAST_VALUES", 1)
    monkeypatch.setattr(indexing, "build_index", build)
    api = serve(directory)
    wait_until(lambda: len(built) == 2)
    wait_until(lambda: "too large" in source_info(api).get("index_error", ""))


def test_a_source_whose_index_cannot_be_built_is_matched_all_the_same(directory, serve, monkeypatch):
    def fail(project, source, progress, waiting):
        raise IndexingError("no room")

    monkeypatch.setattr(indexing, "LEAST_VALUES", 1)
    monkeypatch.setattr(indexing, "SCANNED_VALUES", 1000)
    monkeypatch.setattr(indexing, "build_index", fail)
    api = serve(directory)
    wait_until(lambda: "indexing" not in source_info(api))
    assert sum(api.get("match", **QUERY)["results"]["counts"]) > 0


@pytest.fixture
def no_cache(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    monkeypatch.setattr(indexing, "LEAST_VALUES", 1)


def test_an_index_that_the_disk_has_no_space_for_is_done_without(directory, small_disk, serve, no_cache):
    disk, fill = small_disk
    shutil.move(directory / "p", disk / "p")
    fill(4)
    require_done_without(serve(disk), "No space left on device")
    assert [path.name for path in (disk / "p").rglob("*.npy")] == []


@pytest.mark.parametrize("most", [1, 300, 1250, 2500])
def test_an_index_that_is_larger_than_a_file_may_be_is_done_without(directory, serve, no_cache, monkeypatch, most):
    def build(project, source, *told):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
        try:
            return build_index(project, source, *told)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    monkeypatch.setattr(indexing, "build_index", build)
    require_done_without(serve(directory), "File too large")
    assert [path.name for path in (directory / "p").rglob("*.npy")] == []


def require_done_without(api, reason):
    wait_until(lambda: "indexing" not in source_info(api))
    assert source_info(api)["index_error"] == (
        "The match index could not be built: The match index of states::states takes 3,600 bytes and cannot be "
        f"written: {reason}; Not a directory."
    )
    assert sum(api.get("match", **QUERY)["results"]["counts"]) > 0


def test_a_project_that_is_annotated_while_its_index_is_built_has_it_built_once(directory, serve, monkeypatch):
    gate, built = threading.Event(), []

    def build(project, source, progress, waiting):
        progress(0.5)
        gate.wait(10)
        built.append(source.id)
        return build_index(project, source, progress, waiting)

    monkeypatch.setattr(indexing, "LEAST_VALUES", 1)
    monkeypatch.setattr(indexing, "build_index", build)
    api = serve(directory)
    wait_until(lambda: source_info(api).get("indexing") == 0.5)
    add_annotation(directory / "p", "half", ["first"] * 200 + ["second"] * 200)
    assert list(api.get("info")[0]["info"]["meta"]) == ["half"]
    gate.set()
    wait_until(lambda: "indexing" not in source_info(api))
    assert built == ["states::states"]


@pytest.mark.parametrize("scanned", [1, 10_000])
def test_an_index_that_is_cut_off_while_it_is_served_is_built_again(directory, gate, serve, monkeypatch, scanned):
    monkeypatch.setattr(indexing, "SCANNED_VALUES", scanned)
    gate.set()
    api = serve(directory)
    wait_until(lambda: "indexing" not in source_info(api))
    right = api.get("match", **QUERY)
    (codes,) = directory.rglob("by_cell.npy")
    os.truncate(codes, 500)
    gate.clear()
    assert api.raw("match", **QUERY, activation=0.31).status_code == 503
    assert api.raw("match", **QUERY, activation=0.31).status_code == (503 if scanned == 1 else 200)
    gate.set()
    wait_until(lambda: "indexing" not in source_info(api))
    assert codes.stat().st_size > 500
    assert api.get("match", **QUERY) == right
