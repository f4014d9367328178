"""What every answer tells the browser: to run no script but the page's own, and to keep it from the pages of others.

See https://www.w3.org/TR/CSP3/. There is no header that lets pages of other origins read an answer (no CORS).
"""

import hashlib
import re
from base64 import b64encode

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # addresses say what is looked at
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# The page makes pictures of itself from `blob:`. Text never becomes markup in it: trusted types make that certain.
PAGE = (
    f"{NOTHING}; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
# Swagger UI has pictures in its styles.
DOCUMENTATION = (
    f"{NOTHING}; script-src 'self'{{hashes}}; style-src 'self'{{hashes}}; img-src 'self' data:; connect-src 'self'"
)
INLINE = re.compile(rb"<(script|style)>(.*?)</\1>", re.DOTALL)


class SecurityHeaders:
    """ASGI middleware. Answers below `api` are data, those below `documentation` apart; the others are the page."""

    def __init__(self, app: ASGIApp, api: str, documentation: str) -> None:
        self._app = app
        self._api = api
        self._documentation = documentation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started: list[Message] = []

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)  # held back until the body, which the policy may depend on
                return
            if started:
                start = started.pop()
                headers = MutableHeaders(scope=start)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                page = message.get("body", b"") if headers.get("content-type", "").startswith("text/html") else b""
                headers.setdefault("Content-Security-Policy", self._policy(scope["path"], page))
                await send(start)
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _policy(self, path: str, page: bytes) -> str:
        if path.startswith(self._documentation):
            return DOCUMENTATION.format(hashes="".join(_hash(content) for _, content in INLINE.findall(page)))
        return NOTHING if path.startswith(self._api) else PAGE


def _hash(content: bytes) -> str:
    """Connexion's page has a script and a style inline. No request can change them: they are good as they are."""
    return f" 'sha256-{b64encode(hashlib.sha256(content).digest()).decode()}'"
