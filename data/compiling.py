"""Compiling loops with Numba: on first use, kept on disk, run without Python's lock."""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F, **options: Any) -> F:
    """Compile on first use, and keep what was compiled on disk where there is a place for it."""
    try:
        dispatcher: Any = njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        dispatcher = njit(nogil=True, **options)(function)
    found: F = dispatcher
    return found
