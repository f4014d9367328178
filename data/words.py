"""A text as a corpus of words: what stands between white space is a word, and the end of a line may be one too.

This is how the Penn Treebank files of Mikolov and of Zaremba et al. are read: 929,589 tokens of 10,000 kinds to train
on, where every line ends in `<eos>` and rare words are `<unk>` already.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from lstmvis.data.characters import Ids
from lstmvis.data.errors import CorpusError

END_OF_LINE = "<eos>"
UNKNOWN = "<unk>"


def split(text: str, line_ends: bool) -> list[str]:
    """The words of `text`, with `<eos>` after every line where `line_ends`."""
    if not line_ends:
        return text.split()
    lines = text.removesuffix("\n").split("\n")
    return [word for line in lines for word in (*line.split(), END_OF_LINE)]


def vocabulary_of(words: Sequence[str], limit: int | None = None) -> list[str]:
    """The words, the most frequent first, those as frequent in alphabetical order; the index of a word is its token id.

    Where there are more than `limit`, the most frequent and `<unk>`, `limit` in all.
    """
    counts = Counter(words)
    kinds = sorted(counts, key=lambda word: (-counts[word], word))
    if limit is None or len(kinds) <= limit:
        return kinds
    return [*[word for word in kinds if word != UNKNOWN][: limit - 1], UNKNOWN]


def encode(words: Sequence[str], vocabulary: list[str], where: str = "the text") -> Ids:
    """Token ids (T,), in the smallest type that holds them; `<unk>` for a word that is not in `vocabulary`.

    Raises CorpusError, naming such words, where `vocabulary` has no `<unk>`.
    """
    ids = {word: index for index, word in enumerate(vocabulary)}
    if UNKNOWN not in ids and (missing := unknown(words, vocabulary)):
        named = " ".join(map(repr, list(missing)[:10]))
        more = f" and {len(missing) - 10:,} more" if len(missing) > 10 else ""
        raise CorpusError(
            f"{where}: the model does not know {named}{more}, and its vocabulary has no {UNKNOWN} to stand for them."
        )
    stand_in = ids.get(UNKNOWN, 0)
    return np.fromiter(
        (ids.get(word, stand_in) for word in words), np.min_scalar_type(max(len(vocabulary) - 1, 0)), len(words)
    )


def unknown(words: Sequence[str], vocabulary: list[str]) -> Counter[str]:
    """How often each word comes that is not in `vocabulary`, in the order in which they first come."""
    known = set(vocabulary)
    return Counter(word for word in words if word not in known)
