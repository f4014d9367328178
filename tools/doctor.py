"""`lstmvis doctor`: what is wrong with projects, and what to change."""

import argparse
import json
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lstmvis.data.doctor import ExaminedSource, Report, examine, find_unnoticed
from lstmvis.data.findings import Finding, how_many
from lstmvis.data.statistics import THRESHOLD
from lstmvis.tools.progress import progress_bar
from lstmvis.tools.serve import require_directory

WIDEST = 100
FIGURES = "{:>24}{:>10}{:>10}{:>11}{:>11}{:>11}"


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "doctor",
        help="say what is wrong with projects, and what to change",
        description="Read all of every project below a directory, and say what is wrong with it, where, and what to "
        "change: files and paths that are not there, ids without a token, NaN, misspelt keys and more. A fault keeps "
        "something from working; a hint is what works, but maybe not as you think. Then come figures about the states "
        "of each source, as they are stored. Directories that resemble a project without being one are told too. "
        "The status is 1 where there is a fault, else 0.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR", help="a project, or a directory of projects")
    said = parser.add_mutually_exclusive_group()
    said.add_argument("--faults", action="store_true", help="leave hints and figures out")
    said.add_argument("--json", action="store_true", help="print the same as JSON, a list with an object a project")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from lstmvis.server.library import find_projects

    require_directory(options.directory)
    root = options.directory.resolve()
    projects = [directory for _, directory in find_projects(root)]
    reports = []
    for directory in sorted(projects + find_unnoticed(root, projects)) or [root]:
        report = _examine(directory)
        reports.append(report)
        if not options.json and (report.faults or not options.faults):
            width = min(WIDEST, shutil.get_terminal_size().columns)
            print("\n".join(_lines(report, width, options.faults)))
    if not options.json and (options.faults or len(reports) > 1):
        for report in reports:
            print(f"{_conclusion(report):24} {report.directory}")
    if options.json:
        described = [asdict(report) | {"faults": report.faults, "hints": report.hints} for report in reports]
        print(json.dumps(described, default=str, indent=1, ensure_ascii=False, allow_nan=False))
    return 1 if any(report.faults for report in reports) else 0


def _examine(directory: Path) -> Report:
    with progress_bar(f"reading {directory.name}", 0, unit="B") as bar:
        bar.leave = False

        def show(read: int, total: int) -> None:
            bar.total = total
            bar.update(read - bar.n)

        return examine(directory, show)


def _lines(report: Report, width: int, faults_only: bool) -> Iterator[str]:
    yield str(report.directory)
    if report.sources:
        parts = how_many(len(report.sources), "source"), how_many(len(report.annotations), "annotation")
        yield f"{report.name}: {report.steps:,} positions, {', '.join(parts)}"
    yield ""
    for finding in report.findings:
        if finding.severity == "fault" or not faults_only:
            yield from _describe(finding, width)
            yield ""
    if faults_only:
        return
    if report.sources:
        yield FIGURES.format("states as stored", "lowest", "highest", "mean", f"on at {THRESHOLD}", "constant")
        for source in report.sources:
            yield from _figures(source)
        yield ""
    yield _conclusion(report)
    yield ""


def _conclusion(report: Report) -> str:
    if not report.findings:
        return "Nothing is wrong."
    counts = (report.faults, "fault"), (report.hints, "hint")
    return ", ".join(how_many(count, name) for count, name in counts if count) + "."


def _describe(finding: Finding, width: int) -> Iterator[str]:
    yield f"{'FAULT' if finding.severity == 'fault' else 'hint '}  {finding.where}"
    yield from _wrapped(finding.what, width, "       ", "       ")
    yield from _wrapped(finding.change, width, "    -> ", "       ")
    yield from textwrap.indent(finding.example, " " * 11).splitlines()


def _wrapped(text: str, width: int, first: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )


def _figures(source: ExaminedSource) -> Iterator[str]:
    yield f"{source.id}  (layer {source.layer}, {source.type}, transform {source.transform}, {source.dtype})"
    figures = source.statistics
    if figures is None:
        yield "  cannot be read"
        return
    values = (f"{value:.4g}" for value in (figures.lowest, figures.highest, figures.mean))
    yield FIGURES.format(
        f"{source.steps:,} x {source.cells:,}",
        *values,
        f"{figures.share_on:.1%}",
        f"{figures.constant_cells:,}",
    )
