"""The commands that write, on small material, and what others see of what they write."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstmvis.data.project import CONFIG_NAME, Project
from lstmvis.server.index import open_index
from lstmvis.server.library import find_projects
from lstmvis.tools.cli import main

TEXT = "to be, or not to be: that is the question\n" * 15
TRAIN = ["train", "text.txt", "--out", "m.pt", "--layers", "2", "--cells", "6", "--dropout", "0.3", "--epochs", "4"]
TRAIN += ["--streams", "4", "--steps", "20", "--device", "cpu"]
EXTRACT = ["extract", "model.pt", "text.txt", "--out", "p", "--device", "cpu"]
IMPORT = ["import", "p", "--states", "states.npy", "--tokens", "words.txt", "--annotation", "length=length.npy"]
ANNOTATE = ["annotate", "p", "--file", "mood=words.txt"]
OLDER = ["import", "p", "--states", "other.npy", "--name", "older"]


def write_material(path):
    """What the commands read."""
    (path / "text.txt").write_text(TEXT, encoding="utf-8")
    (path / "words.txt").write_text("a\nb\nc\n" * 20, encoding="utf-8")
    np.save(path / "states.npy", np.sin(np.arange(240, dtype="f4")).reshape(60, 4))
    np.save(path / "other.npy", np.cos(np.arange(240, dtype="f4")).reshape(60, 4))
    np.save(path / "length.npy", np.arange(60) % 7)
    small = ["--layers", "1", "--cells", "4", "--epochs", "1", "--streams", "4", "--device", "cpu"]
    assert main(["train", str(path / "text.txt"), "--out", str(path / "model.pt"), *small]) == 0


def project_in(directory):
    """What the project p is to who opens it: its values by file, however its files are called; None: there is none."""
    assert [name for name, _ in find_projects(directory)] in ([], ["p"])
    if not (directory / "p" / CONFIG_NAME).exists():
        assert not (directory / "p").exists()
        return None
    project = Project(directory / "p")
    assert not project.problems
    assert all(file.exists() for file in project.files)
    annotations = {
        name: (each.values.rows(0, 60).tolist(), each.dictionary and each.dictionary.tokens())
        for name, each in project.annotations.items()
    }
    rest = {file.name: file.read_bytes() for file in project.files if not file.name.startswith("annotation-")}
    return project.name, repr(annotations), rest


def index_in(directory):
    """The files of the match index of p that is in use; None where there is none."""
    project = Project(directory / "p")
    assert not project.problems
    if open_index(directory / "p", next(iter(project.sources.values()))) is None:
        return None
    (place,) = (directory / "p" / ".lstmvis" / "index").glob("*/index.json")
    return {file.name: file.read_bytes() for file in place.parent.iterdir() if file.suffix == ".npy"}


def left_in(directory):
    """All that is there, hidden or not; of an annotation's files only that they are."""
    names = (str(path.relative_to(directory)) for path in directory.rglob("*"))
    return sorted(name.replace("mood-2", "mood") for name in names)


@dataclass(frozen=True)
class Writer:
    command: list[str]
    before: tuple[list[str], ...] = ()
    """What has made what is there already."""
    again: tuple[str, ...] = ()
    """What is added to the command where it was stopped in the middle."""
    seen: Callable[..., Any] = project_in


WRITERS = {
    "import": Writer(IMPORT, again=("--replace",)),
    "import --replace": Writer([*IMPORT, "--replace"], (OLDER,)),
    "extract": Writer(EXTRACT, again=("--replace",)),
    "extract --replace": Writer([*EXTRACT, "--replace"], (OLDER,)),
    "annotate": Writer(ANNOTATE, (IMPORT,), again=("--replace",)),
    "annotate --replace": Writer(["annotate", "p", "--file", "mood=length.npy", "--replace"], (IMPORT, ANNOTATE)),
    "annotate --remove": Writer(["annotate", "p", "--remove", "mood"], (IMPORT, ANNOTATE)),
    "index": Writer(["index", "p"], (IMPORT,), seen=index_in),
}
