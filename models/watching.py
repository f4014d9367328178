"""What the recurrent modules of a running model do, seen through forward hooks, which change nothing of it.

A watched module collects one `Call` a forward pass. All that a call takes is computed at once, under no_grad, while
inputs and weights are those that the pass used; what the module gave is copied, since the program may go on in place.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils.hooks import RemovableHandle

from lstmvis.data.errors import LstmvisError
from lstmvis.data.project import Transform
from lstmvis.models.recurrence import GATES, LayerPass, internals, reverse, run_layers, time_first

QUANTITIES = ("hidden", "cell", *dict.fromkeys(gate for gates in GATES.values() for gate in gates))
"""What can be recorded of a recurrent module; each module gives those that it has."""

Direction = Literal["", "forward", "backward"]


class RecordingError(LstmvisError):
    """A model, or what its program says of it, cannot be recorded."""


@dataclass(frozen=True)
class Quantity:
    """One value a cell and step, to become a source of the project."""

    module: str
    name: str  # of QUANTITIES, or `output` of a module that is not recurrent
    layer: int = 1
    direction: Direction = ""
    is_recurrent: bool = True
    unsigned: bool = False

    @property
    def kind(self) -> str:
        """What it is, without its place."""
        is_gate = self.is_recurrent and self.name not in ("hidden", "cell", "candidate")
        kind = f"{self.name} gate" if is_gate else self.name
        return f"{kind}, {self.direction}" if self.direction else kind

    @property
    def path(self) -> str:
        """Where it lies in the project, such as `encoder/layer1/backward/forget_gate`."""
        own = self.kind.partition(",")[0].replace(" ", "_")
        parts = (self.module, f"layer{self.layer}" if self.is_recurrent else "", self.direction, own)
        return "/".join(part for part in parts if part)

    def title(self, several: bool) -> str:
        """What to call it beside its layer, where `several` modules are recorded."""
        if not self.is_recurrent:
            return self.module
        return f"{self.module} {self.kind}" if several and self.module else self.kind

    @property
    def transform(self) -> Transform:
        return "tanh" if self.name == "cell" else "none"


class Call(NamedTuple):
    """One forward pass of one module, over S steps of B rows."""

    values: dict[Quantity, Tensor]  # (S, B, C); of a module that is not recurrent as it gave them
    lengths: Tensor | None = None  # (B,), where the module knew them
    before: Tensor | None = None  # (B, all of the state), as the program gave it
    after: Tensor | None = None  # (B, all of the state)

    @property
    def shape(self) -> tuple[int, int]:
        """S and B."""
        steps, rows = next(iter(self.values.values())).shape[:2]
        return steps, rows


class Watched:
    """One module, watched from `attach` to `detach`; `calls` since they were last cleared."""

    def __init__(self, name: str, module: nn.Module) -> None:
        self.name = name
        self.module = module
        self.calls: list[Call] = []
        self._handles: list[RemovableHandle] = []

    @property
    def label(self) -> str:
        """For messages."""
        return f"{self.name or 'the model'!r} ({type(self.module).__name__})"

    @property
    def is_attached(self) -> bool:
        return bool(self._handles)

    def attach(self) -> None:
        self._handles.append(self.module.register_forward_hook(self._after, with_kwargs=True))

    def detach(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _after(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        with torch.no_grad():
            self.calls.append(self._seen(args, kwargs, output))

    def _seen(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Call:
        raise NotImplementedError


class WatchedLayers(Watched):
    """An nn.LSTM, nn.GRU or nn.RNN. Its inner layers run once more, since nobody sees their outputs."""

    module: nn.RNNBase

    def __init__(self, name: str, module: nn.RNNBase, want: Collection[str]) -> None:
        super().__init__(name, module)
        self._want = want
        self._generators: list[tuple[Tensor, torch.device]] = []  # as they stood before the pass

    def attach(self) -> None:
        super().attach()
        self._handles.append(self.module.register_forward_pre_hook(self._before))

    @property
    def _drops_out(self) -> bool:
        return self.module.training and self.module.dropout > 0 and self.module.num_layers > 1

    def _before(self, module: nn.Module, args: Any) -> None:
        if self._drops_out:
            self._generators = [(torch.get_rng_state(), torch.device("cpu"))]
            if (device := self.module.all_weights[0][0].device).type == "cuda":
                self._generators.append((torch.cuda.get_rng_state(device), device))

    def _seen(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Call:
        module = self.module
        x, state = _arguments(args, kwargs)
        given, after = output
        lengths = time_first(module, given)[1]
        passes = self._replayed(x, state, after, lengths) if self._drops_out else run_layers(module, x, state, given)
        values = {}
        for each in passes:
            direction: Direction = ("backward" if each.backward else "forward") if module.bidirectional else ""
            found = internals(module.mode, each.weights, each.x, each.hidden, each.before, self._want)
            found["hidden"] = each.hidden.clone()
            for quantity in quantities(self.name, module.mode, self._want, each.layer + 1, direction):
                value = found[quantity.name]
                values[quantity] = reverse(value, lengths) if each.backward else value
        return Call(values, lengths, None if state is None else _by_row(state), _by_row(after))

    def _replayed(self, x: Tensor | PackedSequence, state: Any, after: Any, lengths: Tensor | None) -> list[LayerPass]:
        """The passes of all layers with the dropout that the module drew between them."""
        with torch.random.fork_rng([device for _, device in self._generators[1:]]):
            for generator, device in self._generators:
                torch.cuda.set_rng_state(generator, device) if device.type == "cuda" else torch.set_rng_state(generator)
            passes = run_layers(self.module, x, state)
        last = after[0] if isinstance(after, tuple) else after  # of every layer: the hidden state after its last step
        rows = torch.arange(passes[-1].x.shape[1])
        for each, expected in zip(passes, last.view(len(passes), len(rows), -1), strict=True):
            found = each.hidden[-1] if lengths is None else each.hidden[lengths - 1, rows]
            tolerance = 1e-3 if found.dtype in (torch.float32, torch.float64) else 0.05
            if not torch.allclose(found.float(), expected.float(), atol=tolerance, rtol=tolerance):
                raise RecordingError(
                    f"The dropout between the layers of {self.label} cannot be repeated on {found.device.type}, so the "
                    "inputs of its upper layers are not known. Record in evaluation mode (model.eval()) or without "
                    "dropout."
                )
        return passes


class WatchedCell(Watched):
    """An nn.LSTMCell, nn.GRUCell or nn.RNNCell, which the program calls once a step."""

    module: nn.RNNCellBase

    def __init__(self, name: str, module: nn.RNNCellBase, want: Collection[str]) -> None:
        super().__init__(name, module)
        self._want = want

    def _seen(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Call:
        module, mode = self.module, mode_of(self.module)
        x, state = _arguments(args, kwargs)
        after = _with_rows(output, 1)
        before = tuple(map(torch.zeros_like, after)) if state is None else _with_rows(state, 1)
        (x,) = _with_rows(x, 1)
        hidden = after[0].unsqueeze(0)  # (1, B, C): one step
        weights = tuple(getattr(module, name) for name in _CELL_WEIGHTS if getattr(module, name) is not None)
        gates = set(self._want) - {"cell"}
        found = internals(mode, weights, x.unsqueeze(0), hidden, before, gates)
        found["hidden"] = hidden.clone()
        if mode == "LSTM":
            found["cell"] = after[1].unsqueeze(0).clone()
        values = {quantity: found[quantity.name] for quantity in quantities(self.name, mode, self._want)}
        return Call(values, None, None if state is None else torch.cat(before, dim=1), torch.cat(after, dim=1))


_CELL_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class WatchedOutput(Watched):
    """A module that gives values a token, such as an nn.Linear."""

    def _seen(self, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Call:
        given = output[0] if type(output) in (tuple, list) else output
        if not isinstance(given, Tensor) or not given.is_floating_point() or given.dim() not in (2, 3):
            found = f"a tensor {tuple(given.shape)}" if isinstance(given, Tensor) else f"{type(given).__name__}"
            raise RecordingError(f"{self.label} must give numbers (rows, steps, values); it gave {found}.")
        return Call({Quantity(self.name, "output", is_recurrent=False): given.clone()})


def mode_of(module: nn.RNNBase | nn.RNNCellBase) -> str:
    """As recurrence.GATES names it."""
    if isinstance(module, nn.RNNBase):
        return module.mode
    if isinstance(module, nn.RNNCell):
        return f"RNN_{module.nonlinearity.upper()}"
    return "LSTM" if isinstance(module, nn.LSTMCell) else "GRU"


def quantities(
    module: str, mode: str, want: Collection[str], layer: int = 1, direction: Direction = ""
) -> list[Quantity]:
    """What is wanted of one layer and direction, as far as it is there."""
    there = ("hidden", *(["cell"] if mode == "LSTM" else []), *GATES[mode])
    signed = {"hidden", "cell", "candidate"} - ({"hidden"} if mode == "RNN_RELU" else set())
    return [Quantity(module, name, layer, direction, unsigned=name not in signed) for name in there if name in want]


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Input and state of a recurrent module, which both kinds call by the same names."""
    x, state, *_ = (*args, *(kwargs[name] for name in ("input", "hx")[len(args) :] if name in kwargs), None)
    return x, state


def _by_row(state: Tensor | tuple[Tensor, ...]) -> Tensor:
    """The state of all layers as (B, all of it)."""
    return torch.cat([part.transpose(0, 1).flatten(1) for part in _with_rows(state, 2)], dim=1)


def _with_rows(parts: Tensor | tuple[Tensor, ...], axes: int) -> tuple[Tensor, ...]:
    """Tensors whose last axes but one are rows: a single row, given with fewer than `axes` + 1 axes, gets that axis."""
    parts = (parts,) if isinstance(parts, Tensor) else tuple(parts)
    return tuple(part if part.dim() > axes else part.unsqueeze(-2) for part in parts)
