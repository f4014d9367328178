"""Ctrl-C that is not lost.

Python raises KeyboardInterrupt wherever it is. In a destructor or a weak reference's callback, which h5py has for all
that it opens, it is printed and forgotten there, and the program goes on. So a command remembers that it was asked to
stop, and asks again where its work goes on and before it becomes final.

SIGTERM, which a batch queue or a system that shuts down sends, is taken in the same way: nothing half done is left.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any] | signal.Handlers
USUAL: dict[signal.Signals, Handler] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}

_asked: int | None = None  # by which signal
_held = False


@contextmanager
def remembering_interrupts() -> Iterator[None]:
    """While this lasts, `raise_interrupt` knows of every Ctrl-C and SIGTERM. What is handled otherwise stays so.

    Who was sent SIGTERM ends by it after all, as who has sent it expects.
    """
    global _asked
    _asked = None
    ours = [number for number, handler in USUAL.items() if signal.getsignal(number) == handler]
    for number in ours:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, USUAL[number])
        asked, _asked = _asked, None
        if asked == signal.SIGTERM:
            sys.stdout.flush()
            signal.raise_signal(signal.SIGTERM)


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
    if _asked is not None:
        raise KeyboardInterrupt


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _asked
    _asked = number
    if not _held:
        raise KeyboardInterrupt
