"""What is written down of a request, and what is not."""

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import numpy as np
import pytest

from lstmvis.server.app import known_parameters
from lstmvis.server.journal import NAMES, Journal
from tests.project_directory import write_directory

SECRET = "Rumpelstilzchen"
KNOWN = known_parameters()


@pytest.fixture(scope="module")
def api(tmp_path_factory, serve):
    root = tmp_path_factory.mktemp("projects")
    config = {
        "files": {"states": "states.hdf5", "words": "words.json"},
        "word_sequence": {"file": "states", "path": "ids", "dict_file": "words"},
        "states": {"file": "states", "types": [{"path": "s", "transform": "none"}]},
    }
    arrays = {"states.hdf5": {"s": np.ones((4, 3), "f4"), "ids": np.zeros(4, int)}}
    write_directory(root / "p", config, arrays, {"words.json": f'["{SECRET}"]'})
    return serve(root)


@pytest.fixture
def written(api, caplog):
    """Ask, and give the level and the words of the one line that this writes."""

    def ask(path, query="", app=None):
        async def receive():
            return {"type": "http.request"}

        async def send(message):
            pass

        address = {"path": path, "raw_path": path.encode("ascii", "replace"), "query_string": query.encode()}
        scope = {"type": "http", "method": "GET", "http_version": "1.1", "scheme": "http", "asgi": {"version": "3.0"}}
        headers = {"headers": [(b"host", b"localhost")]}
        caplog.clear()
        with caplog.at_level(logging.INFO, "lstmvis.server.journal"):
            journal = Journal(app or api.app, KNOWN)
            with ThreadPoolExecutor(1) as thread:  # in this one another test may have left a loop that runs
                thread.submit(asyncio.run, journal({**scope, **address, **headers}, receive, send)).result()
        [line] = [record for record in caplog.records if record.name == "lstmvis.server.journal"]
        said = line.getMessage()
        assert len(said.splitlines()) == 1
        return line.levelname, re.sub(r"\b\d+ ms\b", "N ms", said)

    return ask


WHERE = "project=p&source=states::s"


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (("/api/v2/info",), ("INFO", "GET /api/v2/info 200 N ms")),
        (("/",), ("INFO", "GET / 200 N ms")),
        (
            ("/api/v2/context", f"{WHERE}&pos=1,2&dims=words&cells=0,1"),
            ("INFO", "GET /api/v2/context project=p source=states::s pos=1,2 dims=words cells 200 N ms"),
        ),
        (
            ("/api/v2/match", f"{WHERE}&cells=1&page={SECRET}.1&token={SECRET}&%71={SECRET}"),
            ("INFO", "GET /api/v2/match project=p source=states::s cells page q 200 N ms"),
        ),
        (("/api/v2/search", f"project=p&q={SECRET}"), ("INFO", "GET /api/v2/search project=p q 200 N ms")),
        (
            ("/api/v2/search", f"project=p&q={SECRET}(%3F={SECRET})&kind=regex&case=false"),
            (
                "WARNING",
                "GET /api/v2/search project=p q kind=regex case=false 400 N ms: "
                "Parameter 'q' must be a regular expression",
            ),
        ),
        (
            ("/api/v2/search", f"project=p&q={SECRET * 100}"),
            (
                "WARNING",
                "GET /api/v2/search project=p q 400 N ms: Parameter 'q' must be text of at most 1,000 characters",
            ),
        ),
        (
            ("/api/v2/search", "project=x&q=a"),
            ("WARNING", "GET /api/v2/search project=x q 404 N ms: There is no project 'x'. There are: p."),
        ),
        (
            ("/api/v2/context", f"{WHERE}&pos=0&left=-{SECRET}"),
            (
                "WARNING",
                "GET /api/v2/context project=p source=states::s pos=0 left 400 N ms: "
                "Parameter 'left' must be an integer of at least 0",
            ),
        ),
        (
            ("/api/v2/states", f"{WHERE}&from={'1' * 60}&to=0"),
            (
                "WARNING",
                "GET /api/v2/states project=p source=states::s from to=0 400 N ms: Parameter 'to' must be a position "
                "from 'from' on, which is 9007199254740992; it is 0.",
            ),
        ),
    ],
)
def test_a_request_has_a_line(written, asked, line):
    assert written(*asked) == line


def test_text_of_the_corpus_is_not_written_down(written):
    """Neither what comes back, nor a text that somebody has given for something else."""
    assert SECRET not in written("/api/v2/context", f"{WHERE}&pos=1&dims=words")[1]
    right = {"project": "p", "source": "states::s", "pos": "0", "activation": "0.5", "cells": "0", "from": "0"}
    right |= {"to": "1", "q": "a", "left": "1"}
    for endpoint in ("match", "search"):
        for name in KNOWN - NAMES.keys():
            for text in (f"1 {SECRET}", f"{SECRET}, not {SECRET}", SECRET * 100):
                assert SECRET not in written(f"/api/v2/{endpoint}", urlencode(right | {name: text}))[1]


def test_no_request_writes_a_line_of_its_own(written):
    forged = "%0a2026-01-01 GET /forged%0d%1b[2J%e2%80%a8x"
    level, line = written(f"/x{forged}".replace(" ", "%20"), f"project={forged}&pos={forged}")
    assert level == "WARNING"
    assert line.startswith("GET /x%0a2026")
    assert written("/api/v2/search", f"project={forged}&q=a")[1].count(r"\n2026") == 2


@pytest.mark.parametrize(
    ("status", "level"), [(200, "INFO"), (304, "INFO"), (409, "INFO"), (429, "WARNING"), (503, "INFO"), (500, "ERROR")]
)
def test_what_went_wrong_can_be_told_from_what_is_usual(written, status, level):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": SECRET.encode()})

    assert written("/x", app=app) == (level, f"GET /x {status} N ms")


def test_an_answer_that_the_end_of_the_server_cuts_off_is_written_down(written):
    async def app(scope, receive, send):
        raise asyncio.CancelledError

    line = "GET /x no answer N ms: Given up, because the server was told to stop."
    assert written("/x", app=app) == ("WARNING", line)
