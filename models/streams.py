"""Reading a long text with a model fast, and with the states of one pass from its first token to its last.

The text is cut into pieces that are read side by side, as many times faster as a processor likes wide matrices better
than narrow ones. A piece that begins inside a sequence does not know the state there. It finds one by reading
`OVERLAP` tokens before its start, from the zero state: most models have forgotten by then where they began. This is
not taken on trust. When all pieces are read, the state in which each ended is compared with the one in which the next
began; where they differ by more than `TOLERANCE`, the next is read again from the right state until what was found at
first and what is found now agree, or else to its end. A model that never forgets costs about as much as it does in one
stream.

What is promised is that the pieces meet to within `TOLERANCE`: at a seam, and where reading again stops. After it the
difference shrinks in a model that forgets, adds up over the seams in one that keeps everything, and grows in one that
amplifies what it is given. Such a chaotic model does the same to what float32 rounds away, so that no two ways of
adding up its numbers agree for long; only one stream is then one pass, which is what it always is.

Where the state is reset, at the start of a sequence, nothing overlaps and nothing is compared.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmvis.data.characters import Ids
from lstmvis.models.language_model import LanguageModel
from lstmvis.models.recurrence import State, initial_states, run_inside

OVERLAP = 256  # tokens
SHORTEST = 8 * OVERLAP  # tokens of a piece: a shorter one would be too much overlap
TOLERANCE = 1e-6  # between two states, relative to those above 1
VALUES = 1 << 21  # of one layer at a time: bounds the memory, changes no result

Positions = NDArray[np.int64]
Carried = list[State]
"""The state of each layer, from the first to the last."""

Wanted = Sequence[Collection[str]]
"""What of each layer, from the first: some of `cell` and the names of its gates."""


class Layer(NamedTuple):
    """What a layer did in S steps of n rows."""

    before: State
    values: dict[str, Tensor]  # `hidden`, and at least what was wanted, (S, n, C)


class Block(NamedTuple):
    """Some steps of some rows: S steps of each of n rows, of which the first `lengths` count."""

    starts: Positions  # (n,), where each row begins in the text
    lengths: Positions  # (n,), from 1 to S
    limits: Positions  # (n,), where the sequence ends in which the row lies
    layers: list[Layer]  # from the first


def read(
    model: LanguageModel,
    ids: Ids,
    streams: int,
    device: torch.device,
    sequences: Positions | None = None,
    want: Wanted | None = None,
) -> Iterator[Block]:
    """Read token ids (T,) in `streams` pieces, from the zero state, or from it anew at each start in `sequences`.

    Every position comes in some block, in any order, and may come again: what comes last counts. With one stream, what
    comes is one pass. Sequences that are short are read side by side in any case. Call it without gradients; it leaves
    the model in evaluation mode, on `device`.
    """
    return _Reader(model.eval().to(device), ids, streams, device, sequences, want).read()


def advance(model: LanguageModel, tokens: Tensor, before: Carried, want: Wanted) -> tuple[list[Layer], Carried]:
    """What each layer does with tokens (S, B), and the states after the last step."""
    x = model.embedding(tokens)  # (S, B, E)
    layers, after = [], []
    for weights, state, names in zip(model.recurrent.all_weights, before, want, strict=True):
        values, left = run_inside(model.recurrent.mode, tuple(weights), x, state, names)
        layers.append(Layer(state, values))
        after.append(left)
        x = values["hidden"]
    return layers, after


def cut(sequences: Positions, length: int, streams: int) -> tuple[Positions, Positions, NDArray[np.bool_], Positions]:
    """Cut the sequences of a text into pieces of at most about a `streams`-th of it.

    Returns, for each piece: its start, its end, whether it begins inside a sequence, and where that sequence ends.
    """
    lengths = np.append(sequences[1:], length) - sequences
    longest = max(-(-length // streams), SHORTEST) if streams > 1 else length
    counts = -(-lengths // longest)  # pieces of each sequence
    sequence = np.repeat(np.arange(len(sequences)), counts)
    number = np.arange(len(sequence)) - np.repeat(np.cumsum(counts) - counts, counts)  # within its sequence, from 0
    first, whole, pieces = sequences[sequence], lengths[sequence], counts[sequence]
    return first + number * whole // pieces, first + (number + 1) * whole // pieces, number > 0, first + whole


class _Reader:
    def __init__(
        self,
        model: LanguageModel,
        ids: Ids,
        streams: int,
        device: torch.device,
        sequences: Positions | None,
        want: Wanted | None,
    ) -> None:
        self._model, self._ids, self._streams, self._device = model, ids, streams, device
        self._want = want or [()] * model.configuration.layers
        first = np.zeros(min(len(ids), 1), np.int64)
        starts = first if sequences is None or not len(sequences) else sequences
        self._starts, self._ends, self._inside, self._limits = cut(starts, len(ids), streams)
        self._followed = self._ends < self._limits
        self._tokens = max(1, VALUES // model.configuration.cells)  # at a time
        self._entered: dict[int, Carried] = {}  # the state in which a piece was begun, of those inside a sequence
        self._left: dict[int, Carried] = {}  # the state in which it ended, of those whose sequence goes on

    def read(self) -> Iterator[Block]:
        longest_first = np.argsort(self._starts - self._ends, kind="stable")
        read = 0
        while read < len(longest_first):
            longest = longest_first[read]
            rows = max(self._streams, self._tokens // int(self._ends[longest] - self._starts[longest]))
            pieces = longest_first[read : read + rows]
            yield from self._read_pieces(pieces, self._begin(pieces))
            read += len(pieces)
        # Side by side mends most; one after the other, in the order of the text, mends whatever is left.
        yield from self._mend(np.flatnonzero(self._inside))
        for piece in np.flatnonzero(self._inside):
            yield from self._mend(np.array([piece]))

    def _mend(self, pieces: Positions) -> Iterator[Block]:
        """Read those pieces again that were not begun in the state in which the ones before them ended."""
        right = [self._left[piece - 1] for piece in pieces]
        wrong = [self._entered[piece] for piece in pieces]
        off = [index for index in range(len(pieces)) if _differ(right[index], wrong[index]).item()]
        if off:
            again = pieces[off]
            self._entered |= {int(piece): right[index] for piece, index in zip(again, off, strict=True)}
            yield from self._read_pieces(
                again, _join([right[index] for index in off]), _join([wrong[index] for index in off])
            )

    def _read_pieces(self, pieces: Positions, carried: Carried, doubted: Carried | None = None) -> Iterator[Block]:
        """Read pieces (n,) from a state; with the one in which they were read before, only as far as it matters."""
        done = 0
        while rows := len(pieces):
            remaining = self._ends[pieces] - self._starts[pieces] - done
            # A state after the last step is that of a row that does not end before.
            to_the_end = remaining[self._followed[pieces]].min(initial=remaining.max())
            steps = int(min(max(1, self._tokens // rows), to_the_end))
            if doubted is not None:
                steps = min(steps, OVERLAP)  # so that it is soon seen that both agree
            starts = self._starts[pieces] + done
            tokens = self._tokens_at(starts, steps)
            if doubted is None:
                layers, carried = advance(self._model, tokens, carried, self._want)
            else:
                both = _join([carried, doubted])
                layers, both = advance(self._model, tokens.repeat(1, 2), both, self._want)
                layers = [_first_rows(layer, rows) for layer in layers]
                carried, doubted = _select(both, slice(rows)), _select(both, slice(rows, None))
            yield Block(starts, np.minimum(remaining, steps), self._limits[pieces], layers)
            done += steps
            ended = remaining <= steps
            for row in np.flatnonzero(ended & self._followed[pieces]):
                self._left[int(pieces[row])] = _select(carried, slice(row, row + 1))
            on = ~ended if doubted is None else ~ended & _differ(carried, doubted).numpy()
            pieces = pieces[on]
            if not on.all():
                rows_on = torch.from_numpy(on).to(self._device)
                carried = _select(carried, rows_on)
                doubted = doubted and _select(doubted, rows_on)

    def _begin(self, pieces: Positions) -> Carried:
        """The states in which pieces (n,) begin: zero, or inside a sequence the one after the overlap."""
        state = self._zero(len(pieces))
        inside = np.flatnonzero(self._inside[pieces])
        if len(inside):
            warm = self._zero(len(inside))
            steps = max(1, self._tokens // len(inside))
            for back in range(OVERLAP, 0, -steps):
                tokens = self._tokens_at(self._starts[pieces[inside]] - back, min(steps, back))
                warm = advance(self._model, tokens, warm, self._want)[1]
            for layer, after in zip(state, warm, strict=True):
                for part, found in zip(layer, after, strict=True):
                    part[torch.from_numpy(inside).to(self._device)] = found
            self._entered |= {int(pieces[row]): _select(state, slice(row, row + 1)) for row in inside}
        return state

    def _zero(self, rows: int) -> Carried:
        states = initial_states(self._model.recurrent, self._model.embedding.weight.new_empty(0, rows, 0), None)
        return [tuple(part.clone() for part in state) for state in states]

    def _tokens_at(self, starts: Positions, steps: int) -> Tensor:
        """The ids (steps, n) from positions (n,); beyond the end of the text, its last."""
        positions = np.minimum(starts + np.arange(steps)[:, None], len(self._ids) - 1)
        return torch.from_numpy(self._ids[positions].astype(np.int64)).to(self._device)


def _differ(one: Carried, other: Carried) -> Tensor:
    """Whether two states differ, for each of their rows (n,), on the CPU."""
    differs = torch.zeros(len(one[0][0]), dtype=torch.bool, device=one[0][0].device)
    for layer, other_layer in zip(one, other, strict=True):
        for part, other_part in zip(layer, other_layer, strict=True):
            differs |= ((part - other_part).abs() > TOLERANCE * other_part.abs().clamp(min=1)).any(1)
    return differs.cpu()


def _select(state: Carried, rows: Any) -> Carried:
    return [tuple(part[rows] for part in layer) for layer in state]


def _join(states: list[Carried]) -> Carried:
    """The rows of all of them, in this order."""
    return [
        tuple(torch.cat(parts) for parts in zip(*(state[layer] for state in states), strict=True))
        for layer in range(len(states[0]))
    ]


def _first_rows(layer: Layer, rows: int) -> Layer:
    return Layer(
        tuple(part[:rows] for part in layer.before), {name: part[:, :rows] for name, part in layer.values.items()}
    )
