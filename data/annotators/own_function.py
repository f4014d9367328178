"""A function that somebody wrote: from the tokens of a corpus to their annotation."""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    if where.endswith(".py") and not Path(where).is_file():
        raise LstmvisError(f"There is no file {where}.")
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
        with _telling(reference):
            made = function(tokens)
        return _gone_through(made, reference) if isinstance(made, Iterator) else made

    return called


@contextmanager
def _telling(reference: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise LstmvisError(f"{reference} failed: {_described(error)}") from error


def _gone_through(made: Iterator[Any], reference: str) -> Iterator[Any]:
    """What a function yields, which may fail at any of it."""
    with _telling(reference):
        yield from made


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
    """What was raised, and in which line, unless that is one of what looks for the function and calls it."""
    ours = (__file__, importlib.__file__)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename not in ours and not frame.filename.startswith("<frozen ")
    ]
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
