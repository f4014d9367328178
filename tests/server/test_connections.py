"""Who does not read, does not ask, or goes away: nobody else is kept from an answer."""

import json
import re
import socket
import struct
import time
from contextlib import ExitStack, suppress
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import pytest

from lstmvis.server.sending import MADE_AT_A_TIME, WAITING
from tests.project_directory import write_small_project
from tests.server.pressing import ANSWER_WHEN_TOLD, LARGE, asking, changed_server, reading_nothing, tell_to_answer
from tests.serving import wait_until_served

SIZE = 128 + 4 * 20_000 * 100  # of the large answer: the header of .npy, and the states
SOON = 60  # seconds, for what takes one on an idle machine


@pytest.fixture
def serve_with(tmp_path):
    """Serve the project with changes; gives the process and where it listens, which answers by then."""
    with ExitStack() as stack:

        def serve(changes):
            write_small_project(tmp_path / "p", np.ones((20_000, 100), "f4"))
            process, place = stack.enter_context(changed_server(tmp_path, changes))
            wait_until_served(f"http://{place[0]}:{place[1]}")
            return process, place

        yield serve


def read_large(place):
    """The length of the large answer, once there is room for it."""
    deadline = time.monotonic() + SOON
    while True:
        try:
            with urlopen(f"http://{place[0]}:{place[1]}{LARGE}", timeout=30) as answer:
                return len(answer.read())
        except HTTPError as error:
            if error.code != 429 or time.monotonic() > deadline:
                raise
            error.close()
            time.sleep(0.1)


def rest_of(connection):
    """What comes until the server ends the connection."""
    received = b""
    with suppress(ConnectionError):
        while piece := connection.recv(1 << 16):
            received += piece
    return received


def words_of(process):
    process.terminate()
    said = process.communicate(timeout=30)[0]
    assert "Traceback" not in said, said
    return said


def test_who_takes_nothing_of_a_large_answer_loses_its_place(serve_with):
    process, place = serve_with("connections.LOOK_S = 0.5")
    with ExitStack() as readers:
        connections = [readers.enter_context(reading_nothing(place)) for _ in range(MADE_AT_A_TIME + WAITING)]
        assert read_large(place) == SIZE
        assert any(len(rest_of(connection)) < SIZE for connection in connections)
    said = words_of(process)
    assert "Given up: an answer of which its reader took less than 300000 bytes in 0 s." in said
    assert re.search(r"GET /api/v2/states .* 200 \d+ ms", said)


def test_who_reads_slowly_gets_all_of_it(serve_with):
    process, place = serve_with("connections.LOOK_S = 1.0")
    with reading_nothing(place) as connection:
        received = b""
        while len(received) < SIZE:
            piece = connection.recv(100_000)
            assert piece, f"ended after {len(received):,} bytes"
            received += piece
            time.sleep(0.01)
    assert "Given up" not in words_of(process)


def test_who_does_not_go_on_asking_is_let_go(serve_with):
    _, place = serve_with("connections.LOOK_S = 0.2")
    with ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(place, timeout=SOON)) for _ in range(3)]
        connections[1].sendall(b"GET /api/v2/inf")
        connections[2].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        assert [rest_of(connection) for connection in connections] == [b"", b"", b""]


def test_nobody_is_hurried_while_the_answer_is_being_made(serve_with):
    process, place = serve_with(ANSWER_WHEN_TOLD + "connections.LOOK_S = 0.2")
    with asking(process, place) as connection:
        for _ in range(3):  # as long as three others are waited for
            with socket.create_connection(place, timeout=SOON) as idle:
                assert rest_of(idle) == b""
        tell_to_answer(process)
        answer = connection.getresponse()
        assert (answer.status, json.load(answer)["results"]) == (200, {"cells": []})


def test_who_goes_away_leaves_room_for_others(serve_with):
    """Also in the middle of an answer, by a reset; the limit for those who stay and do not read is not in play."""
    process, place = serve_with("connections.LOOK_S = 1000.0")
    for _ in range(3):
        with ExitStack() as readers:
            for _ in range(MADE_AT_A_TIME + WAITING):
                connection = readers.enter_context(reading_nothing(place))
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert read_large(place) == SIZE
    words_of(process)
