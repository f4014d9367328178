"""A line in the log for every request: what was asked, the status, how long it took, and what went wrong.

    2026-03-01 09:30:00 GET /api/v2/context project=parens source=states::layer1 pos=120 cells dims=words 200 4 ms

Nobody's data are in it: of a parameter that can hold a text, or a long list, there is the name alone; of one that no
operation knows, such as the token, not even that. A sentence that says what is wrong ends before what was given.
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import Collection
from urllib.parse import unquote_plus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lstmvis.server.errors import LONGEST_SHOWN

LONGEST_VALUE = 40  # characters
NAMES = dict.fromkeys(("project", "source", "dims"), re.compile(f".{{1,{LONGEST_VALUE}}}", re.DOTALL))
PLACES = ("pos", "from", "to", "left", "right")
LENGTHS = ("phrase_length", "min_length", "match_length", "constraints", "limit")
NUMBERS = dict.fromkeys((*PLACES, *LENGTHS, "activation"), re.compile(rf"[-+.,\deE]{{1,{LONGEST_VALUE}}}", re.ASCII))
CHOICES = dict.fromkeys(("mode", "sides", "transform", "html", "kind", "case"), re.compile("[a-z]{1,10}"))
SHOWN = NAMES | NUMBERS | CHOICES
"""The parameters that say what was asked and hold nothing of a corpus; and values that can be meant."""
LONGEST_PROBLEM = 10_000  # bytes; a longer answer is no sentence
USUAL = (409, 503)  # a match that was overtaken, or whose index is being built: nothing went wrong

log = logging.getLogger(__name__)


class Journal:
    """ASGI middleware around everything else. `known` are the names of the parameters of all operations."""

    def __init__(self, app: ASGIApp, known: Collection[str]) -> None:
        self._app = app
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status, is_problem, content = 0, False, b""

        async def send_and_note(message: Message) -> None:
            nonlocal status, is_problem, content
            if message["type"] == "http.response.start":
                status = message["status"]
                is_problem = (b"content-type", b"application/problem+json") in message["headers"]
            elif is_problem and len(content) < LONGEST_PROBLEM:
                content += message.get("body", b"")
            await send(message)

        problem = ""
        try:
            await self._app(scope, receive, send_and_note)
            problem = _sentence(content) if is_problem else ""
        except asyncio.CancelledError:  # the server ends, and has waited for it
            problem = "Given up, because the server was told to stop."
        finally:
            taken = round(1000 * (time.monotonic() - started))
            asked = f"{scope['method']} {_asked(scope, self._known)}"
            line = f"{asked} {status or 'no answer'} {taken} ms{': ' if problem else ''}{problem}"
            log.log(_level(status), "%s", _printable(line))


def _level(status: int) -> int:
    if status < 400 or status in USUAL:
        return logging.INFO if status else logging.WARNING
    return logging.WARNING if status < 500 else logging.ERROR


def _asked(scope: Scope, known: Collection[str]) -> str:
    """The address with those parameters that may be seen."""
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    parts = [path if len(path) <= LONGEST_SHOWN else f"{path[:LONGEST_SHOWN]}…"]
    seen = set()
    for part in scope["query_string"].decode("latin-1").split("&"):
        name, _, value = part.partition("=")
        name = unquote_plus(name)
        if name not in known or name in seen:
            continue
        seen.add(name)
        value = unquote_plus(value)
        parts.append(f"{name}={value}" if name in SHOWN and SHOWN[name].fullmatch(value) else name)
    return " ".join(parts)


def _sentence(content: bytes) -> str:
    """What a problem says, without what was given."""
    try:
        detail = str(json.loads(content)["detail"])
    except (ValueError, LookupError, TypeError):
        return ""
    return re.split(", not |(?<=a regular expression); ", detail, maxsplit=1)[0]


def _printable(text: str) -> str:
    """On one line, whatever somebody has asked."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
