"""Inside nn.LSTM, nn.GRU and nn.RNN: what every layer and direction read and gave, its cell states and its gates.

PyTorch returns the outputs of the last layer at every step, and the states of all layers after the last step. Here each
layer and direction runs on its own, with the weights where the module has them, which gives its outputs h at every
step (`run_layers`). With these and its inputs x, every gate of all steps is two matrix products (`internals`), and the
cell states of an LSTM are an elementwise recurrence (notation of the PyTorch manual):

    LSTM  i, f, o = sigmoid(W_ih x[t] + b_ih + W_hh h[t-1] + b_hh)      g = tanh(the same with its own weights)
          c[t] = f c[t-1] + i g
    GRU   r, z = sigmoid(W_ih x[t] + b_ih + W_hh h[t-1] + b_hh)
          n = tanh(W_in x[t] + b_in + r (W_hn h[t-1] + b_hn))

Nothing is stepped but c. The numbers are those of nn.LSTMCell, nn.GRUCell and nn.RNNCell called once a step.

    for layer in run_layers(module, x):
        found = internals(module.mode, layer.weights, layer.x, layer.hidden, layer.before, {"cell", "forget"})
"""

import warnings
from collections.abc import Callable, Collection
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from lstmvis.models.kernels import step_lstm

GATES: dict[str, tuple[str, ...]] = {  # in the order in which PyTorch stacks their weights
    "LSTM": ("input", "forget", "candidate", "output"),
    "GRU": ("reset", "update", "candidate"),
    "RNN_TANH": (),
    "RNN_RELU": (),
}
"""The gates of each `mode` that a module of PyTorch has."""

ROWS = 8  # from which on a step of Python costs less than a second product does

State = tuple[Tensor, ...]
"""The state of one layer and direction: hidden (B, H), and for an LSTM also cell (B, C). H is C unless projected."""


class LayerPass(NamedTuple):
    """What one direction of one layer did, S steps of B rows in the order of time in which it read them.

    With rows of different lengths, steps beyond the end of a row hold anything.
    """

    layer: int  # from 0
    backward: bool
    weights: tuple[Tensor, ...]  # as nn.RNNBase.all_weights has them
    x: Tensor  # (S, B, E)
    hidden: Tensor  # (S, B, H), what it gave
    before: State


def run_layers(
    module: nn.RNNBase,
    x: Tensor | PackedSequence,
    state: Tensor | tuple[Tensor, Tensor] | None = None,
    output: Tensor | PackedSequence | None = None,
) -> list[LayerPass]:
    """The pass of every layer and direction for what `module(x, state)` was given, in the order of `all_weights`.

    `output` is what the module gave, where that is known: the last layer then need not run. A module in training mode
    drops out between its layers; so does this, alike where the random generator stands as it stood for the module
    (but for cuDNN, which has a generator of its own).
    """
    below, lengths = time_first(module, x)  # (S, B, E)
    given = None if output is None else time_first(module, output)[0]
    before = initial_states(module, below, state)
    directions = 2 if module.bidirectional else 1
    passes: list[LayerPass] = []
    for layer in range(module.num_layers):
        known = given.chunk(directions, dim=2) if given is not None and layer == module.num_layers - 1 else None
        outputs = []
        for direction in range(directions):
            index, backward = len(passes), direction == 1
            weights = tuple(module.all_weights[index])
            read = reverse(below, lengths) if backward else below
            if known is None:
                hidden, _ = run_layer(module.mode, weights, read, before[index])
                outputs.append(reverse(hidden, lengths) if backward else hidden)
            else:
                hidden = reverse(known[direction], lengths) if backward else known[direction]
            passes.append(LayerPass(layer, backward, weights, read, hidden, before[index]))
        if layer < module.num_layers - 1:
            below = torch.cat(outputs, dim=2) if backward else outputs[0]
            if module.training and module.dropout:
                below = _drop_out(below, module.dropout, x)
    return passes


def run_layer(mode: str, weights: tuple[Tensor, ...], x: Tensor, before: State) -> tuple[Tensor, State]:
    """One direction of one layer over x (S, B, E): its outputs (S, B, H), and the state after the last step."""
    first = [part.unsqueeze(0) for part in before]
    # has_biases, num_layers, dropout, train (which is what a gradient takes), bidirectional, batch_first
    how = (len(weights) >= 4, 1, 0.0, torch.is_grad_enabled(), False, False)
    with warnings.catch_warnings():
        # That cuDNN copies the weights of a single layer, and that oneDNN knows no projection, is for nobody to mend.
        warnings.filterwarnings("ignore", "RNN module weights are not part of|LSTM with projections is not supported")
        if mode == "LSTM":
            hidden, *after = torch.lstm(x, first, weights, *how)
        else:
            hidden, *after = _FUNCTIONS[mode](x, first[0], weights, *how)
    return hidden, tuple(part.squeeze(0) for part in after)


