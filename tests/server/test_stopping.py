"""How a server ends that is told to stop, as a process of its own."""

import json
import re
import signal
import socket
import time
from contextlib import ExitStack
from urllib.request import urlopen

import numpy as np
import pytest

from lstmvis.data.project import Project
from lstmvis.data.writing import ProjectWriter
from lstmvis.server.index import build_index, open_index
from tests.project_directory import write_small_project
from tests.server.pressing import (
    ANSWER_WHEN_TOLD,
    asking,
    changed_server,
    reading_nothing,
    tell_to_answer,
    wait_for_line,
    wait_until_closed,
)
from tests.serving import wait_until_served


@pytest.fixture
def projects(tmp_path):
    write_small_project(tmp_path / "p", np.ones((20_000, 100), "f4"))
    return tmp_path


def end(process, number=signal.SIGTERM):
    """Its words and its status."""
    process.send_signal(number)
    said = process.communicate(timeout=30)[0]
    assert "Traceback" not in said, said
    return said, process.returncode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_answer_that_is_being_made_is_finished_and_nobody_else_is_answered(projects, number):
    with changed_server(projects, ANSWER_WHEN_TOLD) as (process, place), asking(process, place) as connection:
        process.send_signal(number)
        wait_until_closed(place)
        tell_to_answer(process)
        answer = connection.getresponse()
        assert (answer.status, json.load(answer)["results"]) == (200, {"cells": []})
        said, status = process.communicate(timeout=30)[0], process.returncode
    assert status == 0
    assert "Traceback" not in said
    assert re.search(rf"{re.escape('GET /api/v2/context project=p source=states::s pos=0')} 200 \d+ ms", said)


def test_an_answer_that_takes_too_long_is_given_up(projects):
    changes = ANSWER_WHEN_TOLD + "running.FINISHING_S = 0.3"
    with changed_server(projects, changes) as (process, place), asking(process, place):
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        assert process.returncode == 0
        assert "no answer" in process.stdout.read()


def test_a_reader_that_takes_nothing_holds_it_up_for_a_while_only(projects):
    with changed_server(projects, "running.FINISHING_S = 0.3") as (process, place), ExitStack() as readers:
        for _ in range(3):
            readers.enter_context(reading_nothing(place))
        assert end(process)[1] == 0


def test_an_idle_connection_does_not_hold_it_up(projects):
    with changed_server(projects, "running.FINISHING_S = 1000") as (process, place), ExitStack() as idle:
        connections = [idle.enter_context(socket.create_connection(place, timeout=30)) for _ in range(3)]
        connections[1].sendall(b"GET / HT")
        with urlopen(f"http://{place[0]}:{place[1]}/api/v2/health") as answer:
            assert answer.read()
        assert end(process)[1] == 0


def test_an_index_that_is_being_built_is_given_up_and_nothing_is_left_of_it(tmp_path):
    with ProjectWriter(tmp_path / "p", "p", "") as project:
        project.create_source("s", steps=50_000, cells=50)[:] = np.random.default_rng(1).normal(size=(50_000, 50))
    part = "index.BLOCK_BYTES = 10_000\n"
    part += "encode = index.kernels.encode\ndef slowly(*a):\n    time.sleep(0.02)\n    return encode(*a)\n"
    part += "index.kernels.encode = slowly"
    directory = tmp_path / "p" / ".lstmvis" / "index"
    with changed_server(tmp_path, part) as (process, place):
        wait_until_served(f"http://{place[0]}:{place[1]}")
        deadline = time.monotonic() + 30
        while not list(directory.glob("*.part/by_step.npy")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert end(process)[1] == 0
    assert [entry.suffix for entry in directory.iterdir()] == [".lock"]
    source = Project(tmp_path / "p").sources["states::s"]
    assert open_index(tmp_path / "p", source) is None
    assert build_index(tmp_path / "p", source)


def test_it_may_be_told_before_it_serves(projects):
    slowly = "def slowly(*a):\n    print('opening', flush=True)\n    sys.stdin.readline()\nrunning.create_app = slowly"
    with changed_server(projects, slowly) as (process, _):
        wait_for_line(process, "opening\n")
        assert end(process)[1] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_twice_it_ends_at_once(projects, number):
    changes = ANSWER_WHEN_TOLD + "running.FINISHING_S = 1000"
    with changed_server(projects, changes) as (process, place), asking(process, place):
        process.send_signal(number)
        wait_until_closed(place)
        assert end(process, number)[1] == -number
