"""The states of a trained model over a text: hidden state and cell state of every layer at every position.

nn.LSTM returns the hidden state of its last layer at every step, and the cell state at the last step only. Here each
layer runs on its own, which gives its hidden states h at every step. With these and its inputs x, the gates of many
steps come out of one matrix product and the cell states out of an elementwise recurrence (the weights as PyTorch
stacks them, rows i, f, g, o; the output gate o is not needed):

    i, f, g = W_ih x[t] + b_ih + W_hh h[t-1] + b_hh
    c[t] = sigmoid(f) c[t-1] + sigmoid(i) tanh(g)

This costs one and a half to twice as much as running the model, so one pass over the text is fast enough: the state is
carried on from the first token to the last, and the numbers are those of nn.LSTMCell stepped through the whole text.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lstmvis.data.characters import Ids
from lstmvis.data.writing import ProjectWriter
from lstmvis.models.language_model import LanguageModel, State

STEPS = 1024  # at a time: bounds the memory, changes no result


class LayerStates(NamedTuple):
    """The states of one layer over some steps, each (S, C) float32."""

    cell: NDArray[np.float32]
    hidden: NDArray[np.float32]


def write_states(
    project: ProjectWriter,
    model: LanguageModel,
    ids: Ids,
    dtype: str = "float32",
    device: torch.device | None = None,
    on_progress: Callable[[int], None] = lambda steps: None,
) -> None:
    """Run `model` over token ids (T,) and write the sources `layerN/cell` and `layerN/hidden`, T x C, of every layer.

    The state at a position is the one after reading its token. `on_progress` is told how many more steps are written.
    Memory grows with T by the ids alone, one to four bytes a token: the states are written `STEPS` steps at a time.
    """
    size: dict[str, Any] = {"steps": len(ids), "cells": model.configuration.cells, "dtype": dtype}
    sources = [
        (
            project.create_source(f"layer{layer}/cell", layer=layer, type="cell", transform="tanh", **size),
            project.create_source(f"layer{layer}/hidden", layer=layer, type="hidden", transform="none", **size),
        )
        for layer in range(1, model.configuration.layers + 1)
    ]
    start = 0
    for layers in states(model, ids, device):
        steps = len(layers[0].cell)
        for source, layer in zip(sources, layers, strict=True):
            for dataset, block in zip(source, layer, strict=True):
                dataset[start : start + steps] = block.astype(dtype, copy=False)
        start += steps
        on_progress(steps)


@torch.inference_mode()
def states(
    model: LanguageModel, ids: Ids, device: torch.device | None = None, steps: int = STEPS
) -> Iterator[list[LayerStates]]:
    """The states of all layers over token ids (T,), from the zero state, `steps` steps at a time (the last: the rest).

    Leaves the model in evaluation mode, on `device`.
    """
    device = device or torch.device("cpu")
    model.eval().to(device)
    assert isinstance(model.recurrent, nn.LSTM)
    layers = [single_layer(model.recurrent, index) for index in range(model.recurrent.num_layers)]
    zero = torch.zeros(1, 1, model.recurrent.hidden_size, device=device)
    carried: list[State] = [(zero, zero) for _ in layers]
    for start in range(0, len(ids), steps):
        tokens = torch.from_numpy(ids[start : start + steps].astype(np.int64)).to(device)
        x = model.embedding(tokens).unsqueeze(1)  # (S, 1, E)
        found = []
        for index, layer in enumerate(layers):
            hidden, after = layer(x, carried[index])  # (S, 1, C)
            cell = cell_states(layer, x, hidden, carried[index])
            found.append(LayerStates(cell.squeeze(1).cpu().numpy(), hidden.squeeze(1).cpu().numpy()))
            x, carried[index] = hidden, after
        yield found


def cell_states(layer: nn.LSTM, x: Tensor, hidden: Tensor, before: State) -> Tensor:
    """The cell states (S, B, C) of one layer at every step.

    From its inputs x (S, B, E), the hidden states (S, B, C) that it gave for them, and the state before the first step.
    """
    cells = layer.hidden_size
    hidden_before, cell = before[0], before[1][0]  # (1, B, C), (B, C)
    weight_x, weight_h, bias_x, bias_h = (weights[: 3 * cells] for weights in layer.all_weights[0])
    weight = torch.cat([weight_x, weight_h], dim=1)  # (3C, E + C)
    previous = torch.cat([hidden_before, hidden[:-1]])  # (S, B, C)
    gates = nn.functional.linear(torch.cat([x, previous], dim=2), weight, bias_x + bias_h)  # (S, B, 3C)
    i, f, g = gates.chunk(3, dim=2)  # (S, B, C) each
    f = f.sigmoid()
    states = i.sigmoid() * g.tanh()  # what each step adds, to which the recurrence adds what it keeps
    for kept, state in zip(f.unbind(), states.unbind(), strict=True):
        cell = state.addcmul_(kept, cell)
    return states


def single_layer(lstm: nn.LSTM, index: int) -> nn.LSTM:
    """Layer `index` (from 0) of a unidirectional LSTM, as an LSTM of its own."""
    weights = {
        name.removesuffix(f"_l{index}") + "_l0": tensor
        for name, tensor in lstm.state_dict().items()
        if name.endswith(f"_l{index}")
    }
    layer = nn.LSTM(lstm.input_size if index == 0 else lstm.hidden_size, lstm.hidden_size)
    layer.load_state_dict(weights)
    return layer.to(weights["weight_ih_l0"].device)