_FUNCTIONS = {"GRU": torch.gru, "RNN_TANH": torch.rnn_tanh, "RNN_RELU": torch.rnn_relu}


@torch.no_grad()
def run_inside(
    mode: str, weights: tuple[Tensor, ...], x: Tensor, before: State, want: Collection[str]
) -> tuple[dict[str, Tensor], State]:
    """Run a layer as `run_layer` does: its outputs (`hidden`), with what `internals` finds of `want`; and the state.

    Many rows of an LSTM on a processor are stepped through here, each product made once for outputs and gates alike,
    instead of once by PyTorch and once more by `internals`.
    """
    is_stepped = mode == "LSTM" and len(weights) == 4 and x.shape[1] >= ROWS and want
    if is_stepped and x.device.type == "cpu" and x.dtype == torch.float32:
        return _step_lstm(weights, x, before, want)
    hidden, after = run_layer(mode, weights, x, before)
    return {"hidden": hidden, **internals(mode, weights, x, hidden, before, want)}, after


def _step_lstm(
    weights: tuple[Tensor, ...], x: Tensor, before: State, want: Collection[str]
) -> tuple[dict[str, Tensor], State]:
    weight_x, weight_h, bias_x, bias_h = weights
    (steps, rows, size), cells = x.shape, weight_h.shape[1]
    multiply = linear(torch.cat([weight_x, weight_h], dim=1), bias_x + bias_h)
    read = torch.cat([x.new_empty(rows, size), before[0]], dim=1)  # x[t] and h[t-1], (B, E + C)
    cell = before[1].clone(memory_format=torch.contiguous_format)
    states = torch.empty(2, rows, steps, cells)
    gates = torch.empty(4 if {*GATES["LSTM"]} & {*want} else 0, rows, steps, cells)
    arrays = read.numpy()[:, size:], cell.numpy(), states.numpy(), gates.numpy()
    for step, given in enumerate(x.unbind()):
        read[:, :size] = given
        step_lstm(multiply(read).numpy(), *arrays, step)
    names = "hidden", "cell", *GATES["LSTM"][: len(gates)]
    values = dict(zip(names, (*states.transpose(1, 2), *gates.transpose(1, 2)), strict=True))  # (S, B, C)
    return values, (read[:, size:].clone(), cell)


@torch.no_grad()
def internals(
    mode: str, weights: tuple[Tensor, ...], x: Tensor, hidden: Tensor, before: State, want: Collection[str]
) -> dict[str, Tensor]:
    """The cell states (`cell`, of an LSTM) and gates of one layer and direction at every step, each (S, B, C).

    From its weights, its inputs x (S, B, E), the outputs (S, B, H) that it gave for them and the state before the first
    step, all in its own order of time. Computes what is in `want`, as far as `mode` has it, and what that takes, in
    float32 at least and without gradients.
    """
    needed = set(want)
    if "cell" in needed:
        needed |= {"input", "forget", "candidate"}
    if mode == "GRU" and "candidate" in needed:
        needed.add("reset")
    exact = torch.promote_types(hidden.dtype, torch.float32)
    weight_x, weight_h, *rest = (weight.to(exact) for weight in weights)
    biases = rest[:2] if len(rest) >= 2 else None  # a projection, if there is one, comes last
    steps, cells = len(x), len(weight_x) // max(len(GATES[mode]), 1)
    x, previous = x.to(exact), torch.cat([before[0].unsqueeze(0), hidden[:-1]])[:steps].to(exact)
    # The gates that are sigmoid or tanh of one sum come out of one product, which is far faster than one for each.
    names = [name for name in GATES[mode] if name in needed and (mode, name) != ("GRU", "candidate")]

    def of(names: list[str], parameter: Tensor) -> Tensor:
        """The rows for some gates of a weight or bias."""
        return torch.cat([parameter.view(-1, cells, *parameter.shape[1:])[GATES[mode].index(name)] for name in names])

    found: dict[str, Tensor] = {}
    with torch.autocast(x.device.type, enabled=False):
        if names:
            weight = torch.cat([of(names, weight_x), of(names, weight_h)], dim=1)
            bias = of(names, biases[0] + biases[1]) if biases else None
            sums = linear(weight, bias)(torch.cat([x, previous], dim=2))
            found = dict(zip(names, torch.split(sums, cells, dim=2), strict=True))
        for name, value in found.items():
            value.tanh_() if name == "candidate" else value.sigmoid_()
        if mode == "GRU" and "candidate" in needed:
            one = ["candidate"]
            bias_x, bias_h = (of(one, bias) for bias in biases) if biases else (None, None)
            remembered = linear(of(one, weight_h), bias_h)(previous).mul_(found["reset"])
            found["candidate"] = linear(of(one, weight_x), bias_x)(x).add_(remembered).tanh_()
        if mode == "LSTM" and "cell" in needed:
            found["cell"] = _cell_states(found, before[1].to(exact))
    return {name: value for name, value in found.items() if name in want}


