"""`lstmvis index`: build the match indexes of the projects below a directory now rather than when they are served."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from lstmvis.data.errors import LstmvisError, ProjectError
from lstmvis.data.project import CONFIG_NAME, Project, Source
from lstmvis.tools.progress import progress_bar
from lstmvis.tools.serve import require_directory


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "index",
        help="build the match indexes of the projects below a directory",
        description="Build the match index of every source of every project below a directory. `lstmvis serve` builds "
        "those that are missing by itself, in the background; this does it before. An index takes three bytes a state "
        "and lies in `.lstmvis` in the project's directory, or in the cache folder where that cannot be written. "
        "What is wrong with a project is said, with status 1.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR", help="a directory of projects, or a project")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from lstmvis.server.library import find_projects

    require_directory(options.directory)
    projects = find_projects(options.directory)
    if not projects:
        raise LstmvisError(f"There is no project below {options.directory}: no directory there holds an {CONFIG_NAME}.")
    problems = [(name, problem) for name, directory in projects for problem in _index(name, directory)]
    for name, problem in problems:
        print(f"{name}: {problem}", file=sys.stderr)
    return 1 if problems else 0


def _index(name: str, directory: Path) -> list[str]:
    """Index what can be indexed, and return what is wrong."""
    try:
        project = Project(directory)
    except ProjectError as error:
        return [str(error)]
    problems = list(project.problems)
    for source in project.sources.values():
        try:
            _index_source(name, directory, source)
        except (LstmvisError, OSError) as error:
            problems.append(f"{source.id} is not indexed: {error}")
    return problems


def _index_source(name: str, directory: Path, source: Source) -> None:
    from lstmvis.server.index import build_index, open_index

    if open_index(directory, source):
        print(f"{name} {source.id}: indexed already")
        return
    started = time.monotonic()
    with progress_bar(f"{name} {source.id}", source.steps, unit="step") as bar:
        build_index(directory, source, lambda share: bar.update(int(share * source.steps) - bar.n))
    print(f"{name} {source.id}: indexed in {time.monotonic() - started:.1f} s")
