"""Annotations that come to a project that is there, or go from it, and its opening view.

    from lstmvis.data import add_annotation, remove_annotation

    add_annotation("projects/mine", "length", [len(word) for word in words])

The values get files of their own beside the others, which stay as they are; then `lstm.yml` names them. It keeps all
else that is in it, comments too, and is replaced in one step: who opens the project meanwhile, such as a server that
runs, sees it as it was or as it is.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from lstmvis.data.arrays import write_annotation
from lstmvis.data.errors import FullDiskError, ProjectError
from lstmvis.data.full_disk import why_full
from lstmvis.data.interrupts import holding_interrupts, raise_interrupt
from lstmvis.data.locking import writing
from lstmvis.data.placing import sync
from lstmvis.data.project import CONFIG_NAME, Project, did_you_mean
from lstmvis.data.rewriting import Change, rewritten
from lstmvis.data.writing import ProjectWriter, check_annotation_name

PREFIX = "annotation-"  # of the files that belong to one annotation
WORKPLACE = ".annotating-"  # begins the name of a directory in which they are made
CHANGED = "changed.json"  # in there: the names of the files that come or go
PATIENCE = 30.0  # seconds for another process to have its annotation written
TOGETHER = 1 << 18  # tokens that are decoded at a time


def tokens_of(project: Project) -> list[str]:
    """The tokens of the corpus (T,). Raises ProjectError where the project has none."""
    words = project.words
    if words is None or words.dictionary is None:
        raise ProjectError(f"{project.directory} has no tokens, only numbers: there is nothing to annotate.")
    tokens: list[str] = []
    for start in range(0, len(words.ids), TOGETHER):
        tokens += words.decode(words.ids.integers(start, start + TOGETHER))
    return tokens


def require_free(project: Project, name: str, replace: bool = False) -> None:
    """Raises ProjectError where this cannot be the name of another annotation, unless one is to be replaced."""
    check_annotation_name(name)
    if name in _annotations(project) and not replace:
        raise ProjectError(
            f"There is an annotation {name!r} already. Choose another name, or replace it: `--replace` on the command "
            "line, `replace=True` in Python."
        )


def add_annotation(directory: Path | str, name: str, values: Any, *, replace: bool = False) -> None:
    """Write an annotation into a project.

    values: as `write_project` takes them: a value a token or a value a sequence; strings, numbers, or `Discrete`,
        `Scalar`, `Ranked`.
    replace: an annotation of this name. Its files go if it came in this way; else they stay, unnamed.

    Raises ProjectError for values that do not fit, and where the name is taken, unless `replace`.
    """
    with _amending(Path(directory)) as (project, workplace):
        require_free(project, name, replace)
        made = workplace / "made"
        with ProjectWriter(made, "annotation", "") as written:
            write_annotation(written, name, values, _steps(project, values), project.sequence_starts, _tokens(project))
        config = yaml.safe_load((made / CONFIG_NAME).read_text(encoding="utf-8"))
        description = config["meta"][name]
        changes: list[Change] = []
        moves: dict[Path, Path] = {}
        for key in [key for key in ("file", "dict") if key in description]:
            file = config["files"][description[key]]
            place = _free_place(project, name, Path(file).suffix)
            description[key] = place.name
            changes.append(Change("files", place.name, place.name))
            moves[made / file] = place
        _finish(project, [*changes, Change("meta", name, description)], moves, workplace)


def remove_annotation(directory: Path | str, name: str) -> None:
    """Take an annotation out of a project. Its values go if they came by `add_annotation`; else they stay, unnamed.

    Raises ProjectError where there is none of that name.
    """
    with _amending(Path(directory)) as (project, workplace):
        there = _annotations(project)
        if name not in there:
            names = ", ".join(there) or "none"
            raise ProjectError(f"There is no annotation {name!r}; there are: {names}.", did_you_mean(name, there))
        _finish(project, [Change("meta", name, None)], {}, workplace)


def set_opening(directory: Path | str, address: str) -> None:
    """Make a view that with which the project opens. `address` is what the page's has after the `?`."""
    with _amending(Path(directory)) as (project, workplace):
        _finish(project, [Change(None, "opening", address)], {}, workplace)


@contextmanager
def _amending(directory: Path) -> Iterator[tuple[Project, Path]]:
    """The project as it is, which nobody else changes meanwhile, and a directory in it to work in.

    What others have left there that were killed is taken away.
    """
    Project(directory)  # raises where there is none, before anything is written there
    with writing(directory, PATIENCE) as alone:
        project = Project(directory)
        if alone:
            _remove_leftovers(project)
        try:
            with tempfile.TemporaryDirectory(prefix=WORKPLACE, dir=directory) as workplace:
                yield project, Path(workplace)
        except (OSError, FullDiskError) as error:
            if reason := why_full(error):
                raise FullDiskError(directory, reason) from error
            raise


