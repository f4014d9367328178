"""What a demo that is there was made of, so that nobody who asks for another takes it for that."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lstmvis.data.errors import LstmvisError
from lstmvis.data.findings import how_many

HISTORY = "history.json"  # of a project: how its model was trained
CORPUS = "corpus"  # in there: the place of the corpus
NOT_KNOWN = "of what is not known"
KEEP_BOTH = "--rebuild makes it anew in its place; --data-dir DIR makes another elsewhere"


@dataclass(frozen=True)
class Made:
    """Of a demo. None: nobody has written it down, or there is none."""

    corpus: Path | None
    epochs: int | None

    def __str__(self) -> str:
        of = f"of {self.corpus}" if self.corpus else ""
        in_epochs = f"in {how_many(self.epochs, 'epoch')}" if self.epochs else ""
        return " ".join(part for part in ("made", of, in_epochs) if part) if of or in_epochs else NOT_KNOWN


def read_made(directory: Path) -> Made:
    try:
        history: Any = json.loads((directory / HISTORY).read_text(encoding="utf-8"))
        place, epochs = history.get(CORPUS), history["training"]["epochs"]
        return Made(Path(place) if place else None, int(epochs))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Made(None, None)


def require_made_so(directory: Path, corpus: Path | None, epochs: int | None) -> Made:
    """What a demo was made of. Raises LstmvisError where that is something else than what is asked for, None: nothing.

    Another text in the place of the old one is not found out.
    """
    made = read_made(directory)
    others = []
    if corpus is not None and corpus.resolve() != made.corpus:
        others.append(f"of {corpus.resolve()}")
    if epochs is not None and epochs != made.epochs:
        others.append(f"in {how_many(epochs, 'epoch')}")
    if others:
        raise LstmvisError(f"{directory} is there already, {made}, not {' '.join(others)}: {KEEP_BOTH}.")
    return made
