"""`lstmvis index`: build the match indexes of the projects below a directory now rather than when they are served."""

import argparse
import time
from pathlib import Path
from typing import Any

from lstmvis.data.errors import LstmvisError
from lstmvis.data.project import Project, Source
from lstmvis.tools.progress import progress_bar
from lstmvis.tools.serve import require_directory


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "index",
        help="build the match indexes of the projects below a directory",
        description="Build the match index of every source of every project below a directory. `lstmvis serve` builds "
        "those that are missing by itself, in the background; this does it before. An index takes three bytes a state "
        "and lies in `.lstmvis` in the project's directory, or in the cache folder where that cannot be written.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR", help="a directory of projects, or a project")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from lstmvis.server.library import find_projects

    require_directory(options.directory)
    failed = 0
    for name, directory in find_projects(options.directory):
        try:
            for source in Project(directory).sources.values():
                _index(name, directory, source)
        except LstmvisError as error:
            failed += 1
            print(f"{name}: {error}")
    return 1 if failed else 0


def _index(name: str, directory: Path, source: Source) -> None:
    from lstmvis.server.index import build_index, open_index

    if open_index(directory, source):
        print(f"{name} {source.id}: indexed already")
        return
    started = time.monotonic()
    with progress_bar(f"{name} {source.id}", source.steps, unit="step") as bar:
        build_index(directory, source, lambda share: bar.update(int(share * source.steps) - bar.n))
    print(f"{name} {source.id}: indexed in {time.monotonic() - started:.1f} s")
