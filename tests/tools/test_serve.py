import re
import signal
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from lstmvis.tools import serve
from lstmvis.tools.cli import main
from tests.project_directory import write_small_project


@pytest.fixture
def start(tmp_path):
    """Run the command as a process of its own; gives it and the address that it announces."""
    write_small_project(tmp_path / "p")
    started = []

    def run(*options):
        command = [sys.executable, "-m", "lstmvis.tools.cli", "serve", str(tmp_path), "--no-browser", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        started.append(process)
        return process, re.search(r"http://\S+", process.stdout.readline())[0]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def fetch(address, seconds=20):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return urlopen(address, timeout=5).read()
        except URLError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_projects_are_served_until_the_server_is_told_to_stop(start, stop):
    process, address = start("--port", "0")
    assert b'"project":"p"' in fetch(f"{address}/api/v2/info")
    assert b"<!doctype html>" in fetch(address).lower()
    process.send_signal(stop)
    output, _ = process.communicate(timeout=20)
    assert "Traceback" not in output


def test_nothing_is_served_to_other_machines_unless_asked_for(start):
    _, address = start("--port", "0")
    assert address.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", str(tmp_path), "--no-browser", "--port", str(port)]) == 1
    assert f"Cannot listen on 127.0.0.1, port {port}: Address already in use." in capsys.readouterr().err


def test_a_directory_that_is_not_there_is_told_in_a_sentence(tmp_path, capsys):
    assert main(["serve", str(tmp_path / "gone"), "--no-browser"]) == 1
    assert "gone is not a directory" in capsys.readouterr().err


@pytest.mark.parametrize("opening", ["", "/?project=mine&pos=3"])
def test_the_browser_is_opened_at_the_projects_or_at_a_view(tmp_path, monkeypatch, opening):
    class AtOnce:
        def __init__(self, seconds, function, arguments):
            self.start = lambda: function(*arguments)

    opened = []
    monkeypatch.setattr(serve.threading, "Timer", AtOnce)
    monkeypatch.setattr(serve.webbrowser, "open", opened.append)
    monkeypatch.setattr("uvicorn.Server.run", lambda server, sockets: sockets[0].close())
    assert serve.serve_directory(tmp_path, "127.0.0.1", 0, True, opening) == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+" + re.escape(opening), opened[0])


def test_an_opening_view_is_that_of_the_project_as_it_is_served(tmp_path):
    write_small_project(tmp_path / "a" / "x y", opening="pos=3&range=4,5")
    write_small_project(tmp_path / "b" / "x y")
    assert serve.opening_path(tmp_path, tmp_path / "a" / "x y") == "/?project=a__x+y&pos=3&range=4,5"
    assert serve.opening_path(tmp_path, tmp_path / "b" / "x y") == ""
