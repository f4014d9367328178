"""PyTorch is needed to train and to extract, not to serve: it is imported only by the commands that use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from lstmvis.data.errors import LstmvisError


def require_torch() -> None:
    """Raise LstmvisError, with what to do, where PyTorch is not installed."""
    if find_spec("torch") is None:
        raise LstmvisError("This needs PyTorch, which is not installed here: pip install 'lstmvis[train]'")


SMALL = 256  # cells


@contextmanager
def fitting_threads(cells: int, wanted: int | None = None) -> Iterator[None]:
    """Run a model on as many cores as are wanted; else one of up to `SMALL` cells a layer on one, larger ones on all.

    A small model gains at most a third from a second core, and loses much more where that core is busy, because the
    two wait for each other in every step: measured 1.2 s on one idle pair of cores, 8 to 50 s on a pair shared with
    another program, 1.7 s on one core in either case (150 cells, 150,000 characters). With 10,000 words to choose
    from it gains more, and loses as much: twice the speed on an idle pair, a third of it on a pair shared with many.
    """
    import torch

    before = torch.get_num_threads()
    if wanted or cells <= SMALL:
        torch.set_num_threads(wanted or 1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
