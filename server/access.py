"""Whom the server answers: those who ask for it by a name of its own, and who have its token where it has one.

A page of a stranger can point a name of its own at this machine (DNS rebinding), and would then read the corpus as if
it came from here; the browser says by which name it asked, in `Host`. That a page of another site loads something from
here, without reading it, browsers say too (https://www.w3.org/TR/fetch-metadata/); those may link here, no more.

The token comes in the address of the first visit, `?token=...`, which is answered with a cookie and the address
without it; or in a form; or, from a program, as `Authorization: Bearer ...`.
"""

import hashlib
import hmac
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote_to_bytes

from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lstmvis.server.pages import TOKEN_FORM, is_for_a_person, page_in_words, problem_in_words

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\s:/?#@\[\]]+?)\.?(:[0-9]{0,5})?", re.ASCII | re.IGNORECASE)
LONGEST_FORM = 4096  # bytes
ASKS = "This server answers who has its token."
HOW = "Open the address with ?token= that it was started with, or send the token as Authorization: Bearer."


@dataclass(frozen=True)
class Access:
    """What is demanded of a request. It may always ask for this machine by the names that it has for itself: localhost,
    127.0.0.1, ::1."""

    hosts: frozenset[str] = field(default_factory=frozenset)
    """Other names that the server may be asked for by, in lower case."""
    any_address: bool = False
    """Whether it may be asked for by any IP address. No name is behind it, so nobody can point it elsewhere."""
    token: str | None = None

    def allows_host(self, header: str | None) -> bool:
        """Whether what the header `Host` says is this server; its port may be another, that of a tunnel."""
        found = HOST.fullmatch(header or "")
        if not found:
            return False
        name = found["name"].lower()
        try:
            address = ip_address(name.strip("[]"))
        except ValueError:
            return name == "localhost" or name in self.hosts
        return address.is_loopback or self.any_address or name.strip("[]") in self.hosts

    def knows(self, token: bytes) -> bool:
        assert self.token
        return hmac.compare_digest(token, self.token.encode())

    @cached_property
    def cookie(self) -> tuple[str, str]:
        """Name and value of the cookie of who has shown the token, made from it, so that all workers know it.

        Cookies are shared by all ports of a host: servers with other tokens have cookies of other names.
        """
        assert self.token
        value = hmac.new(self.token.encode(), b"lstmvis cookie", hashlib.sha256).hexdigest()
        return f"lstmvis-{hashlib.sha256(value.encode()).hexdigest()[:8]}", value


def access_at(bound: str, host: str, allowed_hosts: Iterable[str], token: str | None) -> Access:
    """What is demanded where the server listens at the address `bound`, of the name `host`: by whichever of its names
    and addresses it is asked for where it listens at all of them."""
    everywhere = ip_address(bound).is_unspecified
    names = [host, *allowed_hosts, *([socket.gethostname()] if everywhere else [])]
    return Access(frozenset(name.lower().strip("[]").rstrip(".") for name in names), everywhere, token)


class Guard:
    """ASGI middleware that lets through what `access` allows, and tells others in words what is missing."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            answer = await self._answer(Request(scope, receive))
            await (answer or self._app)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, request: Request) -> Response | None:
        """What the request gets instead of what it asks for; None where it gets that."""
        headers = request.headers
        host = headers.get("host")
        if not self._access.allows_host(host):
            return _refuse_host(request, host)
        if _is_loaded_elsewhere(headers):
            return _refuse(request, 403, "Pages of other sites may link here, but not load anything from here.")
        if not self._access.token:
            return None
        shown = _token_in_address(request)
        if request.method == "POST" and not request.url.path.startswith("/api/"):
            shown = await _token_in_form(request)
        if shown is not None and self._access.knows(shown):
            return self._let_in(request)
        if not self._is_known(headers):
            return _ask_for_token(request, wrong=shown is not None)
        return _without_token(request) if shown is not None else None

    def _is_known(self, headers: Headers) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._access.knows(token.strip().encode("latin-1"))
        name, value = self._access.cookie
        cookie = cookie_parser(headers.get("cookie", "")).get(name, "")
        return hmac.compare_digest(cookie.encode(), value.encode())

    def _let_in(self, request: Request) -> Response:
        answer = _without_token(request)
        name, value = self._access.cookie
        secure = request.url.scheme == "https"
        answer.set_cookie(name, value, httponly=True, samesite="strict", secure=secure)
        return answer


def _is_loaded_elsewhere(headers: Headers) -> bool:
    """Whether a page of another site asks, for a part of itself; rather than a person who follows a link."""
    if headers.get("sec-fetch-site") != "cross-site":
        return False
    return headers.get("sec-fetch-mode") != "navigate" or headers.get("sec-fetch-dest") != "document"


def _parameters(request: Request) -> list[tuple[bytes, bytes]]:
    """Each of the query as it stands there, with its name."""
    parts = request.scope["query_string"].split(b"&")
    return [(unquote_to_bytes(part.partition(b"=")[0]), part) for part in parts if part]


def _token_in_address(request: Request) -> bytes | None:
    shown = [part.partition(b"=")[2] for name, part in _parameters(request) if name == b"token"]
    return unquote_to_bytes(shown[-1]) if shown else None


async def _token_in_form(request: Request) -> bytes | None:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LONGEST_FORM:
            return None
    fields = parse_qs(body.decode("latin-1"), encoding="latin-1")
    return fields.get("token", [""])[-1].strip().encode("latin-1")


def _without_token(request: Request) -> Response:
    """To the same address without the token, by a reference that no proxy before this server makes wrong."""
    place = request.scope.get("raw_path", request.scope["path"].encode()).rpartition(b"/")[2]
    query = b"&".join(part for name, part in _parameters(request) if name != b"token")
    address = b"./" + place + (b"?" + query if query else b"")
    return RedirectResponse(address.decode("latin-1"), 303, headers={"Cache-Control": "no-store"})


def _ask_for_token(request: Request, wrong: bool) -> Response:
    headers = {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
    said = "That is not its token. " if wrong else ""
    if not is_for_a_person(request):
        return problem_in_words(401, f"{ASKS} {said}{HOW}", headers)
    # A browser keeps the cookie back where a page of another site has led here; when the page asks again, it does not.
    again = request.headers.get("sec-fetch-site") == "cross-site"
    return page_in_words(401, "Token needed", TOKEN_FORM.format(asks=ASKS, said=said), headers, again)


def _refuse_host(request: Request, host: str | None) -> Response:
    if host is None:
        return _refuse(request, 400, "A request must say in Host by which name it asks for this server.")
    sentence = (
        f"This server is not known as {host[:100]!r}. Ask for it by a name that it has, or start it with "
        "--allowed-host and the name."
    )
    return _refuse(request, 421, sentence)


def _refuse(request: Request, status: int, sentence: str) -> Response:
    if is_for_a_person(request):
        return page_in_words(status, "Not answered", sentence)
    return problem_in_words(status, sentence)
