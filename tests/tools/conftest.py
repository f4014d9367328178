import pytest

from tests.tools.killing import killer
from tests.tools.writers import write_material


@pytest.fixture(scope="session")
def run():
    """Run commands that are killed, or that find the disk full."""
    with killer() as run:
        yield run


@pytest.fixture(scope="session")
def material(tmp_path_factory):
    """What the commands of `writers` read."""
    path = tmp_path_factory.mktemp("material")
    write_material(path)
    return path
