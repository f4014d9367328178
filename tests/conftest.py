"""Small projects and sources that many tests use."""

import contextlib
import os
import subprocess
from dataclasses import replace
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from hypothesis import settings

from lstmvis.data.corpora.corpus import Lengths
from lstmvis.data.demos import DEMOS
from lstmvis.data.demos.recipe import Size
from lstmvis.data.matrix import Matrix
from lstmvis.data.project import Source
from lstmvis.data.stored import gather
from lstmvis.tools.cli import main
from tests import demo_corpora

settings.register_profile("default", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=3000)
settings.load_profile("default")


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The directory of the demo that a user gets, made by its command; takes a quarter of a minute."""
    data = tmp_path_factory.mktemp("demos")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        assert main(["demo", "parens", "--no-serve", "--data-dir", str(data)]) == 0
    return data / "parens"


TINY = Size(
    Lengths(1600, 300, 900),
    vocabulary=60,
    model={"cells": 12},
    training={"epochs": 2, "streams": 4, "learning_rate": 1e-2},
    minutes=0,
    megabytes=0,
)


def tiny(recipe):
    """The same demo, of a small model and a short text: too little to learn anything, or to find an opening view."""
    return replace(recipe, sizes={"small": (TINY,)}, tries=200)


@pytest.fixture(scope="session")
def tiny_demos(tmp_path_factory):
    """A directory with all demos but the parentheses, made by their command of small corpora; takes some seconds."""
    directory = tmp_path_factory.mktemp("tiny")
    corpora = demo_corpora.write_all(tmp_path_factory.mktemp("corpora"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("NLTK_DATA", str(corpora["wsj-chunks"]))
        for name, corpus in corpora.items():
            patch.setitem(DEMOS, name, tiny(DEMOS[name]))
            command = ["demo", name, "--no-serve", "--corpus", str(corpus), "--data-dir", str(directory)]
            assert main(command) == 0
    return directory


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own of 1 MiB, and a function that fills all of it but some KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can mount a disk")

    def fill(free):
        filling = disk / "filling"
        filling.unlink(missing_ok=True)
        with open(filling, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1024))
        os.truncate(filling, filling.stat().st_size - free * 1024)

    yield disk, fill
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture
def make_source(tmp_path):
    """Write an array (steps x cells) to HDF5 as it comes and give it as a source; keywords go to h5py."""
    files = []

    def make(values, transform="tanh", **layout):
        file = h5py.File(tmp_path / f"states{len(files)}.hdf5", "w")
        dataset = file.create_dataset("states", data=np.asarray(values), **layout)
        file.flush()
        files.append(file)
        return Source("states", "states", 1, "state", False, transform, Matrix(dataset, "states"))

    yield make
    for file in files:
        file.close()


def source_in_memory(values, transform="none"):
    """A source over an array, without a file."""

    def read(starts, stops):
        return np.concatenate([values[start:stop] for start, stop in zip(starts, stops, strict=True)])

    states = SimpleNamespace(
        shape=values.shape,
        dtype=values.dtype,
        rows=lambda start, stop: values[max(start, 0) : max(stop, 0)],
        take=lambda indices: values[indices],
        gather=lambda starts, stops: gather(read, starts, stops, 2),
    )
    return Source("states", "states", 1, "state", False, transform, states)
