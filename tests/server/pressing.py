"""A server, as a process of its own, that takes longer than usual or waits less long; and who asks it.

The project is `p`, of 20,000 x 100 states.
"""

import http.client
import re
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit

LOOK = "/api/v2/context?project=p&source=states::s&pos=0"
LARGE = "/api/v2/states?project=p&source=states::s&from=0&to=19999"  # 8 MB: more than a socket takes

CHANGED = """
import sys, threading, time
from lstmvis.server import connections, handlers, index, running
from lstmvis.tools.cli import main
{changes}
sys.exit(main(["serve", sys.argv[1], "--port", "0", "--no-browser", "--log", "requests"]))
"""
ANSWER_WHEN_TOLD = """
read = handlers.read_windows
def when_told(*arguments):
    print("reading", flush=True)
    sys.stdin.readline()
    return read(*arguments)
handlers.read_windows = when_told
"""


@contextmanager
def changed_server(directory, changes):
    """The server, with what takes it longer, or less long; gives it and where it listens."""
    command = [sys.executable, "-c", CHANGED.format(changes=changes), str(directory)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, text=True, **pipes) as process:
        try:
            place = urlsplit(re.search(r"http://\S+", process.stdout.readline())[0])
            yield process, (place.hostname, place.port)
        finally:
            process.kill()


@contextmanager
def asking(process, place):
    """A request whose answer is being made: its connection."""
    with closing(http.client.HTTPConnection(*place, timeout=30)) as connection:
        connection.request("GET", LOOK)
        wait_for_line(process, "reading\n")
        yield connection


@contextmanager
def reading_nothing(place):
    """A connection with a large answer of which nothing but the beginning is read."""
    with socket.create_connection(place, timeout=30) as connection:
        connection.sendall(f"GET {LARGE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert connection.recv(5) == b"HTTP/"
        yield connection


def wait_for_line(process, line):
    while (said := process.stdout.readline()) != line:
        assert said, "it has ended"


def tell_to_answer(process):
    process.stdin.write("\n")
    process.stdin.flush()


def wait_until_closed(place, seconds=20):
    deadline = time.monotonic() + seconds
    with suppress(ConnectionRefusedError):
        while True:
            socket.create_connection(place, timeout=5).close()
            assert time.monotonic() < deadline
            time.sleep(0.02)
