"""The projects below a directory."""

import os
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from lstmvis.data.errors import ProjectError
from lstmvis.data.project import CONFIG_NAME, Project
from lstmvis.data.stamps import stamp_of
from lstmvis.data.stored import allow_many_files
from lstmvis.server.errors import BadParameterError, UnknownNameError
from lstmvis.server.expressions import compile_expression
from lstmvis.server.indexing import Indexer
from lstmvis.server.search import CorpusSearch, Kind

LSTMVIS_INDEX = "indexdir"


class ServedProject:
    """A project that is served, or what is wrong where it could not be opened."""

    def __init__(self, project_id: str, directory: Path, indexer: Indexer) -> None:
        self._indexer = indexer
        self.id = project_id
        self.directory = directory
        self.project: Project | None = None
        self.error: str | None = None
        config = directory / CONFIG_NAME
        self._stamps = {config: stamp_of(config)}  # before it is read: it may change while it is
        try:
            self.project = Project(directory)
        except ProjectError as error:
            self.error = str(error)
        except Exception as error:  # what a stranger's file does to a parser must not stop the other projects
            self.error = f"This project cannot be opened: {type(error).__name__}: {error}."
        if self.project:
            indexer.want(self.project)
        self._stamps |= {file: stamp_of(file) for file in (self.project.files if self.project else ())}
        words = self.project.words if self.project else None
        self.search = CorpusSearch(words, self.project.steps) if self.project and words and words.dictionary else None

    @property
    def changed(self) -> bool:
        """Whether `lstm.yml` or a file that it names is another than when the project was opened."""
        return any(stamp_of(file) != stamp for file, stamp in self._stamps.items())

    @property
    def has_error(self) -> bool:
        return self.project is None or bool(self.project.found_wrong)

    def kind_of(self, query: str) -> Kind:
        """What a search is taken for that does not say it: a phrase, but in a corpus of characters what LSTMVis took.

        With `regex_search`, and without a Whoosh index beside it, that was a regular expression (and an error where
        it could not be read).
        """
        etc = self.project.config.get("etc") if self.project else None
        if not (self.search and self.search.by_character and isinstance(etc, dict) and etc.get("regex_search")):
            return "phrase"
        try:
            compile_expression(query, words=False)
        except BadParameterError:
            return "phrase"
        return "phrase" if (self.directory / LSTMVIS_INDEX).is_dir() else "regex"

    def describe(self) -> dict[str, Any]:
        if self.project is None:
            return {"project": self.id, "info": _nothing(self.directory.name, self.error)}
        info = self.project.describe()
        for described, source in zip(info["states"]["types"], self.project.sources.values(), strict=True):
            progress = self._indexer.progress(source)
            if progress is not None:
                described["indexing"] = round(progress, 3)
            if failure := self._indexer.failure(source):
                described["index_error"] = failure
        return {"project": self.id, "info": info}


class Library:
    """Every project below a directory, by id: its directory's name, or its path with `__` where names collide."""

    def __init__(self, directory: Path) -> None:
        allow_many_files()  # those of each project stay open
        self.directory = directory.resolve()
        self.indexer = Indexer()
        self._lock = threading.Lock()
        self._looks = 0  # for projects, that have been begun
        self._served: dict[Path, ServedProject] = {}
        self._by_id: dict[str, ServedProject] = {}
        self.refresh()

    def refresh(self) -> None:
        """Look again for projects: open new ones, reopen those whose files changed, forget those that went.

        Many who ask at a time share one look, which has begun after each of them asked.
        """
        begun = self._looks
        with self._lock:
            if self._looks > begun:
                return
            self._looks += 1
            served = {}
            for project_id, directory in find_projects(self.directory):
                known = self._served.get(directory)
                if known is None or known.id != project_id or known.changed:
                    if known and known.project:
                        known.project.close()
                    known = ServedProject(project_id, directory, self.indexer)
                served[directory] = known
            self._served = served
            self._by_id = {entry.id: entry for entry in served.values()}

    def entries(self) -> list[ServedProject]:
        """All projects, also those that could not be opened, sorted by id."""
        by_id = self._by_id  # as it is now: a refresh puts another in its place
        return [by_id[project_id] for project_id in sorted(by_id)]

    def get(self, project_id: str) -> tuple[ServedProject, Project]:
        """The project as its files are now. Raises UnknownNameError for one that is not there or cannot be opened."""
        entry = self._by_id.get(project_id)
        if entry is None or entry.changed:
            self.refresh()
            entry = self._by_id.get(project_id)
        if entry is None or entry.project is None:
            reason = f" that can be opened ({entry.error})" if entry else ""
            usable = [other.id for other in self.entries() if other.project]
            raise UnknownNameError(f"project{reason}", project_id, usable)
        if entry.search:
            entry.search.prepare()  # whoever looks at a project may search it
        return entry, entry.project


def find_projects(root: Path) -> list[tuple[str, Path]]:
    """The id and the directory of every project below `root`, or at it; hidden directories are left out."""
    root = root.resolve()
    found = []
    for directory, below, files in os.walk(root):
        below[:] = sorted(name for name in below if not name.startswith("."))
        if CONFIG_NAME in files:
            found.append(Path(directory))
    names = Counter(place.name for place in found)
    identified: dict[str, Path] = {}
    for place in found:
        unique = names[place.name] == 1 or place == root
        project_id = place.name if unique else "__".join(place.relative_to(root).parts)
        while project_id in identified:  # by a directory that is itself called a__b
            project_id += "_"
        identified[project_id] = place
    return list(identified.items())


def _nothing(name: str, error: str | None) -> dict[str, Any]:
    return {
        "name": name,
        "description": name,
        "index": False,
        "is_searchable": False,
        "files": {},
        "word_sequence": {"size": [0], "dict_size": 0},
        "word_embedding": {"size": [-1, -1]},
        "states": {"types": []},
        "meta": [],
        "etc": {"regex_search": False},
        "error": error,
    }
