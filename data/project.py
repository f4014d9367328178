"""Open a project directory and check it.

A project is a directory with an `lstm.yml` that names HDF5 files, dictionaries and what is in them; LSTMVis's data
directories are projects as they are. What is wrong with one part (a missing file, a path that is not in it) is
collected in `Project.problems` and leaves the other parts usable.
"""

import math
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import h5py
import numpy as np
import yaml
from numpy.typing import NDArray

from lstmvis.data.dictionary import Dictionary, read_dictionary
from lstmvis.data.errors import ProjectError
from lstmvis.data.links import is_inside
from lstmvis.data.matrix import Matrix, open_hdf5, open_matrix, require_file
from lstmvis.data.opening import without_project
from lstmvis.data.versions import PROJECT_FORMAT, why_too_new

CONFIG_NAME = "lstm.yml"
MOST_CONFIG_BYTES = 1_000_000
MOST_CONFIG_NODES = 100_000
MOST_DISCRETE_VALUES = 10_000
MOST_BITS = 64  # of a number
STARTS_TOGETHER = 1 << 20
VALUES_TOGETHER = 1 << 20  # that are looked at for a range, in no more pieces than
MOST_PIECES = 256
MOST_NAMED = 5  # projects, in a message
T = TypeVar("T")
Transform = Literal["tanh", "none"]
TRANSFORMS: tuple[Transform, ...] = ("tanh", "none")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a part of a project, and what would mend it where that does not go without saying."""

    where: str
    what: str
    change: str


@dataclass(frozen=True, eq=False)
class Source:
    """One matrix of states, T steps x C cells."""

    file: str
    path: str
    layer: int
    type: str
    unsigned: bool
    transform: Transform
    states: Matrix

    @property
    def id(self) -> str:
        return f"{self.file}::{self.path}"

    @property
    def steps(self) -> int:
        return self.states.shape[0]

    @property
    def cells(self) -> int:
        return self.states.shape[1]

    def describe(self) -> dict[str, Any]:
        return {
            "layer": self.layer,
            "type": self.type,
            "file": self.file,
            "path": self.path,
            "size": [self.steps, self.cells],
            "unsigned": self.unsigned,
            "transform": self.transform,
        }


@dataclass(frozen=True, eq=False)
class Words:
    """The corpus: token ids and what they stand for."""

    ids: Matrix  # (T,)
    dictionary: Dictionary | None

    def decode(self, ids: NDArray[np.int64]) -> list[str]:
        """The tokens of ids (n,)."""
        numbers = ids.tolist()
        return self.dictionary.decode(numbers) if self.dictionary else [str(number) for number in numbers]


@dataclass(frozen=True, eq=False)
class Annotation:
    """A value a token. `general`: a label or number; `wordvec`: ranked tokens with weights."""

    name: str
    type: Literal["general", "wordvec"]
    values: Matrix  # (T,), or (T, ranks) for wordvec; first axis is the index where there is one
    weights: Matrix | None  # (T, ranks)
    dictionary: Dictionary | None
    index: Matrix | None  # (T,): row of `values` for each position; None: the position itself


class Project:
    """A project that has been opened. Raises ProjectError only where there is nothing to open at all."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.found_wrong: list[Problem] = []
        if not os.path.lexists(directory / CONFIG_NAME):
            raise _no_project(directory)
        config = _read_config(directory / CONFIG_NAME)
        self.name = str(config.get("name") or directory.name)
        self.description = str(config.get("description") or self.name)
        self.config = config
        self._files: dict[str, Path] = {}
        for reference, file in self._section("files").items():
            if path := self._attempt("files", partial(_inside, directory, str(file))):
                self._files[reference] = path
        self._hdf5: dict[str, h5py.File] = {}
        self._matrices: list[Matrix] = []
        self.dictionaries: dict[str, Dictionary] = {}
        self.sources: dict[str, Source] = {}
        for source in self._open_sources():
            if source.id in self.sources:
                sentence = f"{CONFIG_NAME}: `states.types` names {source.id!r} more than once; the first counts."
                self._complain("states.types", sentence, "Take the others out.")
            self.sources.setdefault(source.id, source)
        self.words: Words | None = self._attempt("word_sequence", self._open_words)
        # (sequences,)
        self.sequence_starts: NDArray[np.int64] = self._attempt("sequences", self._open_sequences, _NO_STARTS)
        self.meta: dict[str, dict[str, Any]] = {}
        self.annotations: dict[str, Annotation] = {}
        for name, item in self._section("meta").items():
            if annotation := self._attempt(f"annotation {name}", partial(self._open_annotation, name, item)):
                self.annotations[name] = annotation
        # The address of the view with which it opens: what follows the `?`, without the project.
        self.opening: str | None = self._attempt("opening", self._read_opening)
        self._hdf5.clear()  # closes the files; a matrix that is not contiguous keeps its own open

    @property
    def problems(self) -> list[str]:
        """A sentence for each part that is not usable."""
        return [problem.what for problem in self.found_wrong]

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that the configuration names, also those that are not there or lie outside."""
        return tuple(self.directory / str(file) for file in self._section("files").values())

    @property
    def steps(self) -> int:
        """The number of positions of the longest source."""
        return max((source.steps for source in self.sources.values()), default=0)

    def close(self) -> None:
        """Let go of what HDF5 keeps open, so that opening the project again reads its files anew."""
        for matrix in self._matrices:
            matrix.close()

    def describe(self) -> dict[str, Any]:
        """The configuration with defaults and sizes filled in, as `/info` gives it."""
        searchable = self.words is not None and self.words.dictionary is not None
        words = dict(self._section("word_sequence"))
        words["size"] = [len(self.words.ids) if self.words else self.steps]
        words["dict_size"] = len(self.words.dictionary) if self.words and self.words.dictionary else 0
        etc = self.config.get("etc")
        return {
            "name": self.name,
            "description": self.description,
            "index": searchable,
            "is_searchable": searchable,
            "files": {name: os.path.relpath(path, self.directory) for name, path in self._files.items()},
            "word_sequence": words,
            "word_embedding": self.config.get("word_embedding") or {"size": [-1, -1]},
            "states": {"types": [source.describe() for source in self.sources.values()]},
            "meta": self.meta or [],
            "etc": {"regex_search": False} | (etc if isinstance(etc, dict) else {}),
            **({"opening": self.opening} if self.opening else {}),
            **({"error": " ".join(self.problems)} if self.problems else {}),
        }

    def _attempt(self, where: str, open_part: Callable[[], T], otherwise: Any = None) -> T | Any:
        try:
            return open_part()
        except ProjectError as error:
            self._complain(where, str(error), error.change)
            return otherwise

    def _complain(self, where: str, what: str, change: str = "") -> None:
        if what not in self.problems:  # a missing file is missing for each of its parts
            self.found_wrong.append(Problem(where, what, change))

    def _section(self, key: str) -> Mapping[str, Any]:
        section = self.config.get(key) or {}
        if isinstance(section, dict):
            return section
        self._complain(key, f"{CONFIG_NAME}: `{key}` must be a mapping.")
        return {}

    def _open_sources(self) -> list[Source]:
        states = self._section("states")
        types = states.get("types") or []
        if not isinstance(types, list) or not all(isinstance(item, dict) for item in types):
            sentence = f"{CONFIG_NAME}: `states.types` must be a list of mappings, one for each source."
            self._complain("states.types", sentence)
            return []
        if not types:
            sentence = f"{CONFIG_NAME} names no sources: `states.types` is missing or empty."
            example = "states: {file: states, types: [{type: cell, layer: 1, path: PATH_IN_THE_HDF5_FILE}]}"
            self._complain("states.types", sentence, f"Name at least one, such as `{example}`.")
        opened = []
        for number, item in enumerate(types, start=1):
            named = f"{item.get('file', states.get('file'))}::{item['path']}" if "path" in item else str(number)
            opened.append(self._attempt(f"source {named}", partial(self._open_source, item, states.get("file"))))
        return [source for source in opened if source]

    def _open_source(self, item: Mapping[str, Any], default_file: object) -> Source:
        where = "a source in `states.types`"
        transform = item.get("transform", "tanh")
        if transform not in TRANSFORMS:
            raise ProjectError(f"{CONFIG_NAME}: the transform of {where} must be tanh or none, not {transform!r}.")
        file, path = _text({"file": default_file} | dict(item), "file", where), _text(item, "path", where)
        states = self._matrix(file, path)
        if len(states.shape) != 2:
            raise ProjectError(
                f"{states.name} must have two axes, steps x cells; its shape is {states.shape}.",
                "Store the states of step t as row t: all batches laid end to end, in the order of the text.",
            )
        layer = item.get("layer", 1)
        return Source(
            file=file,
            path=path,
            layer=layer if isinstance(layer, int) else 1,
            type=str(item.get("type", "state")),
            unsigned=bool(item.get("unsigned", False)),
            transform=transform,
            states=states,
        )

    def _open_words(self) -> Words | None:
        section = self._section("word_sequence")
        if not section:
            return None
        ids = self._vector(section, "`word_sequence`")
        name = section.get("dict_file")
        return Words(ids, self._dictionary(str(name)) if name is not None else None)

    def _open_sequences(self) -> NDArray[np.int64]:
        section = self._section("sequences")
        if not section:
            return _NO_STARTS
        matrix = self._vector(section, "`sequences`")
        starts = _NO_STARTS
        for begin in range(0, len(matrix), STARTS_TOGETHER):  # so that a file of billions of zeros is refused at once
            starts = np.concatenate([starts, matrix.integers(begin, begin + STARTS_TOGETHER)])
            if not ascend_from_zero(starts):
                raise ProjectError(
                    f"{matrix.name} must hold the starts of the sequences, ascending from 0.", _first_descent(starts)
                )
        return starts

    def _read_opening(self) -> str | None:
        given = self.config.get("opening")
        if given is None:
            return None
        address = without_project(given) if isinstance(given, str) and "=" in given else ""
        if not address:
            raise ProjectError(
                f"{CONFIG_NAME}: `opening` must be the address of a view, not {given!r:.60}.",
                "Open the view, and copy what the address bar holds after the `?`, such as "
                "`opening: source=states::layer1/cell&pos=70&threshold=0.3&range=75,80`.",
            )
        return address

    def _open_annotation(self, name: str, item: object) -> Annotation:
        where = f"the annotation {name!r}"
        if not isinstance(item, dict):
            raise ProjectError(f"{CONFIG_NAME}: {where} must be a mapping.")
        kind: Any = item.get("type", "general")
        if kind not in ("general", "wordvec"):
            raise ProjectError(f"{CONFIG_NAME}: the type of {where} must be general or wordvec, not {kind!r}.")
        file = _text(item, "file", where)
        values = self._matrix(file, _text(item, "path", where))
        if kind == "wordvec" and len(values.shape) != 2:
            raise ProjectError(f"{values.name} must have two axes, positions x ranks; its shape is {values.shape}.")
        if kind == "general" and len(values.shape) != 1:
            raise ProjectError(f"{values.name} must have one axis, unless the type of {where} is wordvec.")
        weights_path, dictionary = item.get("weights_path"), item.get("dict")
        weights = None if weights_path is None else self._matrix(file, str(weights_path))
        if weights and weights.shape != values.shape:
            raise ProjectError(f"{weights.name} must have the shape of {values.name}, {values.shape}.")
        labels = None if dictionary is None else self._dictionary(str(dictionary))
        index_name = item.get("index") or "self"
        index = None
        if index_name != "self":
            section = self.config.get(index_name)
            if not isinstance(section, dict):
                raise ProjectError(f"{CONFIG_NAME}: {where} has the index {index_name!r}, which is not in this file.")
            index = self._vector(section, f"`{index_name}`")
        annotation = Annotation(name, kind, values, weights, labels, index)
        described = dict(item) | {"type": kind, "index": index_name}
        described["vis"] = _visualisation(item.get("vis"), annotation, where)
        self.meta[name] = described
        return annotation

    def _vector(self, section: Mapping[str, Any], where: str) -> Matrix:
        matrix = self._matrix(_text(section, "file", where), _text(section, "path", where))
        if len(matrix.shape) != 1:
            raise ProjectError(f"{matrix.name} must have one axis; its shape is {matrix.shape}.")
        return matrix

    def _matrix(self, file: str, path: str) -> Matrix:
        if file not in self._hdf5:
            self._hdf5[file] = open_hdf5(self._existing(file))
        matrix = open_matrix(self._hdf5[file], path, self.directory)
        self._matrices.append(matrix)
        return matrix

    def _dictionary(self, file: str) -> Dictionary:
        if file not in self.dictionaries:
            self.dictionaries[file] = read_dictionary(self._existing(file))
        return self.dictionaries[file]

    def _existing(self, file: str) -> Path:
        path = self._path(file)
        require_file(path, self._files.values())
        return path

    def _path(self, file: str) -> Path:
        if file in self._files:
            return self._files[file]
        if (declared := self._section("files").get(file)) is None:
            names = ", ".join(self._files) or "none"
            meant = did_you_mean(file, self._files)
            raise ProjectError(
                f"{CONFIG_NAME}: {file!r} is not among the `files`; there are: {names}.",
                meant or f"Declare it: `files: {{{file}: NAME_OF_THE_FILE}}`.",
            )
        return _inside(self.directory, str(declared))  # raises what was said of it already


_NO_STARTS = np.zeros(0, np.int64)


def ascend_from_zero(starts: NDArray[Any]) -> bool:
    """Whether these can be the starts (sequences,) of sequences."""
    return not len(starts) or bool(starts[0] == 0 and (starts[1:] > starts[:-1]).all())


def _no_project(directory: Path) -> ProjectError:
    """What is said of a directory that has no configuration: that it is none, or has projects in it."""
    if not directory.is_dir():
        return ProjectError(f"There is no directory {directory}: a project is a directory with a file {CONFIG_NAME}.")
    below = ", ".join(sorted(path.parent.name for path in directory.glob(f"*/{CONFIG_NAME}"))[:MOST_NAMED])
    there = f" There are projects in it, such as: {below}." if below else ""
    return ProjectError(f"{directory} is no project: there is no {CONFIG_NAME} in it.{there}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question, or nothing where no known name is like this one."""
    return f"Did you mean `{close[0]}`?" if (close := get_close_matches(name, list(known), n=1)) else ""


