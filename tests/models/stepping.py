"""The slow and plain way through a recurrent layer: one call of PyTorch's own cells a step."""

import torch
from torch import nn

from lstmvis.models.recurrence import GATES

KINDS = ("LSTM", "GRU", "RNN_TANH", "RNN_RELU")
EVERYTHING = {"LSTM": {"cell", *GATES["LSTM"]}, "GRU": set(GATES["GRU"]), "RNN_TANH": set(), "RNN_RELU": set()}


def make(kind, **options):
    """A module of random weights, as large as those of a trained one."""
    if kind.startswith("RNN"):
        module = nn.RNN(nonlinearity=kind[4:].lower(), **options)
    else:
        module = getattr(nn, kind)(**options)
    with torch.no_grad():
        for weight in module.parameters():
            weight.normal_(0.0, 0.5)
    return module


def random_state(module, rows):
    """One to start from, in the form that the module takes."""
    layers = module.num_layers * (2 if module.bidirectional else 1)
    dtype = next(module.parameters()).dtype
    hidden = torch.randn(layers, rows, module.proj_size or module.hidden_size, dtype=dtype)
    return (hidden, torch.randn(layers, rows, module.hidden_size, dtype=dtype)) if module.mode == "LSTM" else hidden


def stepped(mode, weights, x, before):
    """One row x (S, E) through one layer and direction, one call of PyTorch's own cell a step.

    Returns hidden states, cell states and gates by name, each (S, C). The gates are those of the PyTorch manual.
    """
    weight_x, weight_h, *rest = weights
    biases = rest[:2] if len(rest) >= 2 else None
    projection = rest[-1] if len(rest) in (1, 3) else None
    size = {"bias": biases is not None, "dtype": x.dtype}
    cells = len(weight_x) // max(len(GATES[mode]), 1)
    if mode == "LSTM":
        cell = nn.LSTMCell(x.shape[1], cells, **size)
    elif mode == "GRU":
        cell = nn.GRUCell(x.shape[1], cells, **size)
    else:
        cell = nn.RNNCell(x.shape[1], cells, nonlinearity=mode[4:].lower(), **size)
    if projection is None:
        cell.load_state_dict(dict(zip(cell.state_dict(), [weight_x, weight_h, *(biases or [])], strict=True)))
    found = {name: [] for name in ("hidden", *EVERYTHING[mode])}
    state = before
    for step in x:
        read = weight_x @ step + (biases[0] if biases else 0)
        kept = weight_h @ state[0] + (biases[1] if biases else 0)
        if mode == "LSTM":
            i, f, g, o = (read + kept).chunk(4)
            gates = {"input": i.sigmoid(), "forget": f.sigmoid(), "candidate": g.tanh(), "output": o.sigmoid()}
            if projection is None:
                state = cell(step, state)
            else:  # there is no cell with a projection
                after = gates["forget"] * state[1] + gates["input"] * gates["candidate"]
                state = (projection @ (gates["output"] * after.tanh()), after)
            gates["cell"] = state[1]
        elif mode == "GRU":
            gates = {"reset": (read + kept)[:cells].sigmoid(), "update": (read + kept)[cells : 2 * cells].sigmoid()}
            gates["candidate"] = (read[2 * cells :] + gates["reset"] * kept[2 * cells :]).tanh()
            state = (cell(step, state[0]),)
        else:
            gates = {}
            state = (cell(step, state[0]),)
        for name, value in {"hidden": state[0], **gates}.items():
            found[name].append(value)
    return {name: torch.stack(values) for name, values in found.items()}
