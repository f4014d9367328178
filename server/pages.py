"""Answers in words: a plain page for a person, whose browser asks for HTML first; for a program a JSON object."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from typing import Protocol

from starlette.datastructures import URL, Headers
from starlette.responses import HTMLResponse, JSONResponse, Response

STYLE = (
    "body { max-width: 40em; margin: 4em auto; padding: 0 2em; font: 16px/1.5 system-ui, sans-serif; "
    "overflow-wrap: anywhere } input, button { font: inherit; padding: 0.3em 0.6em }"
)
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{again}<title>{title} · lstmvis</title>
<style>{style}</style>
<h1>lstmvis</h1>
{body}
</html>
"""
TOKEN_FORM = """<p>{asks} {said}Open the address that it was started with, or give the token here.</p>
<form method="post">
<p><label>Token <input name="token" type="password" autocomplete="current-password" required autofocus></label>
<button>Open</button></p>
</form>"""
AGAIN = '<meta http-equiv="refresh" content="0">\n'
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Asked(Protocol):
    """A request, whoever has read it."""

    @property
    def url(self) -> URL: ...
    @property
    def headers(self) -> Headers: ...


def is_for_a_person(request: Asked) -> bool:
    is_api = request.url.path.startswith("/api/")
    return not is_api and request.headers.get("accept", "").startswith("text/html")


def page_in_words(
    status: int, title: str, body: str, headers: Mapping[str, str] | None = None, again: bool = False
) -> Response:
    """`body` is HTML, or a sentence as text. With `again` the browser asks for the same address once more."""
    shown = body if body.startswith("<") else f"<p>{escape(body)}</p>"
    content = PAGE.format(title=escape(title), style=STYLE, body=shown, again=AGAIN if again else "")
    return HTMLResponse(content, status, {**(headers or {}), "Content-Security-Policy": POLICY})


def problem_in_words(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """As connexion answers, RFC 9457."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "detail": sentence, "status": status}
    return JSONResponse(content, status, headers, "application/problem+json")
