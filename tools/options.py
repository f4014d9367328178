"""Types of command line options: what is allowed is said where it is not kept."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any, Literal


class CommandParser(ArgumentParser):
    """Of a command. Where it is `intermixed`, what is no option may also stand between and after the options."""

    intermixed = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if not self.intermixed:
            return super().parse_known_args(args, namespace)
        self.intermixed = False  # what is called here calls this
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self.intermixed = True


def count(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"must be a whole number from 1, not {text!r}")
    return int(text)


def seed(text: str) -> int:
    """A whole number from 0 that 63 bits hold, as PyTorch takes it."""
    if not text.isdecimal() or len(text) > 18:
        raise ArgumentTypeError(f"must be a whole number from 0, of 18 digits at most, not {text!r}")
    return int(text)


def counts(text: str) -> list[int]:
    """Whole numbers from 1, with commas between them."""
    return [count(part.strip()) for part in text.split(",")]


def names(text: str) -> list[str]:
    """Names with commas between them."""
    return [part.strip() for part in text.split(",")]


def positive(text: str) -> float:
    """A number above 0."""
    value = _number(text)
    if not 0 < value < float("inf"):
        raise ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return value


def decay(text: str) -> float | Literal["cosine"]:
    """A number above 0, to 1, or `cosine`."""
    if text == "cosine":
        return "cosine"
    value = _number(text)
    if not 0 < value <= 1:
        raise ArgumentTypeError(f"must be a number above 0 and up to 1, or cosine, not {text!r}")
    return value


def share(text: str) -> float:
    """A number from 0, below 1."""
    value = _number(text)
    if not 0 <= value < 1:
        raise ArgumentTypeError(f"must be a number from 0 and below 1, not {text!r}")
    return value


def part(text: str) -> float:
    """A number above 0, below 1."""
    value = _number(text)
    if not 0 < value < 1:
        raise ArgumentTypeError(f"must be a number above 0 and below 1, not {text!r}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
