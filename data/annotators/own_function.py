"""A function that somebody wrote: from the tokens of a corpus to their annotation."""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any

from lstmvis.data.errors import LstmvisError


def load_function(reference: str) -> Callable[[list[str]], Any]:
    """The function that `file.py:function` or `package.module:function` names.

    Modules are looked for in the current directory too. What the function raises becomes an LstmvisError that says
    where. Raises LstmvisError where there is no such function.
    """
    where, colon, name = reference.rpartition(":")
    if not colon or not where or not name:
        raise LstmvisError(f"A function is given as FILE.py:FUNCTION or MODULE:FUNCTION, not {reference!r}.")
    try:
        module = _load_file(Path(where)) if where.endswith(".py") else _load_module(where)
    except Exception as error:
        raise LstmvisError(f"{where} cannot be imported: {_described(error)}") from error
    try:
        function = reduce(getattr, name.split("."), module)
    except AttributeError as error:
        functions = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise LstmvisError(f"There is no {name!r} in {where}; it has {', '.join(functions) or 'none'}.") from error
    if not callable(function):
        raise LstmvisError(f"{reference} is no function, but {function!r:.60}.")

    def called(tokens: list[str]) -> Any:
        try:
            return function(tokens)
        except Exception as error:
            raise LstmvisError(f"{reference} failed: {_described(error)}") from error

    return called


def _load_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)  # for dataclasses and pickles in it
    spec.loader.exec_module(module)
    return module


def _load_module(name: str) -> ModuleType:
    if "" not in sys.path:
        sys.path.insert(0, "")
    return importlib.import_module(name)


def _described(error: Exception) -> str:
    """What was raised, and in which line."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
