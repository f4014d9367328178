"""Ctrl-C that is not lost.

Python raises KeyboardInterrupt wherever it is. In a destructor or a weak reference's callback, which h5py has for all
that it opens, it is printed and forgotten there, and the program goes on. So a command remembers that it was asked to
stop, and asks again where its work goes on and before it becomes final.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_asked = _held = False


@contextmanager
def remembering_interrupts() -> Iterator[None]:
    """While this lasts, `raise_interrupt` knows of every Ctrl-C. Where SIGINT is handled otherwise, that stays so."""
    global _asked
    _asked = False
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _asked = False


@contextmanager
def holding_interrupts() -> Iterator[None]:
    """Work that is short, and not to be left half done: a command hears of Ctrl-C when it next asks."""
    global _held
    _held = True
    try:
        yield
    finally:
        _held = False


def raise_interrupt() -> None:
    """Raise KeyboardInterrupt where a command was asked to stop and maybe nobody has heard of it."""
    if _asked:
        raise KeyboardInterrupt


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _asked
    _asked = True
    if not _held:
        raise KeyboardInterrupt
