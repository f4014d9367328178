"""Write a project.

It is built under a temporary name beside its place, renamed when it is whole, and gone when something went wrong. What
is left of a writer that was killed is hidden, and taken away by the next one of the same project:

    with ProjectWriter(Path("parens"), "Parentheses", "one of the demos") as project:
        project.write_tokens(ids, vocabulary)
        states = project.create_source("layer1/cell", steps=len(ids), cells=150, layer=1, type="cell")
        states[0:1000] = block
        project.write_discrete("nesting", depths, labels=["0", "1", "2", "3", "4"])

What the format has no place for (ids that have no label, a name that is taken) raises ProjectError.
"""

import json
import math
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray

from lstmvis.data.dictionary import write_dictionary
from lstmvis.data.errors import FullDiskError, LstmvisError, ProjectError, ProjectExistsError
from lstmvis.data.full_disk import close_written, why_full
from lstmvis.data.interrupts import holding_interrupts, raise_interrupt
from lstmvis.data.locking import making, writing
from lstmvis.data.placing import make_part, put_directory, remove_parts
from lstmvis.data.project import CONFIG_NAME, TRANSFORMS, Transform, ascend_from_zero, is_project
from lstmvis.data.versions import KEY, PROJECT_FORMAT, made_by, this_version

STATE_TYPES = ("float16", "float32")
MOST_NAME_BYTES = 200  # what lies in a file of that name has a few more
PATIENCE = 30.0  # seconds for another process to have its annotation written into a project that is to be replaced


