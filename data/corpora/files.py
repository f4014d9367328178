"""Finding and reading the files of a corpus, which may be packed by gzip."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from lstmvis.data.errors import CorpusError

PACKED = ".gz"


def unpacked_name(path: Path) -> str:
    return path.name.removesuffix(PACKED)


def files_in(place: Path, wanted: Callable[[str], bool]) -> Iterator[Path]:
    """The files in a directory and below it, or the file `place`, whose names are wanted, in alphabetical order.

    A name is seen without `.gz`. What is hidden is left out. Raises CorpusError where `place` is not there.
    """
    if not place.exists():
        raise CorpusError(f"{place} does not exist.")
    if place.is_file():
        if wanted(unpacked_name(place)):
            yield place
        return
    for path in sorted(place.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(place).parts)
        if not hidden and wanted(unpacked_name(path)) and path.is_file():
            yield path


def find_file(place: Path, name: str) -> Path:
    """The file of this name, or with `.gz` after it, in a directory or below it. Raises CorpusError without one."""
    found = next(files_in(place, lambda each: each == name), None)
    if found is None:
        raise CorpusError(f"There is no {name} in {place}, nor {name}{PACKED}.")
    return found


def read_file(path: Path) -> str:
    """The text of a UTF-8 file, packed or not, line ends as `\\n`. Raises CorpusError where it cannot be read."""
    try:
        content = path.read_bytes()
        if path.suffix == PACKED:
            content = gzip.decompress(content)
        return decode(content, str(path))
    except OSError as error:  # gzip's own among them, which has no strerror
        raise CorpusError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (EOFError, zlib.error) as error:
        raise CorpusError(f"{path} cannot be read: {error}.") from error


def decode(content: bytes, where: str) -> str:
    """Bytes as text, line ends as `\\n`. Raises CorpusError where they are not UTF-8."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong = content[error.start]
        raise CorpusError(
            f"{where} is not UTF-8: byte 0x{wrong:02x} at offset {error.start:,}. Texts must be UTF-8."
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
