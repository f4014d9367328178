"""Bytes that are no request, or nearly one, sent to a running server: each is answered or refused, and it goes on."""

import http.client
import re
import socket
import subprocess
from urllib.parse import urlsplit

import numpy as np
import pytest

from lstmvis.server.running import LONGEST_REQUEST
from lstmvis.server.trimming import LONGEST_ADDRESS
from tests.project_directory import write_small_project
from tests.serving import serving

END = b"Host: localhost\r\nConnection: close\r\n\r\n"
INFO = b"GET /api/v2/info HTTP/1.1\r\n"
CUTS = b"GET /api/v2/cuts?project=p&source=states::s&activation=0"
ANY_SIZE = b"Transfer-Encoding: chunked\r\n"
BOUND_MEGABYTES = 100
REQUESTS = {
    "no line": (b"\r\n\r\n\r\n", {400}),
    "not HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    "a line of another protocol": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", {400}),
    "no host": (b"GET / HTTP/1.0\r\n\r\n", {400}),
    "no host in 1.1": (b"GET / HTTP/1.1\r\n\r\n", {400}),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + END, {400}),
    "another host": (b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", {421}),
    "a whole address": (b"GET http://evil.example/api/v2/info HTTP/1.1\r\n" + END, {404}),
    "a star": (b"OPTIONS * HTTP/1.1\r\n" + END, {405}),
    "to connect": (b"CONNECT evil.example:443 HTTP/1.1\r\n" + END, {405}),
    "another version": (b"GET / HTTP/9.9\r\n" + END, {200, 400, 505}),
    "a NUL": (b"GET /\x00 HTTP/1.1\r\n" + END, {400}),
    "bytes beyond ASCII": (CUTS + b"\xff HTTP/1.1\r\n" + END, {400}),
    "percent-encoded rubbish": (CUTS + b"&%ff=%00&%&%zz&%u0041 HTTP/1.1\r\n" + END, {200}),
    "rubbish as a path": (b"GET /%ff%fe%00%0d%0aX:1/..%2f..%5c HTTP/1.1\r\n" + END, {404}),
    "up": (b"GET /../../../etc/passwd HTTP/1.1\r\n" + END, {404}),
    "up, encoded": (b"GET /api/v2/ui/%2e%2e/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + END, {404}),
    "up, encoded twice": (b"GET /assets/%252e%252e%252f%252e%252e/x HTTP/1.1\r\n" + END, {404}),
    "two slashes": (b"GET //evil.example/client HTTP/1.1\r\n" + END, {404}),
    "two slashes before the end": (b"GET //evil.example// HTTP/1.1\r\n" + END, {404}),
    "an encoded slash": (b"GET /api/v2/%2finfo HTTP/1.1\r\n" + END, {404}),
    "a slash more": (b"GET /api/v2/info/ HTTP/1.1\r\n" + END, {307}),
    "the longest address": (b"GET /" + b"x" * (LONGEST_ADDRESS - 1) + b" HTTP/1.1\r\n" + END, {404}),
    "a longer address": (b"GET /" + b"x" * LONGEST_ADDRESS + b" HTTP/1.1\r\n" + END, {414}),
    "a slash after the other": (b"GET " + b"/" * LONGEST_ADDRESS + b" HTTP/1.1\r\n" + END, {200, 404}),
    "ever deeper": (b"GET /api/v2" + b"/a" * 130_000 + b" HTTP/1.1\r\n" + END, {404}),
    "names without end": (CUTS + b"".join(b"&x%d" % n for n in range(30_000)) + b" HTTP/1.1\r\n" + END, {200}),
    "one name without end": (CUTS + b"&activation=0" * 2000 + b" HTTP/1.1\r\n" + END, {200}),
    "an empty name without end": (CUTS + b"&=" * 100_000 + b" HTTP/1.1\r\n" + END, {200}),
    "headers without end": (INFO + b"".join(b"x%d: y\r\n" % n for n in range(30_000)) + END, {200}),
    "one long header": (INFO + b"x: " + b"y" * 200_000 + b"\r\n" + END, {200}),
    "cookies without end": (INFO + b"Cookie: " + b"a=b; " * 50_000 + b"\r\n" + END, {200}),
    "more than is read": (INFO + b"x: " + b"y" * 2 * LONGEST_REQUEST + b"\r\n" + END, {400}),
    "a header that is none": (INFO + b"no colon\r\n" + END, {400}),
    "a folded header": (INFO + b"x: a\r\n b\r\n" + END, {200, 400}),
    "headers beyond ASCII": (
        INFO + b"Accept: \xff\r\nOrigin: \xfe\r\nIf-None-Match: \xfd\r\nRange: \xfc\r\n" + END,
        {200},
    ),
    "two lengths": (INFO + b"Content-Length: 1\r\nContent-Length: 2\r\n" + END + b"ab", {400}),
    "a length that is none": (INFO + b"Content-Length: -1\r\n" + END, {400}),
    "a length and chunks": (INFO + b"Content-Length: 1\r\n" + ANY_SIZE + END + b"0\r\n\r\n", {200, 400}),
    "chunks": (INFO + ANY_SIZE + END + b"5\r\nhello\r\n0\r\n\r\n", {200}),
    "chunks that are none": (INFO + ANY_SIZE + END + b"hello\r\n", {200, 400}),
    "a body that does not come": (INFO + b"Content-Length: 1000000000000\r\n" + END, {200}),
    "a body that is waited for": (INFO + b"Expect: 100-continue\r\nContent-Length: 5\r\n" + END, {200}),
    "a WebSocket": (
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n"
        b"Host: localhost\r\nConnection: Upgrade, close\r\n\r\n",
        {200, 400},
    ),
    "a part": (b"GET /index.html HTTP/1.1\r\nRange: bytes=0-5\r\n" + END, {206}),
    "parts that are none": (b"GET /index.html HTTP/1.1\r\nRange: bytes=9-5,1-1,x\r\n" + END, {416}),
    "parts without end": (b"GET /index.html HTTP/1.1\r\nRange: bytes=" + b"0-0," * 10_000 + b"1-1\r\n" + END, {416}),
    "a part of data": (INFO + b"Range: bytes=0-5\r\n" + END, {200}),
    "the head": (b"HEAD /api/v2/info HTTP/1.1\r\n" + END, {200}),
    "the head of what is not there": (b"HEAD /nothing HTTP/1.1\r\n" + END, {404}),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The host and the port, and the process."""
    root = tmp_path_factory.mktemp("projects")
    write_small_project(root / "p", np.ones((100, 5), "f4"))
    with serving(root, stderr=subprocess.DEVNULL) as (address, process):
        place = urlsplit(address)
        yield (place.hostname, place.port), process


def exchange(place, sent):
    """What comes back until the server ends the connection, which it does in time."""
    received = b""
    with socket.create_connection(place, timeout=20) as connection:
        try:
            connection.sendall(sent)
            while piece := connection.recv(1 << 16):
                received += piece
        except ConnectionError:  # it may end it while it is still sent to
            pass
    return received


def memory(process):
    """Megabytes that no file is behind."""
    with open(f"/proc/{process.pid}/status") as status:
        return int(re.search(r"RssAnon:\s+(\d+)", status.read())[1]) / 1024


@pytest.mark.parametrize("kind", REQUESTS)
def test_it_is_answered_or_refused(running, kind):
    place, process = running
    sent, statuses = REQUESTS[kind]
    before = memory(process)
    received = exchange(place, sent)
    if received or kind != "more than is read":
        assert int(re.match(rb"HTTP/1\.1 (\d{3}) ", received)[1]) in statuses
    assert b"Traceback" not in received
    assert not re.search(rb"(?im)^(x|location): *(1|//|http://evil)", received.partition(b"\r\n\r\n")[0])
    assert memory(process) - before < BOUND_MEGABYTES
    assert exchange(place, INFO + END).startswith(b"HTTP/1.1 200 ")


def test_many_requests_one_after_the_other_on_one_connection_are_answered_in_their_order(running):
    place, _ = running
    methods = ["GET", "HEAD", "DELETE", "GET"]
    sent = b"".join(f"{method} /api/v2/info HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for method in methods * 10)
    received = exchange(place, sent + INFO + END)
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]
    assert statuses == [200, 200, 405, 200] * 10 + [200]


def test_connections_that_ask_nothing_keep_nobody_from_asking(running):
    place, _ = running
    idle = [socket.create_connection(place, timeout=20) for _ in range(200)]
    for number, connection in enumerate(idle):
        connection.sendall((INFO + END)[: number % 40])
    asking = http.client.HTTPConnection(*place, timeout=20)
    asking.request("GET", "/api/v2/info")
    assert asking.getresponse().status == 200
    asking.close()
    for connection in idle:
        connection.close()