def _first_descent(starts: NDArray[np.int64]) -> str:
    if starts[0] != 0:
        return f"The first must be 0; it is {starts[0]}."
    place = int(np.flatnonzero(starts[1:] <= starts[:-1])[0])
    return f"Entry {place + 1} is {starts[place + 1]}, and the one before it {starts[place]}."


def _read_config(path: Path) -> dict[str, Any]:
    content = _plain(_read_yaml(path, yaml.load))
    if not isinstance(content, dict):
        raise ProjectError(f"{path.name} must hold a mapping with `files`, `states` and so on.")
    if sentence := why_too_new(content, PROJECT_FORMAT, path.name):
        raise ProjectError(sentence)
    return content


def read_config_nodes(path: Path) -> yaml.Node | None:
    """The configuration as YAML nodes, which know their lines. Raises ProjectError as opening the project does."""
    node: yaml.Node | None = _read_yaml(path, yaml.compose)
    return node


def _read_yaml(path: Path, read: Callable[[str, Any], Any]) -> Any:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to read a pipe would be to wait for ever
            raise ProjectError(f"{path.name} is not a file.")
        if not is_inside(path.parent, path):
            raise ProjectError(f"{path.name} is a link to a file outside the project's directory.")
        if path.stat().st_size > MOST_CONFIG_BYTES:
            raise ProjectError(f"{path.name} is larger than {MOST_CONFIG_BYTES:,} bytes.")
        text = path.read_text(encoding="utf-8")
        return read(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        lines = text.splitlines()[mark.line : mark.line + 1] if mark else []
        change = f"The line reads `{lines[0].strip()[:60]}`." if lines else ""
        if "\\t" in str(error.problem):
            change += " YAML is indented with spaces, never with tabs."
        if "mapping values are not allowed" in str(error.problem):
            change += " Where a value has a colon in it, put the value in quotes."
        raise ProjectError(f"{path.name}{place}: {error.problem}.", change) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ProjectError(f"{path.name} is not readable YAML in UTF-8: {error}.") from error
    except OSError as error:
        raise ProjectError(f"{path.name} cannot be read: {error.strerror or error}.") from error


class _Loader(yaml.SafeLoader):
    """Refuses, before anything is made of it, what a few aliases of aliases make larger than any memory."""

    def get_single_node(self) -> yaml.Node | None:
        root = super().get_single_node()
        waiting = [root] if root else []
        count = len(waiting)
        while waiting:
            node = waiting.pop()
            if isinstance(node, yaml.SequenceNode):
                below = node.value
            elif isinstance(node, yaml.MappingNode):
                below = [part for pair in node.value for part in pair]
            else:
                continue
            waiting += below
            count += len(below)
            if count > MOST_CONFIG_NODES:
                raise ProjectError(f"{CONFIG_NAME} has more than {MOST_CONFIG_NODES:,} entries, counted at each alias.")
        return root


def _plain(content: Any) -> Any:
    """The same with nothing but what JSON has: YAML's dates become text, and so do all keys."""
    if isinstance(content, dict):
        return {_plain(str(key)): _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple | set):
        return [_plain(value) for value in content]
    if isinstance(content, int) and abs(content) >> MOST_BITS:
        raise ProjectError(f"{CONFIG_NAME} holds a number of more than {MOST_BITS} bits.")
    if isinstance(content, str) and (half := re.search("[\ud800-\udfff]", content)):  # which UTF-8 has no place for
        raise ProjectError(f"{CONFIG_NAME} holds half a character, {half[0]!r}.")
    return content if content is None or isinstance(content, bool | int | float | str) else str(content)


def _inside(directory: Path, file: str) -> Path:
    path = directory / file
    if not is_inside(directory, path):
        raise ProjectError(
            f"{CONFIG_NAME}: the file {file!r} lies outside the project's directory.",
            "Move or copy it into the directory: a project may only read what is its own.",
        )
    return path


def _text(section: Mapping[str, Any], key: str, where: str) -> str:
    value = section.get(key)
    if value is None:
        meaning = {"file": "one of the names under `files`", "path": "what the data are called inside that HDF5 file"}
        raise ProjectError(f"{CONFIG_NAME}: {where} has no `{key}`.", f"Add `{key}`: {meaning[key]}.")
    return str(value)


def _visualisation(vis: object, annotation: Annotation, where: str) -> dict[str, Any]:
    """`vis` with its type, and with a range that is an array: all values in colour order, or [lowest, highest]."""
    if vis is not None and not isinstance(vis, dict):
        raise ProjectError(f"{CONFIG_NAME}: `vis` of {where} must be a mapping.")
    filled: dict[str, Any] = dict(vis or {})
    usual = "wordvec" if annotation.type == "wordvec" else "discrete" if annotation.dictionary else "scalar"
    kind = filled.setdefault("type", usual)
    given = filled.get("range")
    if given == "dict":
        if annotation.dictionary is None:
            raise ProjectError(f"{CONFIG_NAME}: {where} has the range `dict` but no `dict`.")
        filled["range"] = annotation.dictionary.tokens()
    elif kind == "discrete" and not isinstance(given, list):
        filled["range"] = _integers("0...100" if given is None else str(given), where)
    elif kind == "scalar" and isinstance(given, str):
        values = _integers(given, where)
        filled["range"] = [values[0], values[-1]]
    elif kind == "scalar" and not _is_interval(given):
        if given is not None:
            raise ProjectError(f"{CONFIG_NAME}: the range of {where} must be [lowest, highest], not {given!r}.")
        filled["range"] = _extent(annotation.values)
    return filled


def _integers(text: str, where: str) -> list[int]:
    found = re.fullmatch(r"\s*(-?\d+)\.\.\.(-?\d+)\s*", text)
    if not found:
        raise ProjectError(
            f"{CONFIG_NAME}: the range of {where} must be dict, a list of values, or `lo...hi` for the integers from "
            f"lo up to but not including hi; it is {text!r}."
        )
    low, high = int(found[1]), int(found[2])
    if high <= low:
        raise ProjectError(f"{CONFIG_NAME}: the range of {where} holds no value: {text!r}.")
    if high - low > MOST_DISCRETE_VALUES:
        raise ProjectError(f"{CONFIG_NAME}: the range of {where} has more than {MOST_DISCRETE_VALUES:,} values.")
    return list(range(low, high))


def _is_interval(given: object) -> bool:
    if not isinstance(given, list) or len(given) != 2:
        return False
    return all(isinstance(end, int | float) and type(end) is not bool and -np.inf < end < np.inf for end in given)


def _extent(values: Matrix) -> list[float]:
    """The lowest and highest finite value, [0, 1] where there is none; where there are very many values, of some."""
    low, high = np.inf, -np.inf
    together = max(1, VALUES_TOGETHER // max(1, math.prod(values.shape[1:])))
    starts = range(0, len(values), together)
    for start in starts[:: max(1, -(-len(starts) // MOST_PIECES))]:
        block = values.rows(start, start + together).astype(np.float64)
        finite = block[np.isfinite(block)]
        if finite.size:
            low, high = min(low, finite.min()), max(high, finite.max())
    return [float(low), float(high)] if low <= high else [0.0, 1.0]


def is_project(directory: Path) -> bool:
    return (directory / CONFIG_NAME).is_file()
