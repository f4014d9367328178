"""Several processes that answer at one address."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

import numpy as np
import pytest

from lstmvis.server.access import Access
from lstmvis.server.running import Duty
from lstmvis.server.workers import _told, _understood
from lstmvis.tools.cli import main
from tests.project_directory import write_small_project
from tests.server.pressing import LARGE, reading_nothing, wait_until_closed
from tests.serving import wait_until_served

SOON = 60  # seconds, for what takes two on an idle machine
MATCH = "/api/v2/match?project=p&source=states::s&cells=0,1&activation=0.5"
TOKEN = "a-token-of-enough-length"
ENDED = "Of the processes that answer one has ended"


@pytest.fixture
def projects(tmp_path):
    write_small_project(tmp_path / "p", (np.random.default_rng(3).random((20_000, 100)) > 0.3).astype("f4"))
    return tmp_path


@contextmanager
def served_by(workers, directory, **more):
    """The process that looks after the others, where it listens, and the file that all write their lines to."""
    command = [sys.executable, "-m", "lstmvis.tools.cli", "serve", str(directory), "--port", "0", "--no-browser"]
    command += ["--workers", str(workers), "--log", "requests"]
    with (directory / "log").open("w+") as log, ExitStack() as stack:
        process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, **more))
        stack.callback(process.kill)  # the others end by themselves
        address = re.search(r"http://[^\s?]+", process.stdout.readline())[0]
        wait_until_served(address, SOON)
        yield process, address, directory / "log"


def get(address, seconds=SOON):
    """Once more where the process that was to answer is killed meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urlopen(address, timeout=20) as answer:
                return answer.read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def who_answered(log):
    """The processes with lines in the log, in their order, each once."""
    return list(dict.fromkeys(int(number) for number in re.findall(r"\[(\d+)\] GET", log.read_text())))


def wait_for(condition):
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(number):
    with suppress(ProcessLookupError):
        os.kill(number, 0)
        return True
    return False


def test_all_give_the_same_answers_and_know_each_others_visitors(projects):
    environment = os.environ | {"LSTMVIS_TOKEN": TOKEN}
    with served_by(2, projects, env=environment) as (_, address, log):
        visitor = build_opener(HTTPCookieProcessor())
        visitor.open(f"{address}/?token={TOKEN}", timeout=20).close()
        answers = set()

        def both_have_answered():
            with visitor.open(address + MATCH, timeout=20) as answer:
                answers.add(answer.read())
            return len(who_answered(log)) == 2

        wait_for(both_have_answered)
    assert len(answers) == 1
    assert json.loads(answers.pop())["results"]["rankingDetail"]


def test_another_process_takes_the_place_of_one_that_was_killed(projects):
    with served_by(2, projects) as (process, address, log):
        alone = get(address + MATCH)
        killed = set()
        while len(killed) < 3:  # more than there were at first
            number = who_answered(log)[-1]
            if number not in killed:
                os.kill(number, signal.SIGKILL)
                killed.add(number)
            assert get(address + MATCH) == alone
        wait_for(lambda: log.read_text().count(ENDED) == 3)
        assert get(address + MATCH) == alone
        process.terminate()
        assert process.wait(SOON) == 0
    assert "(status -9)" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_all_end_when_it_is_told_to_stop(projects):
    with served_by(2, projects) as (process, address, log):
        get(address + LARGE)
        process.send_signal(signal.SIGINT)
        assert process.wait(SOON) == 0
        assert not any(map(is_running, who_answered(log)))
    assert not re.search(f"Traceback|{ENDED}", log.read_text())


def test_told_twice_all_end_at_once(projects):
    with served_by(2, projects) as (process, address, log):
        place = urlsplit(address)
        with reading_nothing((place.hostname, place.port)):
            process.terminate()
            wait_until_closed((place.hostname, place.port))
            process.terminate()
            assert process.wait(SOON) == -signal.SIGTERM
        assert not any(map(is_running, who_answered(log)))


def test_none_goes_on_when_the_one_that_looks_after_them_was_killed(projects):
    with served_by(2, projects) as (process, address, _):
        process.kill()
        place = urlsplit(address)
        wait_until_closed((place.hostname, place.port))


def test_a_number_of_processes_that_there_cannot_be_is_refused(tmp_path, capsys):
    for number in ("0", "-1", "two"):
        with pytest.raises(SystemExit):
            main(["serve", str(tmp_path), "--workers", number])
        assert f"must be a whole number from 1, not '{number}'" in capsys.readouterr().err


def test_the_duty_is_handed_on_as_it_is():
    access = Access(frozenset({"gpu5.lab", "proxy"}), any_address=True, token=TOKEN)
    duty = Duty(Path("/projects of\nmine\udce9"), access, every_request=True, is_shared=True)
    assert _understood(json.loads(json.dumps(_told(duty)))) == duty
