import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MADE = (".*", "*.egg-info", "__pycache__", "build", "node_modules", "static")


def test_a_source_distribution_holds_what_it_is_built_from_and_nothing_that_is_made(tmp_path):
    pytest.importorskip("setuptools", minversion="77")
    shutil.copytree(ROOT, tmp_path / "copy", ignore=shutil.ignore_patterns(*MADE))
    made = tmp_path / "copy" / "client" / "node_modules" / "some.js"
    made.parent.mkdir()
    made.touch()
    subprocess.run(
        [sys.executable, "setup.py", "-q", "sdist", "-d", tmp_path],
        cwd=tmp_path / "copy",
        check=True,
        capture_output=True,
    )
    [archive] = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        held = {name.partition("/")[2] for name in files.getnames()}
    needed = ["client/package-lock.json", "client/index.html", "client/vite.config.ts", "client/tsconfig.json"]
    needed += [
        "lstm_server.yaml",
        "setup.py",
        "constraints.txt",
        "Makefile",
        "data/py.typed",
        "data/annotators/text.py",
        "docs/lstmvis.md",
    ]
    assert held >= {*needed, "tests/conftest.py", "client/src/main.ts", "client/src/style/base.css", "LICENSE"}
    assert not [name for name in held if "node_modules" in name]
