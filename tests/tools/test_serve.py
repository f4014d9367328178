import contextlib
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from lstmvis.server.app import create_app
from lstmvis.tools import serve
from lstmvis.tools.cli import build_parser, main
from tests.project_directory import write_small_project
from tests.serving import serving


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
    assert process.returncode == 0


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
    options = build_parser().parse_args(["serve", str(tmp_path), "--port", "0"])
    assert serve.serve_directory(tmp_path, options, opening) == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+" + re.escape(opening), opened[0])


def test_an_opening_view_is_that_of_the_project_as_it_is_served(tmp_path):
    write_small_project(tmp_path / "a" / "x y", opening="pos=3&range=4,5")
    write_small_project(tmp_path / "b" / "x y")
    assert serve.opening_path(tmp_path, tmp_path / "a" / "x y") == "/?project=a__x+y&pos=3&range=4,5"
    assert serve.opening_path(tmp_path, tmp_path / "b" / "x y") == ""


# Whom it answers. What is demanded of a request is tested in tests/server/test_access.py.

TOKEN = "a-token-of-enough-length"
WORD = re.compile(r"http://\S+")


@pytest.fixture
def announce(tmp_path, monkeypatch, capsys):
    """What `serve` says and demands that would listen at an address, without doing so."""

    def run(bound, *options):
        served = []
        listening = SimpleNamespace(getsockname=lambda: (bound, 8888))
        monkeypatch.setattr(serve, "_listen", lambda host, port: listening)
        monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)
        monkeypatch.setattr(
            "lstmvis.server.running.create_app", lambda _, access, __: served.append(access) or real(tmp_path)
        )
        assert main(["serve", str(tmp_path), "--no-browser", *options]) == 0
        return WORD.search(capsys.readouterr().out)[0], served[0]

    write_small_project(tmp_path / "p")
    real = create_app
    monkeypatch.delenv("LSTMVIS_TOKEN", raising=False)
    return run


def test_this_machine_needs_no_token(announce):
    address, access = announce("127.0.0.1")
    assert access.token is None
    assert address == "http://127.0.0.1:8888"


def test_where_others_can_ask_a_token_is_made_up_and_told_once(announce):
    address, access = announce("10.0.0.7", "--host", "gpu5.lab")
    assert address == f"http://gpu5.lab:8888/?token={access.token}"
    assert re.fullmatch("[0-9a-f]{48}", access.token)
    assert announce("10.0.0.7", "--host", "gpu5.lab")[1].token != access.token


@pytest.mark.parametrize("everywhere", ["0.0.0.0", "::"])
def test_where_it_listens_at_all_addresses_it_says_the_name_of_the_machine(announce, monkeypatch, everywhere):
    monkeypatch.setattr("socket.gethostname", lambda: "gpu5")
    address, access = announce(everywhere, "--host", everywhere, "--allowed-host", "Proxy.lab")
    assert address == f"http://gpu5:8888/?token={access.token}"
    assert all(map(access.allows_host, ["gpu5:8888", "proxy.lab", "10.1.2.3:8888"]))
    assert not access.allows_host("evil.example")


@pytest.mark.parametrize("bound", ["127.0.0.1", "10.0.0.7"])
def test_a_token_from_the_environment_is_demanded_and_not_told(announce, monkeypatch, bound):
    monkeypatch.setenv("LSTMVIS_TOKEN", TOKEN)
    address, access = announce(bound, "--host", "gpu5.lab")
    assert access.token == TOKEN
    assert address == "http://gpu5.lab:8888"


def test_a_token_file_is_made_for_its_owner_only_and_kept(announce, tmp_path):
    file = tmp_path / "token"
    address, access = announce("127.0.0.1", "--token-file", str(file))
    assert address == "http://127.0.0.1:8888"
    assert file.read_text() == f"{access.token}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert announce("127.0.0.1", "--token-file", str(file))[1].token == access.token


@pytest.mark.parametrize("text", ["", "short", "with spaces in its middle", "€" * 20, "x" * 513])
def test_a_token_that_cannot_be_one_is_told_in_a_sentence(tmp_path, monkeypatch, capsys, text):
    (tmp_path / "token").write_text(text)
    assert main(["serve", str(tmp_path), "--no-browser", "--token-file", str(tmp_path / "token")]) == 1
    monkeypatch.setenv("LSTMVIS_TOKEN", text)
    assert main(["serve", str(tmp_path), "--no-browser"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(" must be 16 to 512 letters, digits")[0] for line in said] == [
        f"lstmvis: The token in {tmp_path / 'token'}",
        "lstmvis: The token in LSTMVIS_TOKEN",
    ]


def test_a_token_file_that_cannot_be_made_is_told_in_a_sentence(tmp_path, capsys):
    for file in (tmp_path / "gone" / "token", tmp_path):
        assert main(["serve", str(tmp_path), "--no-browser", "--token-file", str(file)]) == 1
    assert capsys.readouterr().err.count("The token ") == 2


def test_the_token_is_not_written_down(tmp_path):
    """Neither the token of the visitor nor a wrong one, whatever is logged."""
    write_small_project(tmp_path / "p")
    environment = os.environ | {"LSTMVIS_TOKEN": TOKEN}
    with serving(tmp_path, environment=environment, stderr=subprocess.STDOUT) as (address, process):
        for path in (f"/?token={TOKEN}", "/?token=wrong-wrong-wrong", "/api/v2/info?token=wrong-wrong-wrong"):
            with contextlib.suppress(HTTPError):
                urlopen(address + path, timeout=20).read()
        for path in ("search?project=p&q=a&source=x", "info"):  # `source` is a parameter, but none of a search
            asked = Request(f"{address}/api/v2/{path}", headers={"Authorization": f"Bearer {TOKEN}"})
            answer = urlopen(asked, timeout=20).read()
        assert b'"project":"p"' in answer
        command = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        process.terminate()
        said = process.stdout.read()
    assert re.findall(r" GET (\S+) (\d+) \d+ ms", said)[-1] == ("/api/v2/info", "200")
    assert [line for line in said.splitlines() if not re.match(r"[0-9-]+ [0-9:]+ GET ", line)] == []
    assert TOKEN not in said
    assert "wrong-wrong" not in said
    assert TOKEN.encode() not in command
