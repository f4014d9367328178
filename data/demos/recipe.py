"""What a demo is made of. A recipe says it; `lstmvis.tools.building` makes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lstmvis.data.corpora.corpus import Corpus, Lengths, Texts
from lstmvis.data.tokens import Unit

SizeName = Literal["small", "paper"]
SIZES: tuple[SizeName, ...] = ("small", "paper")


@dataclass(frozen=True)
class Size:
    """How much of a corpus is read, and by which model."""

    lengths: Lengths
    model: Mapping[str, Any]
    """Fields of `lstmvis.models.language_model.Configuration` by name."""
    training: Mapping[str, Any]
    """Fields of `lstmvis.models.training.Settings` by name."""
    minutes: int
    """To make it, on two idle cores."""
    megabytes: int
    """On the disk, with its match index."""
    vocabulary: int | None = None
    """Of words: how many different ones at most, `<unk>` among them."""
    dtype: str = "float32"
    """Of the states."""
    suffix: str = ""
    """What its project's name has in addition."""


@dataclass(frozen=True)
class Recipe:
    """A demo."""

    name: str
    """What it is called on the project page."""
    shows: str
    """What it is about, in a few words."""
    look: str
    """Two sentences: what to look for in the view that it opens with."""
    unit: Unit
    texts: Callable[[Path, Lengths], Texts]
    """Reads the corpus, which is at a path; where there is no corpus, the path means nothing."""
    opening: tuple[str, tuple[str, ...]]
    """An annotation, and those of its labels that the first view is about."""
    sizes: Mapping[SizeName, tuple[Size, ...]]
    """Each size makes one project, or several."""
    called: str = ""
    """What its tokens are called, a plural; empty: as the unit."""
    corpus: Corpus | None = None
    """None: the texts are made."""
    annotators: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Annotations made of the explored text, by their names in `ANNOTATORS`, with what else each is given."""
    as_read: Callable[[str], str] | None = None
    """From a word of the corpus to the token that the model reads; None: the word itself."""
    lowest_loss: float | None = None
    """Nats per token that no model can beat, where that is known."""
    beside: tuple[str, ...] = ()
    """Annotations that the first view shows beside that one."""
    tries: int | None = None
    """Selections among which the opening view is chosen; None: as many as usual."""

    @property
    def tokens(self) -> str:
        """What its tokens are called, a plural."""
        return self.called or self.unit
