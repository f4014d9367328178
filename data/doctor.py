"""What is wrong with a project, and what to change.

    for finding in examine(Path("projects/mine")).findings:
        print(finding.severity, finding.where, finding.what, finding.change)

What keeps a part from opening is found by opening the project, as the server does. The checks of `check_*.py` read the
values as well, and see what nothing else would ever notice: keys that nothing reads, files that nothing uses.
"""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from lstmvis.data.check_annotations import check_annotation
from lstmvis.data.check_configuration import (
    check_files,
    check_keys,
    check_opening,
    no_configuration,
    resembles_project,
)
from lstmvis.data.check_corpus import check_dictionary, check_sequences, check_words
from lstmvis.data.check_sources import check_source
from lstmvis.data.errors import ProjectError
from lstmvis.data.findings import Finding, fault
from lstmvis.data.project import CONFIG_NAME, Project, Source, is_project
from lstmvis.data.statistics import Statistics, measure


@dataclass(frozen=True)
class ExaminedSource:
    id: str
    layer: int
    type: str
    transform: str
    dtype: str
    steps: int
    cells: int
    statistics: Statistics | None  # None where it cannot be read


@dataclass(frozen=True)
class Report:
    directory: Path
    name: str
    steps: int  # of the longest source
    sources: tuple[ExaminedSource, ...]
    annotations: tuple[str, ...]
    findings: tuple[Finding, ...]  # faults first

    @property
    def faults(self) -> int:
        return sum(finding.severity == "fault" for finding in self.findings)

    @property
    def hints(self) -> int:
        return len(self.findings) - self.faults


def examine(directory: Path, watch: Callable[[int, int], None] = lambda read, total: None) -> Report:
    """Read all of a project, and collect what is wrong with it. `watch` is told the bytes read so far, and of how many.

    Memory does not grow with the length of the corpus.
    """
    if not is_project(directory):
        return Report(directory, directory.name, 0, (), (), (no_configuration(directory),))
    try:
        project = Project(directory)
    except ProjectError as error:
        return Report(directory, directory.name, 0, (), (), (fault(CONFIG_NAME, str(error), error.change),))
    except Exception as error:  # a stranger's file may break its reader in any way
        what = f"This project cannot be opened: {type(error).__name__}: {error}."
        return Report(directory, directory.name, 0, (), (), (fault(str(directory), what),))
    read, total = 0, _bytes_to_read(project)

    def count(more: int) -> None:
        nonlocal read
        read += more
        watch(read, total)

    findings = [fault(problem.where, problem.what, problem.change) for problem in project.found_wrong]
    findings += check_keys(directory)
    findings += check_files(project)
    findings += check_opening(project)
    for reference, dictionary in project.dictionaries.items():
        findings += check_dictionary(f"dictionary {reference}", dictionary)
    findings += check_words(project, count)
    findings += check_sequences(project)
    sources = []
    for source in project.sources.values():
        statistics = None
        try:
            statistics = measure(source, count)
        except ProjectError as error:
            findings.append(fault(f"source {source.id}", str(error), error.change))
        findings += check_source(project, source, statistics)
        sources.append(_describe(source, statistics))
    for annotation in project.annotations.values():
        findings += check_annotation(project, annotation, count)
    ordered = sorted(dict.fromkeys(findings), key=lambda finding: finding.severity)
    return Report(directory, project.name, project.steps, tuple(sources), tuple(project.annotations), tuple(ordered))


def find_unnoticed(root: Path, projects: Collection[Path]) -> list[Path]:
    """Directories below `root`, and not in one of the `projects`, that resemble a project and are none."""
    found = []
    for name, below, files in os.walk(root):
        directory = Path(name)
        if directory in projects:
            below.clear()
            continue
        below[:] = sorted(name for name in below if not name.startswith("."))
        if resembles_project(files):
            found.append(directory)
    return found


def _bytes_to_read(project: Project) -> int:
    matrices = [source.states for source in project.sources.values()]
    matrices += [project.words.ids] if project.words else []
    matrices += [annotation.values for annotation in project.annotations.values()]
    return sum(matrix.nbytes for matrix in matrices)


def _describe(source: Source, statistics: Statistics | None) -> ExaminedSource:
    return ExaminedSource(
        id=source.id,
        layer=source.layer,
        type=source.type,
        transform=source.transform,
        dtype=str(source.states.dtype),
        steps=source.steps,
        cells=source.cells,
        statistics=statistics,
    )
