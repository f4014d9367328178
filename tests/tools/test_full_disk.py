"""A full disk: the command says so in a sentence, with status 1, and what was there is left."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import torch

from lstmvis.models.checkpoint import load_checkpoint
from tests.tools.writers import ANNOTATE, EXTRACT, IMPORT, TRAIN, WRITERS, left_in, project_in

LIMITS = [1, 100, 1000, 2100, 3000]  # bytes of the largest file: each ends in another place
MORE = [*range(50, 7000, 150)] if int(os.environ.get("LSTMVIS_KILLS", "2")) > 2 else []
NO_LIMIT = 1 << 40
FULL = "(File too large|No space left on device)"
SENTENCE = re.compile(
    rf"lstmvis: \S+ cannot be written: {FULL}(\.| \(.*\)\.)( What was there before is as it was\.)?\n"
    rf"|p: states::states is not indexed: The match index of states::states takes 720 bytes and cannot be written: "
    rf"{FULL}; Not a directory\.\n"
)


@pytest.mark.parametrize("name", WRITERS)
def test_what_finds_the_disk_full_says_so_and_leaves_what_was_there(run, material, tmp_path, name):
    writer, before = WRITERS[name], tmp_path / "before"
    shutil.copytree(material, before)
    for command in writer.before:
        assert run(before, command)[0] == 0
    refused = 0
    for most in [*LIMITS, *MORE]:
        directory = tmp_path / str(most)
        shutil.copytree(before, directory)
        status, told = run(directory, writer.command, most=most)
        if status == 0:  # all that it writes is smaller
            continue
        refused += 1
        assert status == 1, (most, told)
        assert SENTENCE.fullmatch(told), (most, told)
        assert writer.seen(directory) == writer.seen(before), most
        assert new_in(directory, before) <= {"p/.lstmvis", "p/.lstmvis/index"}, most
    assert refused


def test_a_training_that_finds_the_disk_full_goes_on_when_there_is_space(run, material, tmp_path):
    shutil.copytree(material, tmp_path / "whole")
    assert run(tmp_path / "whole", TRAIN)[0] == 0
    whole = load_checkpoint(tmp_path / "whole" / "m.pt")
    size = (tmp_path / "whole" / "m.pt").stat().st_size
    for most in (100, size // 2, size - 100, size + 100):
        directory = tmp_path / str(most)
        shutil.copytree(material, directory)
        status, told = run(directory, TRAIN, most=most)
        assert status == 1
        assert SENTENCE.fullmatch(told), (most, told)
        assert new_in(directory, material) <= {"m.pt"}
        assert run(directory, [*TRAIN, "--resume"])[0] == 0
        ended = load_checkpoint(directory / "m.pt")
        assert all(torch.equal(ended.weights[name], tensor) for name, tensor in whole.weights.items())


@pytest.mark.parametrize("command", [IMPORT, EXTRACT, ANNOTATE, ["index", "p"], TRAIN], ids=lambda command: command[0])
def test_a_disk_that_is_full_is_told_and_what_was_there_is_left(run, material, small_disk, tmp_path, command):
    disk, fill = small_disk
    shutil.copytree(material, disk, dirs_exist_ok=True)
    if "p" in command[:2]:
        assert run(disk, IMPORT)[0] == 0
        command = [*command, "--replace"] if command is IMPORT else command
    before = tmp_path / "before"
    shutil.copytree(disk, before)
    for free in (0, 4, 8):
        fill(free)
        status, told = run(disk, command, most=NO_LIMIT)
        assert status == 1, (free, told)
        assert SENTENCE.fullmatch(told), (free, told)
        assert project_in(disk) == project_in(before)
        assert new_in(disk, before) <= {"filling", "m.pt", "m.pt.unfinished", "p/.lstmvis", "p/.lstmvis/index"}


def test_a_process_that_found_the_disk_full_ends_as_others_do(material, small_disk):
    """HDF5 closes what is open when a process ends."""
    disk, fill = small_disk
    shutil.copytree(material, disk, dirs_exist_ok=True)
    fill(4)
    command = [sys.executable, "-m", "lstmvis.tools.cli", *IMPORT]
    ended = subprocess.run(command, cwd=disk, capture_output=True, text=True)
    assert ended.returncode == 1
    assert (
        ended.stderr == "lstmvis: p cannot be written: No space left on device. What was there before is as it was.\n"
    )


def new_in(directory, before):
    return {name for name in set(left_in(directory)) - set(left_in(before)) if not name.endswith(".lock")}
