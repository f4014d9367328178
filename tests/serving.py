"""The server as a process of its own, as its users start it."""

import re
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import urlopen


@contextmanager
def serving(directory, *options, environment=None, stderr=None):
    """Serve a directory with the command that users have; gives its address without a token, and the process."""
    command = [sys.executable, "-m", "lstmvis.tools.cli", "serve", str(directory), "--port", "0", "--no-browser"]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment
    ) as server:
        try:
            announced = re.search(r"http://[^\s?]+", server.stdout.readline())
            assert announced, "the server does not say where it listens"
            address = announced[0].rstrip("/")
            wait_until_served(address)
            yield address, server
        finally:
            server.terminate()


def wait_until_served(address, seconds=30):
    """It announces itself a moment before it answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return urlopen(address, timeout=5).close()
        except HTTPError:
            return None  # it answers, if only that a token is needed
        except OSError:  # nobody listens yet, or nobody answers
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