class ProjectWriter:
    """Raises ProjectExistsError where `path` is taken, unless `replace` allows an older project to be replaced.

    An empty directory takes no place, and a link is followed to what it names.
    """

    def __init__(self, path: Path | str, name: str, description: str, replace: bool = False) -> None:
        self.path = Path(path)
        self._place = self.path.resolve()
        self._replace = replace
        self._refuse_to_overwrite()
        self._config: dict[str, Any] = {"name": name, "description": description, KEY: made_by(PROJECT_FORMAT)}
        self._config["files"] = {}
        self._vocabulary_size = 0
        self._open: dict[str, h5py.File] = {}
        # What cannot be written any more is told when the file is closed, and never when a dataset is.
        self._datasets: list[h5py.Dataset] = []

    def __enter__(self) -> Self:
        """Raises ProjectError where nothing can be written, or another process writes a project to this place."""
        with ExitStack() as opened:
            try:
                self._place.parent.mkdir(parents=True, exist_ok=True)
                if opened.enter_context(making(self._place)):
                    remove_parts(self._place)
                self._refuse_to_overwrite()
                self._directory = make_part(self._place)
            except OSError as error:
                raise ProjectError(f"{self.path} cannot be written: {error.strerror} ({error.filename}).") from error
            self._lock = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock, holding_interrupts():
            try:
                unwritten = [failure for file in self._open.values() if (failure := close_written(file))]
                if kind is None:
                    if unwritten:
                        raise unwritten[0]
                    self._finish()
            except (OSError, RuntimeError) as failure:
                if reason := why_full(failure):
                    raise FullDiskError(self.path, reason) from failure
                raise
            finally:
                shutil.rmtree(self._directory, ignore_errors=True)
        if kind is None:
            raise_interrupt()
        elif (isinstance(error, FullDiskError) or not isinstance(error, LstmvisError)) and (reason := why_full(error)):
            raise FullDiskError(self.path, reason) from error

    def write_tokens(self, ids: ArrayLike | Iterable[ArrayLike], vocabulary: Sequence[str], length: int = 0) -> None:
        """Write the corpus: token ids (T,), or an iterable of pieces of them, `length` in all; vocabulary by id.

        Raises ProjectError for what is no id of the vocabulary, a wrong `length`, and where there are tokens already.
        """
        dataset = self._integers("train", "word_ids", ids, length, len(vocabulary), "token ids")
        self._write_labels("words", vocabulary)
        self._vocabulary_size = len(vocabulary)
        self._config["word_sequence"] = {"file": "train", "path": dataset, "dict_file": "words"}

    def write_sequences(self, starts: ArrayLike) -> None:
        """Write where the state was reset: the first positions (sequences,) of the sequences, ascending from 0.

        Raises ProjectError where they are not, and where there are sequences already.
        """
        array = np.asarray(starts)
        if array.ndim != 1 or (array.size and array.dtype.kind not in "iu") or not ascend_from_zero(array):
            raise ProjectError("The starts of the sequences must be integers in one axis, ascending from 0.")
        self._create("train", "sequence_starts", data=array.astype(np.int64))
        self._config["sequences"] = {"file": "train", "path": "sequence_starts"}

    def create_source(
        self,
        path: str,
        steps: int,
        cells: int,
        layer: int = 1,
        type: str = "state",  # noqa: A002 - the key of lstm.yml
        transform: Transform = "tanh",
        dtype: str = "float32",
        unsigned: bool = False,
    ) -> h5py.Dataset:
        """An empty source of steps x cells, to be filled by slices along its first axis.

        `unsigned` says that no value is below zero, as in a sigmoid gate.
        Raises ProjectError for another transform or dtype than there are, and where `path` is taken or cannot be one.
        """
        if "\0" in path or not {"", ".", ".."}.isdisjoint(path.split("/")):
            raise ProjectError(f"A source must have a name such as `layer1/cell`, not {path!r:.60}.")
        if transform not in TRANSFORMS:
            raise ProjectError(f"The transform of {path!r} must be one of {', '.join(TRANSFORMS)}, not {transform!r}.")
        if dtype not in STATE_TYPES:
            raise ProjectError(f"The states of {path!r} must be written as {' or '.join(STATE_TYPES)}, not {dtype!r}.")
        dataset = self._create("states", path, shape=(steps, cells), dtype=dtype)
        states = self._config.setdefault("states", {"file": "states", "types": []})
        sign = {"unsigned": True} if unsigned else {}
        states["types"].append({"type": type, "layer": layer, "path": path, **sign, "transform": transform})
        return dataset

    def write_discrete(
        self, name: str, ids: ArrayLike | Iterable[ArrayLike], labels: Sequence[str], length: int = 0
    ) -> None:
        """Write an annotation of labels: ids (T,) into `labels`, whole or in pieces of `length` in all.

        Raises ProjectError for ids without a label, a wrong `length`, and a name that is taken or cannot be one.
        """
        self._require_new(name)
        path = self._integers("annotations", name, ids, length, len(labels), f"ids of {name!r}")
        dictionary = f"{name}_labels"
        self._write_labels(dictionary, labels)
        self._annotate(name, path, {"dict": dictionary, "vis": {"type": "discrete", "range": "dict"}})

    def write_scalar(
        self,
        name: str,
        values: ArrayLike,
        range: tuple[float, float] | None = None,  # noqa: A002
    ) -> None:
        """Write an annotation of numbers, values (T,), drawn on a scale from range[0] to range[1].

        Without `range` the scale goes from the lowest to the highest finite value.
        Raises ProjectError for values in more than one axis, and a name that is taken or cannot be one.
        """
        array = np.asarray(values, np.float32)
        if array.ndim != 1:
            raise ProjectError(f"The values of {name!r} must have one axis; their shape is {array.shape}.")
        self.create_scalar(name, len(array), range)[:] = array

    def create_scalar(
        self,
        name: str,
        steps: int,
        range: tuple[float, float] | None = None,  # noqa: A002
    ) -> h5py.Dataset:
        """An annotation of numbers for `steps` positions, to be filled by slices; what is not filled is NaN.

        Raises ProjectError for a name that is taken or cannot be one, and for a range that has no two ends.
        """
        self._require_new(name)
        ends = {} if range is None else {"range": [float(end) for end in range]}
        if ends and not (len(ends["range"]) == 2 and -math.inf < ends["range"][0] <= ends["range"][1] < math.inf):
            raise ProjectError(f"The range of {name!r} must be its lowest and its highest number, not {range!r:.60}.")
        dataset = self._create("annotations", name, shape=(steps,), dtype=np.float32, fillvalue=np.nan)
        self._annotate(name, name, {"vis": {"type": "scalar", **ends}})
        return dataset

    def write_ranked(self, name: str, ids: ArrayLike, weights: ArrayLike, labels: Sequence[str]) -> None:
        """Write a ranked word list a position, such as predictions: ids (T, ranks) into `labels`, weights (T, ranks).

        Raises ProjectError for ids without a label, other shapes, and a name that is taken or cannot be one.
        """
        self._require_new(name)
        ranked = _checked_ids(ids, len(labels), f"ids of {name!r}", axes=2)
        weighed = np.asarray(weights, np.float32)
        if weighed.shape != ranked.shape:
            raise ProjectError(
                f"The weights of {name!r} must have the shape of its ids, {ranked.shape}; it is {weighed.shape}."
            )
        dictionary = f"{name}_labels"
        self._write_labels(dictionary, labels)
        ids_into, weights_into = self._create_ranked(name, ranked.shape, dictionary, len(labels))
        ids_into[:], weights_into[:] = ranked, weighed

    def create_ranked_tokens(self, name: str, steps: int, ranks: int) -> tuple[h5py.Dataset, h5py.Dataset]:
        """Ids and weights, each (steps, ranks), of tokens ranked at each position, to be filled by slices along it.

        The ids are those of `write_tokens`, whose vocabulary this uses; they are not checked. What is not filled is
        of weight 0. Raises ProjectError before there are tokens, and for a name that is taken or cannot be one.
        """
        if "word_sequence" not in self._config:
            raise ProjectError(f"The tokens must be written before {name!r}, which ranks them.")
        self._require_new(name)
        return self._create_ranked(name, (steps, ranks), "words", self._vocabulary_size)

    def _create_ranked(
        self, name: str, shape: tuple[int, ...], dictionary: str, labels: int
    ) -> tuple[h5py.Dataset, h5py.Dataset]:
        ids = self._create("annotations", f"{name}/ids", shape=shape, dtype=_smallest_type(labels))
        weights = self._create("annotations", f"{name}/weights", shape=shape, dtype=np.float32)
        described = {"type": "wordvec", "weights_path": f"{name}/weights", "vis": {"type": "wordvec"}}
        self._annotate(name, f"{name}/ids", {"dict": dictionary, **described})
        return ids, weights

    def copy_model(self, checkpoint: Path, record: Mapping[str, Any] | None = None) -> None:
        """Keep a copy of the model's checkpoint in the project, and in `history.json` how it was trained.

        `record` is that as plain values, such as `lstmvis.models.checkpoint.Checkpoint.record` gives.
        """
        shutil.copyfile(checkpoint, self._directory / "model.pt")
        self._config["model"] = {"checkpoint": "model.pt"}
        if record is not None:
            content = {KEY: this_version(), **record}
            text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
            (self._directory / "history.json").write_text(text + "\n", encoding="utf-8")
            self._config["model"]["history"] = "history.json"

    def _require_new(self, name: str) -> None:
        check_annotation_name(name)
        if name in self._config.get("meta", {}):
            raise ProjectError(f"There is an annotation {name!r} already.")

    def _annotate(self, name: str, path: str, description: dict[str, Any]) -> None:
        self._config.setdefault("meta", {})[name] = {"file": "annotations", "path": path, **description}

    def _write_labels(self, reference: str, labels: Sequence[str]) -> None:
        self._config["files"][reference] = f"{reference}.json"
        write_dictionary(self._directory / f"{reference}.json", labels)

    def _integers(
        self, file: str, path: str, ids: ArrayLike | Iterable[ArrayLike], length: int, count: int, what: str
    ) -> str:
        """Write ids below `count`, in the smallest type that holds them, and return their path."""
        whole = None if length else _checked_ids(ids, count, what)
        shape = (length if whole is None else len(whole),)
        dataset = self._create(file, path, shape=shape, dtype=_smallest_type(count))
        start = 0
        for piece in [whole] if whole is not None else ids:  # type: ignore[union-attr]
            array = _checked_ids(piece, count, what)
            if start + len(array) > len(dataset):
                raise ProjectError(f"There are more than the {len(dataset):,} {what} that were announced.")
            dataset[start : start + len(array)] = array
            start += len(array)
        if start < len(dataset):
            raise ProjectError(f"There are {start:,} {what}; {len(dataset):,} were announced.")
        return path

    def _create(self, reference: str, path: str, **what: Any) -> h5py.Dataset:
        file = self._file(reference)
        above = (file.get(str(parent)) for parent in PurePosixPath(path).parents)
        if path in file or any(isinstance(found, h5py.Dataset) for found in above):
            raise ProjectError(f"{path!r} cannot be written to {reference}.hdf5: that name is taken.")
        self._datasets.append(file.create_dataset(path, **what))
        return self._datasets[-1]

    def _file(self, reference: str) -> h5py.File:
        if reference not in self._open:
            name = f"{reference}.hdf5"
            self._config["files"][reference] = name
            self._open[reference] = h5py.File(self._directory / name, "w")
            self._open[reference].attrs[KEY] = this_version()
        return self._open[reference]

    def _finish(self) -> None:
        config = yaml.safe_dump(self._config, sort_keys=False, allow_unicode=True)
        (self._directory / CONFIG_NAME).write_text(config, encoding="utf-8")
        self._directory.chmod(0o777 & ~_umask())
        with ExitStack() as opened:
            if is_project(self._place):
                opened.enter_context(writing(self._place, PATIENCE))
            self._refuse_to_overwrite()
            raise_interrupt()
            put_directory(self._directory, self._place)

    def _refuse_to_overwrite(self) -> None:
        if not self.path.exists() or _is_empty(self.path):
            return
        if not (self.path / CONFIG_NAME).is_file():
            raise ProjectExistsError(f"{self.path} exists and is not a project, so it is kept. Choose another place.")
        if not self._replace:
            raise ProjectExistsError(
                f"{self.path} already exists. Choose another place, or replace it: `--replace` on the command line, "
                "`replace=True` in Python."
            )


def check_annotation_name(name: str) -> None:
    """A name is also a path in HDF5, part of a file's name, and an entry of the API's comma-separated `dims`.

    Raises ProjectError where it cannot be.
    """
    if not name or name.startswith(".") or set(name) & set("/,\0") or len(name.encode()) > MOST_NAME_BYTES:
        raise ProjectError(
            f"An annotation must have a name without `/`, `,` or a leading `.`, of {MOST_NAME_BYTES} bytes at "
            f"most, not {name!r:.60}."
        )


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _checked_ids(ids: Any, count: int, what: str, axes: int = 1) -> NDArray[np.integer[Any]]:
    array = np.asarray(ids)
    if array.ndim != axes or (array.size and array.dtype.kind not in "iu"):
        allowed = "one axis" if axes == 1 else "two axes"
        raise ProjectError(f"The {what} must be integers in {allowed}; they are {array.dtype} {array.shape}.")
    if array.size and (array.min() < 0 or array.max() >= count):
        raise ProjectError(f"The {what} must be from 0 to {count - 1}; found {array.min()} to {array.max()}.")
    return array


def _smallest_type(count: int) -> np.dtype[Any]:
    """The smallest type that holds the ids below `count`."""
    return np.min_scalar_type(max(count - 1, 0))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
