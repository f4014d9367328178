"""A project out of any PyTorch program: two lines in it, and the states of its recurrent modules are on disk.

    from lstmvis.models.recorder import record

    with record(model, "projects/mine", vocabulary=words) as recorder:
        for ids, lengths in batches:
            scores = model(ids, lengths)
            recorder.tokens(ids, lengths, label=labels)

Every nn.LSTM, nn.GRU and nn.RNN of the model is recorded, and their Cells, in whatever way the program calls them:
hidden and cell states of all layers and directions, gates where asked for. The program's results, gradients and random
numbers stay what they are. Nothing is stepped (see recurrence.py), and memory does not grow: what is recorded lies in
files without a name until the block ends, and is then written in order (which takes as much of the disk once more).
Where the block ends by an error, nothing is written.

Every row of a batch is a sequence of its own, unless the program hands on its state from one pass to the next: then row
b goes on where row b of the pass before stopped, and comes to lie behind it in the project. The sequences of the
project are then these streams: each began anew, and none of them goes on in the next one.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from lstmvis.data.arrays import Discrete, Scalar, States, write_project
from lstmvis.data.labels import Labels, by_id
from lstmvis.data.series import Series
from lstmvis.data.spool import Chains, Spool
from lstmvis.data.writing import STATE_TYPES, ProjectWriter
from lstmvis.models.batches import Batch, Layout
from lstmvis.models.watching import (
    QUANTITIES,
    Call,
    Quantity,
    RecordingError,
    Watched,
    WatchedCell,
    WatchedLayers,
    WatchedOutput,
    mode_of,
    quantities,
)

TOKENS = ""  # among the columns, whose other names are those of annotations


def record(
    model: nn.Module,
    path: Path | str,
    vocabulary: Sequence[str] | Mapping[str, int] | None = None,
    *,
    states: Sequence[str] = ("hidden", "cell"),
    modules: Sequence[str] | None = None,
    outputs: Sequence[str] = (),
    padding: int | None = None,
    carried: bool | None = None,
    batch_first: bool | None = None,
    dtype: str = "float32",
    name: str | None = None,
    description: str | None = None,
    replace: bool = False,
) -> "Recorder":
    """Record what `model` does in a `with` block, as a project at `path`; `Recorder.tokens` says over which tokens.

    vocabulary: the tokens by id, or their ids by token; not needed where tokens are strings, or where there are none.
    states: of QUANTITIES, what to record of each recurrent module, as far as it has it.
    modules: names (as in `model.named_modules()`) of the recurrent modules to record; all where nothing is said.
    outputs: names of other modules whose output a token is recorded, such as an nn.Linear.
    padding: the id that stands for no token.
    carried: whether rows go on where those of the pass before stopped; seen from the states where nothing is said.
    batch_first: whether tokens come as (rows, steps); seen from the shapes where nothing is said.
    dtype: float32 or float16, of what is written.
    name, description: for the project page. `replace`: an older project at `path` is replaced, when the block ends.

        >>> from pathlib import Path
        >>> import torch
        >>> class Tagger(torch.nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.embedding = torch.nn.Embedding(4, 8)
        ...         self.lstm = torch.nn.LSTM(8, 16, num_layers=2, bidirectional=True, batch_first=True)
        ...         self.tags = torch.nn.Linear(32, 3)
        ...     def forward(self, ids):
        ...         return self.tags(self.lstm(self.embedding(ids))[0])
        >>> model = Tagger()
        >>> words = ["<pad>", "the", "cat", "sleeps"]
        >>> batches = [torch.tensor([[1, 2, 3], [1, 2, 0]]), torch.tensor([[2, 3]])]

        >>> with record(model, "projects/tagger", words, outputs=["tags"], padding=0) as recorder:
        ...     for ids in batches:
        ...         scores = model(ids)
        ...         recorder.tokens(ids, tag=scores.argmax(dim=2))

        >>> from lstmvis.data.project import Project
        >>> project = Project(Path("projects/tagger"))
        >>> project.words.decode(project.words.ids.integers(0, 7)), project.sequence_starts.tolist()
        (['the', 'cat', 'sleeps', 'the', 'cat', 'cat', 'sleeps'], [0, 3, 5])
        >>> for source in list(project.sources.values())[-3:]:
        ...     print(source.path, source.states.shape)
        lstm/layer2/backward/hidden (7, 16)
        lstm/layer2/backward/cell (7, 16)
        tags/output (7, 3)
    """
    if not isinstance(model, nn.Module):
        raise RecordingError(f"What is recorded must be a torch.nn.Module, not {model!r:.60}.")
    if dtype not in STATE_TYPES:
        raise RecordingError(f"`dtype` must be {' or '.join(STATE_TYPES)}, not {dtype!r}.")
    path = Path(path)
    title = name or path.resolve().name
    ProjectWriter(path, title, "", replace)  # refuses now what it would refuse in the end
    _refuse_what_hides_its_modules(model)
    watched = [*_recurrent(model, states, modules, required=not outputs), *_others(model, outputs)]
    described = {"name": title, "description": description or f"Recorded from {type(model).__name__}."}
    return Recorder(path, watched, {**described, "replace": replace}, vocabulary, padding, carried, batch_first, dtype)


class Recorder:
    """What `record` gives; it records within its `with` block."""

    def __init__(
        self,
        path: Path,
        watched: list[Watched],
        described: dict[str, Any],
        vocabulary: Sequence[str] | Mapping[str, int] | None,
        padding: int | None,
        carried: bool | None,
        batch_first: bool | None,
        dtype: str,
    ) -> None:
        self._path = path
        self._watched = watched
        self._described = described
        self._names = None if vocabulary is None else by_id(vocabulary)
        self._padding = padding
        self._carried = carried
        self._layout = Layout(batch_first)
        self._dtype: torch.dtype = getattr(torch, dtype)
        self._columns: dict[str, _Column] = {}  # the tokens, under the name "", and the annotations
        self._sources: dict[Quantity, Spool] = {}
        self._chains = Chains()
        self._rows: list[int] = []  # the chain of each row of the pass before
        self._after: dict[str, Tensor] = {}  # in which states (B, all of it) the modules ended it

    def __enter__(self) -> Self:
        if self._sources:
            raise RecordingError("A recorder writes one project. Call record(...) again for another.")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordingError(f"{self._path} cannot be written: {error.strerror} ({error.filename}).") from error
        for watched in self._watched:
            watched.attach()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        waiting = [watched.label for watched in self._watched if watched.calls]
        for watched in self._watched:
            watched.detach()
        try:
            if kind is None:
                self._write(waiting)
        finally:
            for spool in [*self._sources.values(), *(column.spool for column in self._columns.values())]:
                spool.close()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Passes within this block, such as those over validation data, are not recorded."""
        watching = [watched for watched in self._watched if watched.is_attached]
        for watched in watching:
            watched.detach()
        try:
            yield
        finally:
            for watched in watching:
                watched.attach()

    def tokens(self, tokens: Any = None, lengths: Any = None, *, mask: Any = None, **annotations: Any) -> None:
        """Say over which tokens the recorded modules ran since the last call of this: call it after each forward pass.

        tokens: ids (rows, steps), or (steps, rows), or (steps,) for a single row; or a list of rows of strings or ids,
            each of its own length; or None for a series of numbers, which may be kept as annotations.
        lengths: (rows,), how many tokens of each row are real; or `mask`, true for each token that is. Where neither is
            said, `padding` or the lengths of packed sequences say so, or else all are real. Only these are kept.
        annotations: by name, a value a token, in the form of `tokens`, or a value a row, (rows,), which holds for all
            its tokens. Strings, booleans and few different integers are labels, other numbers lie on a scale; the
            first call may say more by `Discrete(values, labels)` or `Scalar(values, range)`.

        Raises RecordingError where the modules did not run, or over other rows and steps.
        """
        ran = {watched: list(watched.calls) for watched in self._watched if watched.calls}
        for watched in ran:
            watched.calls.clear()
        if not ran:
            names = ", ".join(watched.label for watched in self._watched)
            raise RecordingError(
                "No recorded module has run within the recorder's `with` block since recorder.tokens was last called. "
                f"It must be called once after each forward pass; recorded are {names}."
            )
        recurrent = {
            watched: _joined(watched, calls) for watched, calls in ran.items() if not isinstance(watched, WatchedOutput)
        }
        batch = self._batch(recurrent, tokens, lengths, mask)
        found: dict[Quantity, NDArray[Any]] = {}
        for watched, calls in ran.items():
            if watched in recurrent:
                seen = recurrent[watched].values
            else:
                (quantity,) = calls[0].values
                given = [call.values[quantity] for call in calls]
                seen = {quantity: batch.time_first(given, watched.label, self._layouts(recurrent))}
            for quantity, values in seen.items():
                found[quantity] = batch.of_tokens(values, watched.label, self._dtype)
        said = {
            name: batch.per_token(name, values.values if isinstance(values, Discrete | Scalar) else values)
            for name, values in annotations.items()
        }
        if batch.tokens is not None:
            said[TOKENS] = batch.tokens
        continues = self._continues(recurrent, len(batch.counts))
        self._keep(found, said, annotations)
        self._chain(batch.counts, continues)
        self._after = {watched.name: call.after for watched, call in recurrent.items() if call.after is not None}

    def _batch(self, recurrent: dict[Watched, Call], tokens: Any, lengths: Any, mask: Any) -> Batch:
        over = {watched: call.shape for watched, call in recurrent.items()}
        whole = {shape for watched, shape in over.items() if recurrent[watched].lengths is None}
        if len({rows for _, rows in over.values()}) > 1 or len(whole) > 1:
            each = ", ".join(f"{watched.label} over {rows} rows of {steps}" for watched, (steps, rows) in over.items())
            raise RecordingError(
                f"The recorded modules ran over different steps: {each}. Name those to record that read the same "
                "tokens: record(..., modules=[...])."
            )
        packed = [call.lengths.numpy() for call in recurrent.values() if call.lengths is not None]
        steps, rows = max(whole or over.values(), default=(None, None))
        return Batch(self._layout, rows, steps, packed[0] if packed else None, self._padding, tokens, lengths, mask)

    def _layouts(self, recurrent: dict[Watched, Call]) -> set[bool]:
        """All that is known of how this program lays out its tensors: whether rows come first."""
        said = set() if self._layout.batch_first is None else {self._layout.batch_first}
        return said | {
            watched.module.batch_first
            for watched, call in recurrent.items()
            if isinstance(watched, WatchedLayers) and call.lengths is None
        }

    def _continues(self, recurrent: dict[Watched, Call], rows: int) -> NDArray[np.bool_]:
        """Which rows go on where they stopped in the pass before: those whose state is the one that it ended with."""
        if self._carried is not None:
            return np.full(rows, self._carried)
        verdicts = []
        for watched, call in recurrent.items():
            verdict = np.zeros(rows, bool)
            if call.before is not None:
                ended = self._after.get(watched.name, call.before[:0])[:rows]
                verdict[: len(ended)] = (call.before[: len(ended)] == ended).all(dim=1).cpu().numpy()
                is_zero = (call.before == 0).all(dim=1).cpu().numpy()
                if not (verdict | is_zero).all():
                    raise RecordingError(
                        f"{watched.label} began with a state that is neither zero nor the one that it ended with in "
                        "the pass before. Say record(..., carried=False) if each row is a sequence of its own, "
                        "carried=True if it goes on with the same row of the pass before."
                    )
                verdict &= ~is_zero
            verdicts.append(verdict)
        if any((verdict != verdicts[0]).any() for verdict in verdicts):
            raise RecordingError(
                "Some recorded modules began with the state they had ended with, others anew. Say record(..., "
                "carried=True) or carried=False, or name those to record that belong together: modules=[...]."
            )
        return verdicts[0] if verdicts else np.zeros(rows, bool)

    def _keep(self, found: dict[Quantity, NDArray[Any]], said: dict[str, NDArray[Any]], given: dict[str, Any]) -> None:
        """Append what was found of each source, and what was said of each annotation: the same ones every time."""
        if not self._sources:
            near = self._path.parent
            self._sources = {quantity: Spool(near) for quantity in found}
            self._columns = {name: _Column(name, near, given.get(name), self._names) for name in said}
        if found.keys() != self._sources.keys():
            names = ", ".join(sorted(quantity.path for quantity in found.keys() ^ self._sources.keys()))
            raise RecordingError(f"Every pass must give the same states; these came in some only: {names}.")
        if said.keys() != self._columns.keys():
            names = ", ".join(repr(name) if name else "tokens" for name in said.keys() ^ self._columns.keys())
            raise RecordingError(f"Every call of recorder.tokens must say the same; these came in some only: {names}.")
        columns = {name: self._columns[name].converted(values) for name, values in said.items()}
        for name, values in columns.items():
            self._columns[name].spool.append(values)
        for quantity, values in found.items():
            self._sources[quantity].append(values)

    def _chain(self, counts: NDArray[np.int64], continues: NDArray[np.bool_]) -> None:
        before = self._rows
        self._rows = [
            before[row] if row < len(before) and continues[row] else self._chains.new() for row in range(len(counts))
        ]
        for chain, count in zip(self._rows, counts.tolist(), strict=True):
            self._chains.append(chain, count)

    def _write(self, waiting: list[str]) -> None:
        if waiting:
            raise RecordingError(
                f"{waiting[0]} has run, but recorder.tokens was not called after its last pass. Passes that are not to "
                "be recorded run in `with recorder.paused():`."
            )
        starts = self._chains.starts()  # where states were reset: of sequences, or of streams that were carried on
        if not len(starts):
            raise RecordingError("Nothing was recorded: recorder.tokens was never called with a real token.")
        several = len({quantity.module for quantity in self._sources if quantity.is_recurrent}) > 1
        arranged = self._chains.arranged
        states = {
            quantity.path: States(
                arranged(spool.read()),
                quantity.layer,
                quantity.title(several),
                quantity.transform,
                quantity.unsigned,
            )
            for quantity, spool in self._sources.items()
        }
        annotations = {name: column.described(arranged(column.spool.read())) for name, column in self._columns.items()}
        tokens = annotations.pop(TOKENS, None)
        total = len(self._sources) * self._chains.rows
        # Nothing to see where it is quick, or where no terminal is.
        with tqdm(desc="Writing", total=total, unit="step", unit_scale=True, delay=2, disable=None) as bar:
            write_project(
                self._path,
                tokens,
                states,
                annotations,
                starts if len(starts) > 1 else None,
                vocabulary=None if tokens is None else self._columns[TOKENS].labels.names,
                progress=bar.update,
                **self._described,
            )


_KINDS = {"O": "strings", "b": "booleans", "i": "integers", "u": "integers", "f": "numbers"}


class _Column:
    """Values a token: the tokens, or an annotation. Strings become ids."""

    def __init__(self, name: str, near: Path, given: Any, vocabulary: Sequence[str] | None) -> None:
        self.spool = Spool(near)
        self._what = f"values of {name!r}" if name else "tokens"
        self._given = given  # Discrete or Scalar say more than the values
        self._kind = ""
        self._is_tokens = not name
        fixed = given.labels if isinstance(given, Discrete) else None
        self.labels = Labels(self._what, vocabulary if self._is_tokens else fixed)
        self._kinds = set(_KINDS.values())
        if self._is_tokens:
            self._kinds -= {"booleans", "numbers"}
        elif isinstance(given, Discrete | Scalar):
            self._kinds -= {"strings"} if isinstance(given, Scalar) else {"numbers"}

    def converted(self, values: NDArray[Any]) -> NDArray[Any]:
        """As they are kept. Raises RecordingError for what is not of the kind that came before, or has no label.

        So what write_project would refuse in the end is refused at once.
        """
        kind = _KINDS.get(values.dtype.kind)
        if kind not in self._kinds:
            raise RecordingError(f"The {self._what} cannot be {kind or values.dtype}.")
        self._kind = self._kind or kind
        if kind != self._kind:
            raise RecordingError(f"The {self._what} were {self._kind} at first, and now are {kind}.")
        if kind == "strings":
            return self.labels.encode(values.tolist())
        if self._is_tokens and not self.labels.fixed:
            raise RecordingError("The tokens are ids: say what they stand for, record(..., vocabulary=[...]).")
        last = len(self.labels.names) - 1
        if self.labels.fixed and values.size and not 0 <= values.min() <= values.max() <= last:
            raise RecordingError(
                f"The {self._what} must be from 0 to {last}, those that stand for something; found {values.min()} to "
                f"{values.max()}."
            )
        return values.astype({"booleans": np.bool_, "integers": np.int64, "numbers": np.float32}[kind])

    def described(self, values: Any) -> Any:
        """For write_project."""
        if self._is_tokens:
            return values
        if self._kind == "strings":
            names, places = self.labels.in_order()
            return Discrete((places[piece] for piece in Series(self._what, values, 1).pieces()), names)
        if isinstance(self._given, Discrete):
            return Discrete(values, self._given.labels)
        return Scalar(values, self._given.range) if isinstance(self._given, Scalar) else values


def _joined(watched: Watched, calls: list[Call]) -> Call:
    """Several calls as one: each went on where the one before stopped."""
    first, *more = calls
    if not more:
        return first
    is_one = len({call.shape[1] for call in calls}) == 1 and all(call.lengths is None for call in calls)
    if is_one and max(call.shape[0] for call in calls) > 1:  # else the program steps through them by itself
        is_one = all(
            call.before is not None and last.after is not None and torch.equal(call.before, last.after)
            for last, call in pairwise(calls)
        )
    if not is_one:
        raise RecordingError(
            f"{watched.label} ran {len(calls)} times since recorder.tokens was last called, each time anew. Call it "
            "after each of them, be it in the model's forward, with the tokens that it was over; or let what is not to "
            "be recorded run in `with recorder.paused():`."
        )
    values = {quantity: torch.cat([call.values[quantity] for call in calls]) for quantity in first.values}
    return Call(values, None, first.before, calls[-1].after)


def _recurrent(
    model: nn.Module, states: Collection[str], modules: Sequence[str] | None, required: bool
) -> list[Watched]:
    if unknown := [state for state in states if state not in QUANTITIES]:
        raise RecordingError(f"`states` must be of {', '.join(QUANTITIES)}; not {', '.join(map(repr, unknown))}.")
    found = {name: module for name, module in model.named_modules() if isinstance(module, nn.RNNBase | nn.RNNCellBase)}
    if modules is not None:
        if missing := [name for name in modules if name not in found]:
            raise RecordingError(
                f"{', '.join(map(repr, missing))} in `modules` is no recurrent module of {type(model).__name__}; there "
                f"are: {', '.join(map(repr, found)) or 'none'}."
            )
        found = {name: found[name] for name in modules}
    watched: list[Watched] = []
    for name, module in found.items():
        if quantities(name, mode_of(module), states):
            kind = WatchedLayers if isinstance(module, nn.RNNBase) else WatchedCell
            watched.append(kind(name, module, states))  # type: ignore[arg-type]
    if required and not watched:
        raise RecordingError(
            f"{type(model).__name__} has no nn.LSTM, nn.GRU, nn.RNN or Cell of these with {', '.join(states)}. Other "
            "modules are recorded by what they give: record(..., outputs=[...])."
        )
    return watched


def _others(model: nn.Module, outputs: Sequence[str]) -> list[Watched]:
    found = {
        name: module
        for name, module in model.named_modules()
        if name and not isinstance(module, nn.RNNBase | nn.RNNCellBase)
    }
    if missing := [name for name in outputs if name not in found]:
        raise RecordingError(
            f"{', '.join(map(repr, missing))} in `outputs` is no module of {type(model).__name__}, or a recurrent one; "
            f"there are: {', '.join(map(repr, found)) or 'none'}."
        )
    return [WatchedOutput(name, found[name]) for name in outputs]


def _refuse_what_hides_its_modules(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.DataParallel):
            raise RecordingError("nn.DataParallel runs copies of its module. Record and run its module itself.")
        if hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None):
            raise RecordingError("A compiled model cannot be recorded. Record and run the one before torch.compile.")