def linear(weight: Tensor, bias: Tensor | None = None) -> Callable[[Tensor], Tensor]:
    """The function that gives `weight` x + `bias` for each step and row of x (..., E)."""
    is_for_onednn = weight.device.type == "cpu" and weight.dtype == torch.float32 and weight.numel()
    if not is_for_onednn or not _has_onednn():
        return lambda x: nn.functional.linear(x, weight, bias)
    # oneDNN is twice as fast here as MKL is on processors of AMD, and does not reorder the weights for every product.
    prepared = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous())
    return lambda x: (
        torch.ops.mkldnn._linear_pointwise(x, prepared, bias, "none", [], "")
        if x.numel()
        else nn.functional.linear(x, weight, bias)
    )


def _has_onednn() -> bool:
    """Whether this PyTorch has the two operators that `linear` calls, which its compiler uses and does not promise."""
    operators = "_reorder_linear_weight", "_linear_pointwise"
    is_there: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return is_there and all(hasattr(torch.ops.mkldnn, name) for name in operators)


def _cell_states(gates: dict[str, Tensor], cell: Tensor) -> Tensor:
    states = gates["input"] * gates["candidate"]  # what each step adds, to which the recurrence adds what it keeps
    for kept, state in zip(gates["forget"].unbind(), states.unbind(), strict=True):
        cell = state.addcmul_(kept, cell)
    return states


def time_first(module: nn.RNNBase, sequences: Tensor | PackedSequence) -> tuple[Tensor, Tensor | None]:
    """What `module` reads or gives, in whatever form, as (S, B, E), and the lengths (B,) of its rows if packed."""
    if isinstance(sequences, PackedSequence):
        return pad_packed_sequence(sequences)
    if sequences.dim() == 2:
        return sequences.unsqueeze(1), None
    return sequences.transpose(0, 1) if module.batch_first else sequences, None


def initial_states(module: nn.RNNBase, x: Tensor, state: Tensor | tuple[Tensor, Tensor] | None) -> list[State]:
    """The state before the first step of x (S, B, E), of every layer and direction; zero where the module got none."""
    directions = 2 if module.bidirectional else 1
    if state is None:
        widths = [module.proj_size or module.hidden_size] + [module.hidden_size] * (module.mode == "LSTM")
        return [tuple(x.new_zeros(x.shape[1], width) for width in widths)] * (module.num_layers * directions)
    parts = state if isinstance(state, tuple) else (state,)
    # (layers * directions, B, C), or without B
    return list(zip(*(part if part.dim() == 3 else part.unsqueeze(1) for part in parts), strict=True))


def reverse(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Rows of x (S, B, E), each as long as `lengths` says, in reverse order of time; what follows its end stays."""
    if lengths is None:
        return x.flip(0)
    step, length = torch.arange(len(x), device=x.device).unsqueeze(1), lengths.to(x.device)
    order = torch.where(step < length, length - 1 - step, step)  # (S, B)
    return x.gather(0, order.unsqueeze(2).expand_as(x))


def _drop_out(hidden: Tensor, share: float, packed: Tensor | PackedSequence) -> Tensor:
    """Dropout on (S, B, H), drawn in the order of the form in which the module holds it."""
    if not isinstance(packed, PackedSequence):
        return nn.functional.dropout(hidden, share)
    in_order = hidden if packed.sorted_indices is None else hidden[:, packed.sorted_indices]
    is_there = torch.arange(in_order.shape[1]) < packed.batch_sizes.unsqueeze(1)  # (S, B)
    is_there = is_there.to(hidden.device)
    dropped = torch.zeros_like(in_order)
    dropped[is_there] = nn.functional.dropout(in_order[is_there], share)
    return dropped if packed.unsorted_indices is None else dropped[:, packed.unsorted_indices]
