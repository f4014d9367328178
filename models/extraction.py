"""What a trained model does with a text, at every token: its states and gates, its predictions, its surprise.

The state at position t is the one after reading token t. What the model predicts is written where it is borne out or
not: the predictions at t are those of token t, from the tokens before it, and the loss at t is how much nats token t
surprised it, -ln p(token t | tokens before t). So both stand under the word that they are about. The first token of a
text, or of a sequence at whose start the state is reset, has none: its loss is NaN, its predictions have weight 0.

The text is read in parallel streams (`streams`), with cell states and gates at the cost of their elementwise part, or
of one matrix product more (`recurrence`). `benchmarks/extraction.py` compares this with running the model.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Any

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmvis.data.characters import Ids
from lstmvis.data.errors import LstmvisError
from lstmvis.data.project import Transform
from lstmvis.data.writing import ProjectWriter
from lstmvis.models.language_model import LanguageModel
from lstmvis.models.ranking import ranked
from lstmvis.models.recurrence import GATES, linear
from lstmvis.models.saliency import NO_TOKEN, saliency
from lstmvis.models.streams import Block, Positions, read

WRITABLE = ("cell", "hidden", "gates", "predictions", "loss", "saliency")
USUAL = ("cell", "hidden", "predictions", "loss")
LOGITS = 1 << 20  # at a time: bounds the memory, changes no result
STATES = {mode: ("hidden", "cell") if mode == "LSTM" else ("hidden",) for mode in GATES}  # in the order of PyTorch


class ExtractionError(LstmvisError):
    """The model does not have what is asked for."""


@dataclass(frozen=True)
class Extraction:
    """What to extract, and how."""

    write: Sequence[str] | None = None
    """Some of WRITABLE; None: what the model has of USUAL."""
    layers: Sequence[int] | None = None
    """Whose states and gates, from 1; None: all."""
    dtype: str = "float32"
    """Of states and gates: float32 or float16."""
    streams: int = 128
    """How many pieces of the text are read side by side; 1: one pass over it."""
    ranks: int = 5
    """How many predictions a token."""
    window: int = 10
    """How many following tokens the saliency of a token is about."""


class _Track:
    """Where the values of some positions go: `ahead` of the one that the model has just read.

    They are written past HDF5, which would stop all of Python for every write.
    """

    def __init__(self, dataset: h5py.Dataset, ahead: int) -> None:
        self.ahead, self.dtype = ahead, getattr(torch, dataset.dtype.name)
        if len(dataset):
            dataset[-1:] = dataset[-1:]  # HDF5 finds it a place when it is first written to
        dataset.file.flush()
        self._offset, self._step = dataset.id.get_offset(), dataset.dtype.itemsize * math.prod(dataset.shape[1:])
        self._file = open(dataset.file.filename, "r+b", buffering=0)  # noqa: SIM115 - closed with the extraction

    def write(self, start: int, rows: NDArray[Any]) -> None:
        left = rows.data.cast("B")
        self._file.seek(self._offset + start * self._step)
        while left:  # a disk that is nearly full takes a part
            left = left[self._file.write(left) :]

    def close(self) -> None:
        self._file.close()


def extract(
    project: ProjectWriter,
    model: LanguageModel,
    ids: Ids,
    extraction: Extraction = Extraction(),
    device: torch.device | None = None,
    sequences: Positions | None = None,
    on_progress: Callable[[int], None] = lambda tokens: None,
) -> None:
    """Run `model` over token ids (T,) and write what `extraction` asks for into a project that has its tokens.

    Sources are `layerN/cell`, `layerN/hidden`, `layerN/input_gate` and so on; annotations are `prediction`, `loss` and
    `saliency`. The state is carried on from the first token to the last, or reset at each position in `sequences`.
    `on_progress` is told how many more tokens are read; those that are read again count again. Memory grows with T by
    the ids and sequences alone. Raises ExtractionError for what the model does not have.
    """
    extractor = _Extractor(project, model, ids, extraction)
    if sequences is not None:
        project.write_sequences(sequences)
    # One thread predicts and writes while the other runs the layers: two blocks are in memory at most.
    with (
        torch.no_grad(),
        torch.backends.cudnn.flags(allow_tf32=False),  # as exact on a GPU as elsewhere
        closing(extractor),
        ThreadPoolExecutor(1, "writing") as writer,
    ):
        written: Future[None] | None = None
        place = device or torch.device("cpu")
        for block in read(model, ids, extraction.streams, place, sequences, extractor.want()):
            values = dict(extractor.values(block))
            if written:
                written.result()
            written = writer.submit(extractor.write, block, values)
            on_progress(int(block.lengths.sum()))
        if written:
            written.result()


class _Extractor:
    def __init__(self, project: ProjectWriter, model: LanguageModel, ids: Ids, extraction: Extraction) -> None:
        self._model, self._ids, self._extraction = model, ids, extraction
        self._mode = model.recurrent.mode
        self._what = _choose(extraction.write, self._mode)
        self._layers = _choose_layers(extraction.layers, model.configuration.layers)
        gates = GATES[self._mode] if "gates" in self._what else ()
        self._states = [*(name for name in ("cell", "hidden") if name in self._what), *gates]  # of each layer
        self._ranks = min(extraction.ranks, model.configuration.vocabulary_size)
        self._tracks = dict(self._create(project))

    def _create(self, project: ProjectWriter) -> Iterator[tuple[str, _Track]]:
        steps, cells, dtype = len(self._ids), self._model.configuration.cells, self._extraction.dtype
        for layer in self._layers:
            for name in self._states:
                is_sigmoid = name not in ("cell", "hidden", "candidate")
                path = f"layer{layer}/{name}_gate" if is_sigmoid else f"layer{layer}/{name}"
                kind = f"{name} gate" if is_sigmoid else name
                transform: Transform = "tanh" if name == "cell" else "none"
                source = project.create_source(path, steps, cells, layer, kind, transform, dtype, is_sigmoid)
                yield f"{name} {layer}", _Track(source, 0)
        if "predictions" in self._what:
            ranked, weights = project.create_ranked_tokens("prediction", steps, self._ranks)
            yield "ranked", _Track(ranked, 1)
            yield "weights", _Track(weights, 1)
        if "loss" in self._what:
            yield "loss", _Track(project.create_scalar("loss", steps), 1)
        if "saliency" in self._what:
            yield "saliency", _Track(project.create_scalar("saliency", steps), 0)

    def close(self) -> None:
        for track in self._tracks.values():
            track.close()

    def want(self) -> list[set[str]]:
        """What is to be known of each layer besides its outputs."""
        always = {"cell"} & set(STATES[self._mode]) if "saliency" in self._what else set()
        return [
            always | (set(self._states) - {"hidden"} if layer + 1 in self._layers else set())
            for layer in range(self._model.configuration.layers)
        ]

    def values(self, block: Block) -> Iterator[tuple[str, Tensor]]:
        """States, gates and saliency of a block, (S, n, ...), with the names of their tracks."""
        for layer in self._layers:
            yield from ((f"{name} {layer}", block.layers[layer - 1].values[name]) for name in self._states)
        if "saliency" in self._what:
            before = []  # of each part of the state, (layers, S, n, C)
            for part, name in enumerate(STATES[self._mode]):
                after = torch.stack([layer.values[name] for layer in block.layers])
                first = torch.stack([layer.before[part] for layer in block.layers])
                before.append(torch.cat([first[:, None], after[:, :-1]], dim=1))
            tokens = self._tokens_from(block, self._extraction.window)
            found_saliency = saliency(self._model, tokens.flatten(0, 1), [part.flatten(1, 2) for part in before])
            yield "saliency", found_saliency.view(tokens.shape[:2])

    def write(self, block: Block, values: dict[str, Tensor]) -> None:
        """Write the values of a block, and the predictions and losses, which it computes."""
        for name, of_steps in chain(values.items(), self._predict(block)):
            track = self._tracks[name]
            rows = of_steps.transpose(0, 1).to("cpu", track.dtype).contiguous()  # (n, S, ...)
            starts = block.starts + track.ahead
            ends = np.minimum(starts + block.lengths, block.limits)
            for row, start, end in zip(rows.numpy(), starts.tolist(), ends.tolist(), strict=True):
                if end > start:
                    track.write(start, row[: end - start])

    @torch.no_grad()
    def _predict(self, block: Block) -> Iterator[tuple[str, Tensor]]:
        """The best predictions (S, n, ranks) of the next tokens with probabilities, and the loss (S, n)."""
        if not self._what & {"predictions", "loss"}:
            return
        hidden = block.layers[-1].values["hidden"].transpose(0, 1)  # (n, S, C)
        following = self._tokens_from(block, 1)[:, :, 1].T  # (n, S)
        size = max(1, LOGITS // self._model.configuration.vocabulary_size)
        decode = linear(self._model.decoder.weight, self._model.decoder.bias)
        pairs = zip(torch.split(hidden.flatten(0, 1), size), torch.split(following.flatten(), size), strict=True)
        parts = [ranked(decode(states), targets.clamp(min=0), self._ranks) for states, targets in pairs]
        for name, found in zip(("ranked", "weights", "loss"), zip(*parts, strict=True), strict=True):
            if name in self._tracks:
                together = torch.cat(found)
                yield name, together.view(*following.shape, *together.shape[1:]).transpose(0, 1)

    def _tokens_from(self, block: Block, more: int) -> Tensor:
        """The token at each step and `more` that follow it, (S, n, 1 + more); NO_TOKEN beyond the sequence."""
        steps = np.arange(len(block.layers[-1].values["hidden"]))[:, None, None]
        positions = block.starts[:, None] + steps + np.arange(1 + more)
        tokens = self._ids[np.minimum(positions, len(self._ids) - 1)].astype(np.int64)
        tokens[positions >= block.limits[:, None]] = NO_TOKEN
        return torch.from_numpy(tokens).to(self._model.decoder.weight.device)


def _choose(write: Sequence[str] | None, mode: str) -> frozenset[str]:
    missing = {name for name, there in (("cell", mode == "LSTM"), ("gates", bool(GATES[mode]))) if not there}
    if write is None:
        return frozenset(USUAL) - missing
    for name in write:
        if name not in WRITABLE:
            raise ExtractionError(f"There is no {name!r} to write, only {', '.join(WRITABLE)}.")
        if name in missing:
            kind = "a plain RNN" if mode.startswith("RNN") else f"a {mode}"
            there = ", ".join(each for each in WRITABLE if each not in missing)
            raise ExtractionError(f"The model is {kind}, which has no {name}. What there is to write: {there}.")
    return frozenset(write)


def _choose_layers(chosen: Sequence[int] | None, count: int) -> list[int]:
    layers = sorted(set(range(1, count + 1) if chosen is None else chosen))
    if layers and (layers[0] < 1 or layers[-1] > count):
        there = "layer 1 only" if count == 1 else f"layers 1 to {count}"
        raise ExtractionError(f"The model has {there}, not {', '.join(map(str, layers))}.")
    return layers
