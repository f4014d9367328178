"""The doctor's look at `lstm.yml` and the files that it declares."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from lstmvis.data.errors import ProjectError
from lstmvis.data.findings import Finding, fault, hint
from lstmvis.data.matrix import MOST_NAMES, dataset_paths, open_hdf5
from lstmvis.data.opening import read_view
from lstmvis.data.project import CONFIG_NAME, Project, did_you_mean, read_config_nodes

ENDINGS = (".h5", ".hdf5")
COPY_AGAIN = "Open the view that is meant, and copy its address again."

# The keys that are read, and those below them: None for anything, "*" for names of one's own.
_VECTOR = {"file": None, "path": None}
_SOURCE = {**_VECTOR, "type": None, "layer": None, "unsigned": None, "transform": None}
_VIS = {"type": None, "range": None}
_ANNOTATION = {**_VECTOR, "type": None, "dict": None, "index": None, "weights_path": None, "vis": _VIS}
KEYS: dict[str, Any] = {
    "name": None,
    "description": None,
    "files": {"*": None},
    "word_sequence": {**_VECTOR, "dict_file": None},
    "states": {"file": None, "types": [_SOURCE]},
    "word_embedding": None,
    "meta": {"*": _ANNOTATION},
    "etc": None,
    "sequences": _VECTOR,
    "model": None,
    "opening": None,
    "made_by": None,
}


def resembles_project(files: Iterable[str]) -> bool:
    """Whether files of these names make a directory one that was meant to be a project, or could be."""
    named = re.compile(r"lstm.*\.ya?ml", re.IGNORECASE)
    return any(named.fullmatch(file) or file.endswith(ENDINGS) for file in files)


def no_configuration(directory: Path) -> Finding:
    """What to do with a directory that is no project."""
    where, what = str(directory), f"There is no {CONFIG_NAME} here, so this is no project."
    if near := sorted(file.name for file in directory.glob("*.y*ml") if file.is_file()):
        return fault(where, what, f"Rename {near[0]} to {CONFIG_NAME}, if that is the configuration.")
    files, types = {}, []
    for file in sorted(directory.iterdir()):
        if file.suffix in ENDINGS and file.is_file():
            files[file.stem] = file.name
            types += [{"file": file.stem, "path": path} for path in _matrix_paths(file)]
    if not files:
        return fault(where, what, f"Name a directory that holds a {CONFIG_NAME}, or one above such directories.")
    draft = {"name": directory.name, "files": files, "states": {"types": types}}
    change = "Write one. With the files that are here it could begin:"
    return fault(where, what, change, yaml.safe_dump(draft, sort_keys=False, allow_unicode=True))


def _matrix_paths(file: Path) -> list[str]:
    try:
        with open_hdf5(file) as opened:
            return [path for path in dataset_paths(opened, MOST_NAMES) if opened[path].ndim == 2]
    except ProjectError:
        return []


def check_keys(directory: Path) -> list[Finding]:
    """Keys that nothing reads, and those that are there twice."""
    findings: list[Finding] = []

    def walk(node: yaml.Node | None, known: Any, inside: str) -> None:
        if isinstance(node, yaml.SequenceNode) and isinstance(known, list):
            for item in node.value:
                walk(item, known[0], inside)
        if not isinstance(node, yaml.MappingNode) or not isinstance(known, dict):
            return
        lines: dict[str, int] = {}
        for key_node, below in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key == "<<":
                continue
            if key in lines:
                what = f"`{key}` is there twice, in lines {lines[key]} and {line}; only the later one counts."
                findings.append(fault(f"{CONFIG_NAME}, line {line}", what, "Take one out, or make one of the two."))
            lines[key] = line
            walk(below, known.get(key, known.get("*")), key)
        for key, line in lines.items():
            if key not in known and "*" not in known:
                findings.append(_unread(key, f"{CONFIG_NAME}, line {line}", inside, known, lines))

    walk(read_config_nodes(directory / CONFIG_NAME), KEYS, "")
    return findings


def _unread(key: str, where: str, inside: str, known: dict[str, Any], there: dict[str, int]) -> Finding:
    what = f"Nothing reads `{key}`{f' in `{inside}`' if inside else ''}."
    if meant := did_you_mean(key, [name for name in known if name not in there]):
        return fault(where, what, meant)
    return hint(where, what, f"Take it out, unless another program needs it. What is read: {', '.join(known)}.")


def check_files(project: Project) -> Iterator[Finding]:
    """Files that nothing uses. That one is missing which is used has been said when it was to be opened."""
    used = set(_references(project.config))
    files = project.config.get("files")
    for reference, file in files.items() if isinstance(files, dict) else ():
        if reference not in used:
            missing = "" if (project.directory / str(file)).is_file() else ", which is not there either"
            what = f"Nothing uses {reference!r}, the file {file}{missing}."
            yield hint("files", what, "Take it out, or name it where it is to be used.")
    model = project.config.get("model")
    checkpoint = model.get("checkpoint") if isinstance(model, dict) else None
    if checkpoint is not None and not (project.directory / str(checkpoint)).is_file():
        what = f"The checkpoint {checkpoint} is not there. Nothing that is shown needs it."
        yield hint("model", what, "Put it there to run the model again, or take `model` out.")


def check_opening(project: Project) -> Iterator[Finding]:
    """What the opening view names and is not there. That it is no address has been said when it was to be read."""
    if project.opening is None:
        return
    view = read_view(project.opening)
    source = project.sources.get(view.source) if view.source else next(iter(project.sources.values()), None)
    if source is None:
        what = f"It names the source {view.source!r}, which there is not."
        yield fault("opening", what, did_you_mean(view.source, project.sources) or COPY_AGAIN)
    elif view.range and view.range[1] >= source.steps:
        what = f"Its range ends at position {view.range[1]:,}, and the last of {source.id} is {source.steps - 1:,}."
        yield fault("opening", what, COPY_AGAIN)
    for name in view.tracks or ():
        if name not in project.annotations:
            what = f"It shows the annotation {name!r}, which there is not."
            yield hint("opening", what, did_you_mean(name, project.annotations) or COPY_AGAIN)


def _references(section: Any) -> Iterator[str]:
    """Everything that is named as a file or dictionary, at any depth."""
    if isinstance(section, dict):
        for key, below in section.items():
            if key in ("file", "dict_file", "dict"):
                yield str(below)
            yield from _references(below)
    elif isinstance(section, list):
        for below in section:
            yield from _references(below)
