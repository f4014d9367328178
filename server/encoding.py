"""Strict JSON: null for what JSON has no number for, compact, and numpy's scalars as numbers."""

import json
import math
from typing import Any

import numpy as np

loads = json.loads


def dumps(content: Any, **_: Any) -> str:
    """JSON text; the options of other encoders are taken and ignored."""
    try:
        return _dumps(content)
    except ValueError:  # NaN or an infinity somewhere: rare, so only then is everything looked through
        return _dumps(_without_nan(content))


def _dumps(content: Any) -> str:
    return json.dumps(content, allow_nan=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is nothing that JSON can hold")


def _without_nan(value: Any) -> Any:
    if isinstance(value, np.floating):
        return _without_nan(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return value
