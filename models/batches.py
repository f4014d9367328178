"""What a program says of one batch, in whatever form: which tokens are real, and the values that go with them."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lstmvis.models.watching import RecordingError


class Layout:
    """Whether arrays come as (rows, steps): as the program says, or as the first shape shows that leaves no doubt."""

    def __init__(self, batch_first: bool | None) -> None:
        self.batch_first = batch_first

    def is_rows_first(self, shape: tuple[int, ...], what: str, rows: int, steps: int, longer: bool = False) -> bool:
        """Whether values of this shape are (rows, steps, ...) rather than (steps, rows, ...).

        There may be more steps if they may be `longer`. Raises RecordingError where the shape does not fit, or fits
        both ways and nobody has said which is meant.
        """
        first, second = shape[:2]
        fits = {
            batch_first: r == rows and (s == steps or (longer and s > steps))
            for batch_first, r, s in ((True, first, second), (False, second, first))
        }
        if self.batch_first is None and all(fits.values()):
            if first * second == 1:
                return True
            raise RecordingError(
                f"The {what} are {first} x {second}, which may be rows x steps or steps x rows. "
                "Say record(..., batch_first=True) or batch_first=False."
            )
        if self.batch_first is None and any(fits.values()):
            self.batch_first = fits[True]
        if self.batch_first is None or not fits[self.batch_first]:
            order = {True: "rows x steps", False: "steps x rows", None: "rows x steps or steps x rows"}
            raise RecordingError(
                f"The {what} are {first} x {second}, as {order[self.batch_first]}; the modules ran over {rows} rows of "
                f"{steps} steps. Call recorder.tokens once after each forward pass, with the tokens that it was over."
            )
        return self.batch_first


class Batch:
    """The real tokens of one batch, N of them, row after row.

    `packed` (rows,) are the lengths that a packed sequence had. `rows` and `steps` are what the recurrent modules saw;
    without these the tokens say how many there are.
    """

    def __init__(
        self,
        layout: Layout,
        rows: int | None,
        steps: int | None,
        packed: NDArray[np.int64] | None,
        padding: int | None,
        tokens: Any,
        lengths: Any,
        mask: Any,
    ) -> None:
        self._layout = layout
        says_lengths = any(said is not None for said in (packed, padding, lengths, mask))
        if isinstance(tokens, str):
            tokens = list(tokens)  # characters
        ids, ragged = (None, None) if tokens is None else as_array(tokens, "tokens")
        if ids is not None:
            ids = self._grid(ids, ragged, "tokens", rows, steps, says_lengths)
            rows, width = ids.shape
        elif rows is None or steps is None:
            raise RecordingError("Without recurrent modules, recorder.tokens needs tokens to know rows and steps.")
        else:
            width = steps
        self._rows, self._steps, self._ragged = rows, width, ragged is not None
        real = np.ones((rows, width), bool) if ragged is None else np.arange(width) < ragged[:, None]
        if lengths is not None and mask is not None:
            raise RecordingError("Give recorder.tokens either `lengths` or `mask`, not both.")
        if lengths is not None:
            real &= np.arange(width) < self._lengths(lengths)[:, None]
        elif mask is not None:
            given, shorter = as_array(mask, "values of `mask`")
            grid = self._grid(given, shorter, "values of `mask`", rows, width, False)
            if grid.shape != real.shape:
                raise RecordingError(f"`mask` must have a value a token, {real.shape}; its shape is {grid.shape}.")
            real &= grid.astype(bool)
        elif padding is not None and ids is not None and ids.dtype.kind in "iu":
            real &= ids != padding
        elif packed is not None and ragged is None:
            real &= np.arange(width) < packed[:, None]
        self.counts: NDArray[np.int64] = real.sum(axis=1)  # (rows,)
        if packed is not None and (self.counts != packed).any():
            raise RecordingError(
                f"The packed sequences are {packed.tolist()} tokens long; those of recorder.tokens are "
                f"{self.counts.tolist()}."
            )
        self._row, self._step = np.nonzero(real)  # (N,) each
        self._needed = int(self._step.max()) + 1 if self._step.size else 0
        self.tokens = None if ids is None else ids[self._row, self._step]

    def per_token(self, name: str, values: Any) -> NDArray[Any]:
        """The values (N,) of an annotation, given for each token or each row."""
        what = f"values of {name!r}"
        array, ragged = as_array(values, what)
        if array.ndim == 0 and self._rows == 1:
            array = array[None]
        if array.shape == (self._rows,):
            return array[self._row]
        if array.ndim not in (1, 2) or (array.ndim == 1 and self._rows > 1):
            raise RecordingError(
                f"The {what} must be one a token or one a row, of which there are {self._rows}; their shape is "
                f"{array.shape}."
            )
        grid = self._grid(array, ragged, what, self._rows, self._needed, True)
        there = np.full(self._rows, grid.shape[1]) if ragged is None else ragged
        if (self._step >= there[self._row]).any():
            raise RecordingError(
                f"The {what} are {there.tolist()} in each row, fewer than the tokens, which are {self.counts.tolist()}."
            )
        return grid[self._row, self._step]

    def steps_fit(self, steps: int) -> bool:
        """Whether a module that ran over `steps` ran over these tokens: all of them, or no further than the real go."""
        return steps in (self._steps, self._needed) or (self._ragged and steps >= self._needed)

    def of_tokens(self, values: Tensor, label: str, dtype: torch.dtype) -> NDArray[Any]:
        """The states (N, C) of the real tokens, of (S, B, C). Raises RecordingError where S and B are not these."""
        steps, rows = values.shape[:2]
        if rows != self._rows or not self.steps_fit(steps):
            further = "" if self._needed == self._steps else f", of which no more than {self._needed} are real"
            raise RecordingError(
                f"{label} ran over {rows} rows of {steps} steps; the tokens have {self._rows} rows of {self._steps}"
                f"{further}. Call recorder.tokens once after each forward pass, with the tokens that it was over."
            )
        index = torch.from_numpy(self._step * rows + self._row).to(values.device)
        found: NDArray[Any] = values.flatten(0, 1).index_select(0, index).to(dtype).cpu().numpy()
        return found

    def time_first(self, given: list[Tensor], label: str, flattened: set[bool]) -> Tensor:
        """What a module gave in one or several calls, as (S, B, C). `flattened`: layouts in which (S B, C) may lie."""
        first, cells = given[0], given[0].shape[-1]
        if len(given) > 1:  # one call a step
            if all(each.numel() == self._rows * cells for each in given):
                return torch.stack([each.reshape(self._rows, cells) for each in given])
        elif first.dim() == 3:
            for steps in (self._steps, self._needed):
                if steps in first.shape[:2]:
                    rows_first = self._layout.is_rows_first(first.shape, f"outputs of {label}", self._rows, steps)
                    return first.transpose(0, 1) if rows_first else first
        elif len(first) == self._rows * self._steps:
            if 1 in (self._rows, self._steps) or flattened == {False}:
                return first.view(self._steps, self._rows, cells)
            if flattened == {True}:
                return first.view(self._rows, self._steps, cells).transpose(0, 1)
        raise RecordingError(
            f"{label} must give values for {self._rows} rows of {self._steps} steps; in {len(given)} calls it gave "
            f"{tuple(first.shape)}. It cannot be recorded here."
        )

    def _grid(
        self,
        values: NDArray[Any],
        ragged: NDArray[np.int64] | None,
        what: str,
        rows: int | None,
        steps: int | None,
        longer: bool,
    ) -> NDArray[Any]:
        """Values as (rows, steps)."""
        if values.ndim == 1:
            values = values[None]
            ragged = np.array([values.shape[1]])
        if values.ndim != 2:
            raise RecordingError(f"The {what} must have rows and steps; their shape is {values.shape}.")
        if rows is None or steps is None:
            return values if ragged is not None or self._layout.batch_first is not False else values.T
        if ragged is None:
            return values if self._layout.is_rows_first(values.shape, what, rows, steps, longer) else values.T
        if len(values) != rows:
            raise RecordingError(f"The {what} are in {len(values)} rows; the modules ran over {rows}.")
        return values

    def _lengths(self, lengths: Any) -> NDArray[np.int64]:
        array, _ = as_array(lengths, "`lengths`")
        if array.shape != (self._rows,) or array.dtype.kind not in "iu":
            raise RecordingError(
                f"`lengths` must be {self._rows} integers, one a row; they are {array.dtype} {array.shape}."
            )
        if array.size and (array.min() < 0 or array.max() > self._steps):
            raise RecordingError(
                f"`lengths` must be from 0 to {self._steps}, the steps of the tokens; found {array.min()} to "
                f"{array.max()}."
            )
        return array.astype(np.int64)


def as_array(values: Any, what: str) -> tuple[NDArray[Any], NDArray[np.int64] | None]:
    """Values as an array, strings as objects; of a list of rows also the lengths of these, filled up at their ends."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        return (values.float() if values.dtype == torch.bfloat16 else values).numpy(), None
    if isinstance(values, list | tuple) and values and _is_row(values[0]):
        rows = [as_array(row, what)[0] for row in values]
        if any(row.ndim != 1 for row in rows):
            raise RecordingError(f"The {what} must be a list of rows, each a list of values.")
        lengths = np.array([len(row) for row in rows])
        kinds = {row.dtype for row in rows if len(row)} or {np.dtype(np.int64)}
        padded = np.zeros((len(rows), lengths.max()), np.result_type(*kinds))
        for row, into in zip(rows, padded, strict=True):
            into[: len(row)] = row
        return padded, lengths
    array = np.asarray(values)
    return (array.astype(object) if array.dtype.kind in "US" else array), None


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple) or (hasattr(value, "ndim") and value.ndim > 0)
