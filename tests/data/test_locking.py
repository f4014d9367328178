import errno
import fcntl
import subprocess
import sys
import threading

import pytest

from lstmvis.data import locking
from lstmvis.data.errors import ProjectError
from lstmvis.data.locking import making, writing

HOLD = """
import sys
from pathlib import Path
from lstmvis.data.locking import writing
with writing(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_another_process_is_refused_until_the_first_is_done_or_killed(tmp_path, other):
    with pytest.raises(ProjectError, match="is being written by another process"), writing(tmp_path):
        pytest.fail("held twice")
    other.kill()
    other.wait()
    with writing(tmp_path):
        pass


def test_who_has_patience_waits(tmp_path, other):
    waiting = threading.Timer(0.3, other.kill)
    waiting.start()
    with writing(tmp_path, patience=60):
        waiting.join()


def test_a_directory_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(ProjectError, match="cannot be written: No such file"), writing(tmp_path / "nowhere"):
        pass


@pytest.mark.parametrize("hold", [writing, lambda path: making(path / "model.pt")])
def test_nothing_is_left_of_a_lock(tmp_path, hold):
    with hold(tmp_path) as alone:
        assert alone
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


def test_who_gets_the_lock_of_a_file_that_is_gone_takes_the_one_that_came_after_it(tmp_path, monkeypatch):
    lock, locked = tmp_path / locking.LOCK_NAME, locking._locked
    lock.touch()
    first = lock.stat()

    def replaced_first(descriptor):
        if len(list(tmp_path.iterdir())) == 1:
            lock.rename(tmp_path / "removed by its holder")
            lock.touch()
        return locked(descriptor)

    monkeypatch.setattr(locking, "_locked", replaced_first)
    with writing(tmp_path):
        assert lock.stat().st_ino != first.st_ino
        with pytest.raises(ProjectError, match="another process"), writing(tmp_path):
            pytest.fail("held twice")


def test_a_file_system_without_locks_stops_nobody_and_says_so(tmp_path, monkeypatch):
    def refuse(descriptor, operation):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with writing(tmp_path) as alone:
        assert not alone
