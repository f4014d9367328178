import subprocess
import sys
import threading

import pytest

from lstmvis.data.errors import ProjectError
from lstmvis.data.locking import writing

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
