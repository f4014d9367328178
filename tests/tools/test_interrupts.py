"""Ctrl-C stops a command, also where Python cannot raise it."""

import os
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from lstmvis.data import placing, writing
from lstmvis.data.project import Project
from lstmvis.tools.cli import main


class Destroyed:
    """What raises an interrupt where Python prints and forgets it."""

    def __del__(self):
        signal.raise_signal(signal.SIGINT)


@pytest.fixture
def lost(monkeypatch):
    """What was printed and forgotten."""
    exceptions = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: exceptions.append(what.exc_type))
    return exceptions


@pytest.fixture
def states(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("hidden.npy", np.eye(9, dtype="f4"))
    return ["import", "p", "--states", "hidden.npy"]


@pytest.mark.parametrize(
    ("what", "name"),
    [
        (writing.ProjectWriter, "_refuse_to_overwrite"),
        (placing.tempfile, "mkdtemp"),
        (h5py.File, "__init__"),
        (h5py.Dataset, "__setitem__"),
    ],
)
def test_an_interrupt_that_is_swallowed_stops_all_the_same(tmp_path, states, lost, monkeypatch, capsys, what, name):
    assert main([*states, "--name", "older"]) == 0
    function = getattr(what, name)

    def interrupted(*arguments, **options):
        if not lost:
            Destroyed()
        return function(*arguments, **options)

    monkeypatch.setattr(what, name, interrupted)
    assert main([*states, "--replace"]) == 130
    assert capsys.readouterr().err == "lstmvis: stopped\n"
    assert set(lost) == {KeyboardInterrupt}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hidden.npy", "p"]
    assert Project(tmp_path / "p").name == "older"
    monkeypatch.undo()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(("what", "name"), [(h5py.File, "close"), (writing.yaml, "safe_dump")])
def test_an_interrupt_while_a_project_is_closed_stops_it(tmp_path, states, monkeypatch, what, name):
    function = getattr(what, name)

    def interrupted(*arguments, **options):
        signal.raise_signal(signal.SIGINT)
        return function(*arguments, **options)

    monkeypatch.setattr(what, name, interrupted)
    assert main(states) == 130
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hidden.npy"]


def test_an_interrupt_between_two_commands_is_not_carried_into_the_next(states, lost):
    Destroyed()
    assert lost == [KeyboardInterrupt]
    assert main(states) == 0


@pytest.mark.parametrize("can_exchange", [True, False])
def test_what_has_begun_to_replace_an_older_project_is_not_left_half_done(tmp_path, states, monkeypatch, can_exchange):
    assert main([*states, "--name", "older"]) == 0
    rename = placing.exchange if can_exchange else placing.os.rename

    def interrupted(old, new):
        done = rename(old, new)
        signal.raise_signal(signal.SIGINT)
        return done

    if not can_exchange:
        monkeypatch.setattr(placing, "exchange", lambda one, other: False)
    monkeypatch.setattr(*((placing, "exchange") if can_exchange else (placing.os, "rename")), interrupted)
    assert main([*states, "--replace", "--name", "newer"]) == 130
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hidden.npy", "p"]
    assert Project(tmp_path / "p").name == "newer"


def test_a_command_that_is_to_ignore_interrupts_ignores_them(states, monkeypatch):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        monkeypatch.setattr(writing.ProjectWriter, "__enter__", _raising_first(writing.ProjectWriter.__enter__))
        assert main(states) == 0
    finally:
        signal.signal(signal.SIGINT, before)


TERMINATED = """
import os, signal, sys
from lstmvis.data.writing import ProjectWriter
from lstmvis.tools.cli import main

def terminated(*arguments, **options):
    print("it has begun")
    os.kill(os.getpid(), signal.SIGTERM)

ProjectWriter.create_source = terminated
sys.exit(main(sys.argv[1:]))
"""


def test_a_command_that_is_terminated_leaves_nothing_half_done_and_ends_by_that_signal(tmp_path, states):
    ended = subprocess.run([sys.executable, "-c", TERMINATED, *states], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGTERM, "it has begun\n", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hidden.npy"]


def test_what_handles_termination_otherwise_is_left_to_it(states, monkeypatch):
    told = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: told.append(number))
    try:
        monkeypatch.setattr(writing.ProjectWriter, "__enter__", _terminated_first(writing.ProjectWriter.__enter__))
        assert main(states) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert told == [signal.SIGTERM]


def _terminated_first(function):
    def called(*arguments):
        os.kill(os.getpid(), signal.SIGTERM)
        return function(*arguments)

    return called


def _raising_first(function):
    def called(*arguments):
        signal.raise_signal(signal.SIGINT)
        return function(*arguments)

    return called
