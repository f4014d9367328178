"""Change entries of a YAML text, and leave all the rest as it is: comments, order, quotes, line ends.

What the text holds is changed where PyYAML says that it stands; `rewritten` reads the result again, and refuses it
where it does not hold exactly what it should. So nothing is written that was not understood (aliases, merged keys,
several documents).
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

PLAIN = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Change:
    """The entry `key` of the mapping `section` is to be `value`; None: it is to be gone.

    Without a section it is an entry of the whole.
    """

    section: str | None
    key: str
    value: Any

    def __str__(self) -> str:
        return self.key if self.section is None else f"{self.section}: {self.key}"


def rewritten(text: str, changes: Iterable[Change]) -> str:
    """The text with the changes. A section that loses its last entry goes too.

    Raises ValueError where that cannot be done without writing all of it anew.
    """
    wanted = yaml.safe_load(text)
    for change in changes:
        try:
            text = _without(text, change) if change.value is None else _with(text, change)
        except (yaml.YAMLError, IndexError) as error:
            raise ValueError(f"{change} has no place that is understood") from error
        _change(wanted, change)
        if _loaded(text) != wanted:
            raise ValueError(f"{change} cannot be changed by itself")
    return text


def _key(key: str) -> str:
    plain = PLAIN.fullmatch(key) and yaml.safe_load(key) == key
    return key if plain else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    """A value in one line, as it may stand in brackets too."""
    listed = yaml.safe_dump([value], default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf"))
    return str(listed).strip()[1:-1]


def _change(content: dict[Any, Any], change: Change) -> None:
    section = content if change.section is None else dict(content.get(change.section) or {})
    section.pop(next((key for key in section if str(key) == change.key), None), None)
    if change.value is not None:
        section[change.key] = change.value
    if change.section is None:
        return
    content[change.section] = section
    if not section:
        del content[change.section]


def _loaded(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _with(text: str, change: Change) -> str:
    root = _root(text)
    written = f"{_key(change.key)}: {_value(change.value)}"
    section = root if change.section is None else _find(root, change.section)
    if section is None:
        inner = f" {{{written}}}" if root.flow_style else f"{_line_end(text)}  {written}"
        return _added(text, root, f"{change.section}:{inner}")
    if not isinstance(section, yaml.MappingNode):  # nothing, or an empty list
        start, stop = section.start_mark.index, section.end_mark.index
        return f"{text[:start]}{'' if text[start - 1].isspace() else ' '}{{{written}}}{text[stop:]}"
    older = _find(section, change.key)
    if older is None:
        return _added(text, section, written)
    start = older.start_mark.index
    gap = "" if text[start - 1].isspace() else " "  # there was nothing but the colon
    return f"{text[:start]}{gap}{_value(change.value)}{text[_end(older) :]}"


def _added(text: str, mapping: yaml.MappingNode, written: str) -> str:
    """The text with one more entry at the end of a mapping."""
    if mapping.flow_style:
        place = _end(mapping.value[-1][1]) if mapping.value else mapping.start_mark.index + 1
        return f"{text[:place]}{', ' if mapping.value else ''}{written}{text[place:]}"
    place = _next_line(text, _end(mapping))
    first = mapping.value[0][0].start_mark.index
    begun = text[text.rfind("\n", 0, first) + 1 : first].removeprefix("\ufeff")
    indent = begun[: len(begun) - len(begun.lstrip(" "))]
    before = text[:place] if text[place - 1] == "\n" else text[:place] + _line_end(text)
    return (
        f"{before}{indent}{written.replace(_line_end(text), _line_end(text) + indent)}{_line_end(text)}{text[place:]}"
    )


def _without(text: str, change: Change) -> str:
    root = _root(text)
    mapping, key = root if change.section is None else _find(root, change.section), change.key
    if not isinstance(mapping, yaml.MappingNode):
        raise ValueError(f"{change.section} is no mapping")
    if len(mapping.value) == 1 and change.section is not None:
        mapping, key = root, change.section
    number = [node.value for node, _ in mapping.value].index(key)
    name, value = mapping.value[number]
    if not mapping.flow_style:
        return text[: text.rfind("\n", 0, name.start_mark.index) + 1] + text[_next_line(text, _end(value)) :]
    if number:
        return text[: _end(mapping.value[number - 1][1])] + text[_end(value) :]
    return text[: name.start_mark.index] + text[mapping.value[1][0].start_mark.index :]


def _root(text: str) -> yaml.MappingNode:
    root = yaml.compose(text, yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise ValueError("it is no mapping")
    return root


def _find(mapping: yaml.MappingNode, key: str) -> yaml.Node | None:
    return next((value for name, value in mapping.value if name.value == key), None)


def _end(node: yaml.Node) -> int:
    """Where the node's text ends. PyYAML's own mark of what has no brackets comes after the comments that follow."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _next_line(text: str, place: int) -> int:
    """Where the line after `place` begins; `place` where it begins a line itself."""
    if text[place - 1 : place] == "\n":
        return place
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