def _remove_leftovers(project: Project) -> None:
    """Take away what is left of a process that was killed: its directory, and files that no `lstm.yml` names."""
    files = project.config.get("files")
    named = set(map(str, files.values())) if isinstance(files, dict) else set()
    for workplace in project.directory.glob(f"{WORKPLACE}*"):
        for name in _changed(workplace):
            if name not in named:
                (project.directory / name).unlink(missing_ok=True)
        shutil.rmtree(workplace, ignore_errors=True)
    config = (project.directory / CONFIG_NAME).resolve()
    for left in config.parent.glob(f".{config.name}.*.part"):
        if re.fullmatch(re.escape(f".{config.name}.") + r"[a-z0-9_]{8}\.part", left.name):
            left.unlink(missing_ok=True)


def _changed(workplace: Path) -> list[str]:
    """The names of the files that came or were to go when a process was killed; none where it had not come so far."""
    changed = workplace / CHANGED
    try:
        names = json.loads(changed.read_text(encoding="utf-8")) if changed.is_file() else []
    except (OSError, ValueError):
        return []
    return [name for name in map(str, names) if name.startswith(PREFIX) and "/" not in name]


def _annotations(project: Project) -> Mapping[str, Any]:
    """What `lstm.yml` says of annotations, by name, also of those that cannot be opened."""
    meta = project.config.get("meta")
    return meta if isinstance(meta, dict) else {}


def _steps(project: Project, values: Any) -> int:
    """How many values there should be: one a token, or a step of the states where these are as many."""
    given = getattr(values, "values", getattr(values, "ids", values))
    steps = len(project.words.ids) if project.words else project.steps
    return project.steps if hasattr(given, "__len__") and len(given) == project.steps else steps


def _tokens(project: Project) -> Mapping[str, int] | None:
    """The vocabulary."""
    return project.words.dictionary.ids if project.words and project.words.dictionary else None


def _free_place(project: Project, name: str, suffix: str) -> Path:
    """A file for an annotation whose name neither the directory nor `lstm.yml` has."""
    for number in count(1):
        place = project.directory / f"{PREFIX}{name}{'' if number == 1 else f'-{number}'}{suffix}"
        if not place.exists() and place.name not in project.config.get("files", {}):
            return place
    raise AssertionError


def _finish(project: Project, changes: list[Change], moves: Mapping[Path, Path], workplace: Path) -> None:
    """Change `lstm.yml`, and bring in the files that it names now, and take away those that it named."""
    path = (project.directory / CONFIG_NAME).resolve()
    try:
        with path.open(encoding="utf-8", newline="") as config:
            text = config.read()
        text = rewritten(text, changes)
        unused = list(_unused(project, yaml.safe_load(text)))
        text = rewritten(text, [Change("files", reference, None) for reference in unused])
    except ValueError as error:
        raise ProjectError(
            f"{CONFIG_NAME} cannot be changed without writing all of it anew, which would lose what is yours in it: "
            f"{error}.",
            "Write it, and its `files` and `meta`, as plain mappings, without anchors, aliases or merged keys.",
        ) from error
    changed = workplace / CHANGED
    changed.write_text(json.dumps([*(place.name for place in moves.values()), *unused]), encoding="utf-8")
    for file in (*moves, changed, workplace):
        sync(file)
    with holding_interrupts():
        raise_interrupt()
        try:
            for file, place in moves.items():
                os.rename(file, place)
            _replace(path, text)
        except BaseException:
            for place in moves.values():
                place.unlink(missing_ok=True)
            raise
        for reference in unused:
            (project.directory / reference).unlink(missing_ok=True)
    raise_interrupt()


def _unused(project: Project, config: Mapping[str, Any]) -> Iterator[str]:
    """The references of files that came with an annotation and that nothing in the new configuration refers to."""
    used = set(_texts({key: section for key, section in config.items() if key != "files"}))
    for reference, file in project.config.get("files", {}).items():
        if reference == file and reference.startswith(PREFIX) and reference not in used:
            yield reference


def _texts(content: Any) -> Iterator[str]:
    """All strings that are values somewhere in it."""
    below = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    for value in below:
        if isinstance(value, str):
            yield value
        yield from _texts(value)


def _replace(path: Path, text: str) -> None:
    """Put a text in the place of a file, in one step; no failure, not even of the power, leaves half of it."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        shutil.copymode(path, temporary)
        sync(Path(temporary))
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync(path.parent)
