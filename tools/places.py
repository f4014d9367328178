"""Where the program keeps what it makes and what it downloads (XDG base directories)."""

import os
from pathlib import Path


def data_home() -> Path:
    """Where programs keep a user's data: the demos."""
    return _home("XDG_DATA_HOME", ".local/share")


def cache_home() -> Path:
    """Where programs keep what can be had again: corpora, models that are half trained."""
    return _home("XDG_CACHE_HOME", ".cache")


def _home(variable: str, usual: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / usual) / "lstmvis"
