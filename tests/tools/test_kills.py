"""Commands killed at any moment: others see what was there before or what was to come, and the next run mends.

Each is killed twice; `LSTMVIS_KILLS=20` kills each as often: `make faults`, which prints what was found.
"""

import os
import random
import shutil
import signal
from collections import Counter

import pytest
import torch

from lstmvis.models.checkpoint import load_checkpoint
from lstmvis.models.resuming import unfinished_path
from tests.tools.writers import TRAIN, WRITERS, left_in

KILLS = int(os.environ.get("LSTMVIS_KILLS", "2"))


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_killed_leaves_what_was_there_or_what_was_to_come(run, material, tmp_path, name):
    writer = WRITERS[name]
    shutil.copytree(material, tmp_path / "before")
    for command in writer.before:
        assert run(tmp_path / "before", command)[0] == 0
    shutil.copytree(tmp_path / "before", tmp_path / "after")
    status, moments = run(tmp_path / "after", writer.command)
    assert status == 0
    before, after = (writer.seen(tmp_path / each) for each in ("before", "after"))
    assert before != after
    seen = Counter()
    for at in some_of(moments):
        directory = tmp_path / str(at)
        shutil.copytree(tmp_path / "before", directory)
        assert run(directory, writer.command, at)[0] == -signal.SIGKILL
        found = writer.seen(directory)
        assert found in (before, after), at
        seen["what was to come" if found == after else "what was there" if before else "nothing"] += 1
        status, _ = run(directory, [*writer.command, *writer.again])
        assert status == 0 or found == after, at
        assert writer.seen(directory) == after, at
        assert left_in(directory) == left_in(tmp_path / "after"), at
        shutil.rmtree(directory)
    print(f"{name}: of {moments} moments {seen.total()} kills; found was {describe(seen)}")


def test_training_that_is_killed_ends_as_if_it_had_not_been(run, material, tmp_path):
    def train(directory, *more, at=0):
        return run(directory, [*TRAIN, *more], at)

    shutil.copytree(material, tmp_path / "whole")
    status, moments = train(tmp_path / "whole")
    assert status == 0
    whole = load_checkpoint(tmp_path / "whole" / "m.pt")
    seen = Counter()
    for at in some_of(moments):
        directory = tmp_path / str(at)
        shutil.copytree(material, directory)
        assert train(directory, at=at)[0] == -signal.SIGKILL
        there = load_checkpoint(directory / "m.pt").history if (directory / "m.pt").exists() else []
        assert list(map(untimed, there)) == list(map(untimed, whole.history[: len(there)])), at
        seen[f"a model of {len(there)} epochs" if there else "nothing"] += 1
        if unfinished_path(directory / "m.pt").exists():
            assert load_checkpoint(directory / "m.pt").history
            assert train(directory)[0] == 1
        assert train(directory, "--resume")[0] == 0
        ended = load_checkpoint(directory / "m.pt")
        assert all(torch.equal(ended.weights[name], tensor) for name, tensor in whole.weights.items()), at
        assert list(map(untimed, ended.history)) == list(map(untimed, whole.history)), at
        assert ended.evaluation == whole.evaluation, at
        assert left_in(directory) == left_in(tmp_path / "whole"), at
        shutil.rmtree(directory)
    print(f"train: of {moments} moments {seen.total()} kills; found was {describe(seen)}")


def describe(seen):
    return ", ".join(f"{what} {count} times" for what, count in sorted(seen.items()))


def untimed(epoch):
    return {name: value for name, value in epoch.items() if name not in ("seconds", "tokens_per_second")}


def some_of(moments):
    return random.Random(5).sample(range(1, moments + 1), min(KILLS, moments))
