"""Print constraints that hold each direct dependency at the lowest version pyproject.toml allows: `make lowest`."""

import re
import sys
import tomllib
from pathlib import Path

PINNED = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)(\[[^\]]*\])?>=(?P<version>[0-9.]+)(,<[0-9.]+)?")

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
requirements = project["dependencies"] + [each for extra in project["optional-dependencies"].values() for each in extra]
for requirement in requirements:
    found = PINNED.fullmatch(requirement)
    if not found:
        sys.exit(f"pyproject.toml: {requirement!r} has no lower bound.")
    print(f"{found['name']}=={found['version']}")
