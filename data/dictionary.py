"""Dictionaries: which token or label an id stands for.

Two forms, told apart by the file's ending. `.dict` and `.txt`, LSTMVis's own, hold `token id` a line; its form has no
way to write white space but a single space, so `.json` holds a list, index = id, or an object, token: id.
"""

import json
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from lstmvis.data.errors import ProjectError

ENDINGS = (".dict", ".txt", ".json")
MOST_BYTES = 100_000_000
_LINE = re.compile(r"(.*)[ \t](-?\d{1,18})\s*")  # an id fits into 64 bits


class Dictionary:
    """Tokens by id, and ids by token. Where a file names one twice, the later line counts, as in LSTMVis.

    So a token may stand for several ids: each is decoded to it, and `ids` has the last of them. `lost` are the entries
    whose id a later one took.
    """

    def __init__(self, entries: Iterable[tuple[str, int]], name: str = "the dictionary") -> None:
        self.name = name
        self.ids: dict[str, int] = {}
        self.lost: list[tuple[str, int]] = []
        self._tokens: dict[int, str] = {}
        for token, number in entries:
            if self._tokens.get(number, token) != token:
                self.lost.append((self._tokens[number], number))
            self.ids[token] = number
            self._tokens[number] = token

    def __len__(self) -> int:
        return len(self._tokens)

    @property
    def of_characters(self) -> bool:
        """Whether the tokens are single characters; a few longer ones, such as <unk>, do not make words of them."""
        return 2 * sum(len(token) == 1 for token in self.ids) > len(self.ids)

    @cached_property
    def longest(self) -> int:
        """Characters of the longest token."""
        return max(map(len, self.ids), default=0)

    def numbers(self) -> list[int]:
        """All ids that stand for something, ascending."""
        return sorted(self._tokens)

    def tokens(self) -> list[str]:
        """All tokens in the order of the file, each once."""
        return list(self.ids)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The token of each id; `#id` where the dictionary has none."""
        return [self._tokens.get(number, f"#{number}") for number in ids]


def read_dictionary(path: Path) -> Dictionary:
    """Raises ProjectError, with the line where there is one, for what is not a dictionary."""
    if path.suffix not in ENDINGS:
        raise ProjectError(
            f"The name of dictionary {path.name} must end in {', '.join(ENDINGS)}.",
            "Rename it: .dict and .txt hold `token id` a line, .json a list of tokens.",
        )
    try:
        if path.exists() and not path.is_file():  # reading a pipe would never end
            raise ProjectError(f"Dictionary {path.name} is not a file.", "Put one there, or correct `files`.")
        if path.exists() and path.stat().st_size > MOST_BYTES:
            raise ProjectError(f"Dictionary {path.name} is larger than {MOST_BYTES:,} bytes.")
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ProjectError(
            f"Dictionary {path.name} cannot be read: {error.strerror or error}.", "Put it there, or correct `files`."
        ) from error
    read = _json_entries if path.suffix == ".json" else _line_entries
    return Dictionary(read(text, path.name), path.name)


def write_dictionary(path: Path, tokens: Sequence[str]) -> None:
    """Write tokens, index = id, as JSON. Raises ProjectError for those that UTF-8 has no place for."""
    try:
        path.write_text(json.dumps(list(tokens), ensure_ascii=False), encoding="utf-8")
    except UnicodeEncodeError as error:
        token = next(token for token in tokens if error.object[error.start] in token)
        raise ProjectError(f"{token!r:.60} cannot be written to {path.name}: half a character is not UTF-8.") from error


def _json_entries(text: str, name: str) -> list[tuple[str, int]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"Dictionary {name} is not JSON: {error}.") from error
    if isinstance(content, list) and all(isinstance(token, str) for token in content):
        return [(token, number) for number, token in enumerate(content)]
    if isinstance(content, dict) and all(type(number) is int and abs(number) < 1 << 63 for number in content.values()):
        return list(content.items())
    raise ProjectError(f"Dictionary {name} must hold a JSON list of tokens, or an object of ids by token.")


def _line_entries(text: str, name: str) -> list[tuple[str, int]]:
    entries = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not re.search(r"[ \t]", line.rstrip(" \t\r")):
            continue  # blank, or a token without an id: LSTMVis passes over them too
        if not (found := _LINE.fullmatch(line)):
            raise ProjectError(
                f"Dictionary {name}, line {number}: expected `token id`, found {line[:40]!r}.",
                "The id comes last, a whole number after a space; tokens with white space need a .json dictionary.",
            )
        token = found[1]
        # Tokens of spaces alone cannot be told from padding: LSTMVis reads each as one space.
        entries.append((token.strip() or (token.replace(" ", "") or " "), int(found[2])))
    return entries
