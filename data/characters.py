"""A text file as a corpus of characters: the vocabulary of a text, and the text as token ids."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmvis.data.errors import CorpusError

Ids = NDArray[np.unsignedinteger[Any]]


def read_text(path: Path, carriage_returns: bool = False) -> str:
    """The text of a UTF-8 file, line ends as `\\n`, or as they are where `carriage_returns` are wanted.

    Raises CorpusError where there is none to read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="" if carriage_returns else None) as file:
            text = file.read()
    except UnicodeDecodeError as error:
        wrong = error.object[error.start]
        raise CorpusError(
            f"{path} is not UTF-8: byte 0x{wrong:02x} at offset {error.start:,}. Texts must be UTF-8."
        ) from error
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}.") from error
    if not text:
        raise CorpusError(f"{path} is empty. A corpus needs text.")
    return text


def vocabulary_of(text: str) -> list[str]:
    """The characters of `text` in the order of their code points; the index of a character is its token id."""
    return sorted(set(text))


def encode(text: str, vocabulary: list[str], where: str = "the text") -> Ids:
    """Token ids (T,), in the smallest type that holds them.

    Raises CorpusError where a character is not in `vocabulary`; the message says where in `where` it stands.
    """
    unknown = set(text).difference(vocabulary)
    if unknown:
        position = next(index for index, character in enumerate(text) if character in unknown)
        line = text.count("\n", 0, position) + 1
        column = position - text.rfind("\n", 0, position)
        raise CorpusError(
            f"{where}, line {line}, column {column}: the model does not know the character {text[position]!r} "
            f"(U+{ord(text[position]):04X}). It knows {len(vocabulary)}: {' '.join(map(repr, vocabulary))}"
        )
    id_of_code_point = np.zeros(sys.maxunicode + 1, np.min_scalar_type(max(len(vocabulary) - 1, 0)))
    id_of_code_point[[ord(character) for character in vocabulary]] = np.arange(len(vocabulary))
    return id_of_code_point[np.frombuffer(text.encode("utf-32-le"), np.uint32)]
