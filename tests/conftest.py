"""Small projects and sources that many tests use."""

import contextlib
import os
import subprocess
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from hypothesis import settings

from lstmvis.data.matrix import Matrix
from lstmvis.data.project import Source
from lstmvis.tools.cli import main

settings.register_profile("default", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=3000)
settings.load_profile("default")


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The directory of the demo that a user gets, made by its command; takes a quarter of a minute."""
    data = tmp_path_factory.mktemp("demos")
    assert main(["demo", "--no-serve", "--data-dir", str(data)]) == 0
    return data / "parens"


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
    states = SimpleNamespace(
        shape=values.shape,
        dtype=values.dtype,
        rows=lambda start, stop: values[max(start, 0) : max(stop, 0)],
        take=lambda indices: values[indices],
        mapped_as=lambda *types: None,
    )
    return Source("states", "states", 1, "state", False, transform, states)
