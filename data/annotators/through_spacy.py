"""What a spaCy pipeline says of each token: named entities, or any attribute of its tokens."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from lstmvis.data.annotators.sentences import LINE_ENDS, sentence_ranges
from lstmvis.data.arrays import Discrete, Scalar
from lstmvis.data.errors import LstmvisError

NAMED_ENTITY = "ent_type_"
NOTHING = "none"  # the label of tokens of which the pipeline says nothing
LONGEST = 500  # tokens that the pipeline is given as one text
TOGETHER = 256  # texts that are in memory at a time


def through_spacy(
    tokens: Sequence[str],
    pipeline: Any,
    attribute: str = NAMED_ENTITY,
    progress: Callable[[int], object] = lambda tokens: None,
) -> Discrete | Scalar:
    """An attribute of spaCy's tokens, such as `ent_type_`, `dep_`, `is_stop` or `_.mine`, for each token.

    The pipeline gets the words as they are cut, a sentence at a time. Line ends and `<eos>` are left out: nothing is
    said of them, nor of what has an empty attribute. Strings and truth values are labels, other numbers on a scale.
    Raises LstmvisError for an attribute that spaCy's tokens do not have, or that is neither.
    """
    from spacy.tokens import Doc

    found = np.full(len(tokens), None, object)
    texts = _texts(tokens)
    while batch := list(islice(texts, TOGETHER)):
        docs = pipeline.pipe(Doc(pipeline.vocab, words=[tokens[place] for place in places]) for places in batch)
        for places, doc in zip(batch, docs, strict=True):
            found[places] = [_attribute(token, attribute) for token in doc]
        progress(sum(map(len, batch)))
    return _annotation(found, attribute)


def load_pipeline(name: str) -> Any:
    """The pipeline that is installed as `name`, or lies in the folder `name`. Raises LstmvisError without it."""
    try:
        import spacy
    except ImportError as error:
        raise LstmvisError("This needs spaCy: pip install spacy") from error
    try:
        return spacy.load(name)
    except (OSError, ValueError) as error:
        raise LstmvisError(
            f"spaCy has no pipeline {name!r}. Install one, such as `python -m spacy download en_core_web_sm`, or give "
            f"the folder of one: {error}"
        ) from error


def _texts(tokens: Sequence[str]) -> Iterator[list[int]]:
    """The positions of the tokens of each sentence, or of a part of a very long one."""
    for start, stop in sentence_ranges(tokens):
        for first in range(start, stop, LONGEST):
            last = min(first + LONGEST, stop)
            places = [place for place in range(first, last) if tokens[place] and tokens[place] not in LINE_ENDS]
            if places:
                yield places


def _attribute(token: Any, attribute: str) -> Any:
    try:
        for part in attribute.split("."):
            token = getattr(token, part)
    except (AttributeError, ValueError) as error:
        raise LstmvisError(f"spaCy's tokens have no attribute {attribute!r} in this pipeline: {error}") from error
    if not isinstance(token, str | bool | int | float):
        raise LstmvisError(
            f"The attribute {attribute!r} of spaCy's tokens is neither text nor a number: {token!r:.60}."
        )
    return token


def _annotation(found: Any, attribute: str) -> Discrete | Scalar:
    kinds = {type(value) for value in found.tolist()} - {type(None)}
    if kinds in ({str}, {bool}, set()):
        return Discrete([NOTHING if value in (None, "") else str(value) for value in found.tolist()])
    if kinds <= {int, float}:
        return Scalar(found.astype(np.float64))
    raise LstmvisError(f"The attribute {attribute!r} of spaCy's tokens is text of some and a number of others.")
