"""What of a request reaches the API: no body, no parameter that no operation knows, no address of any length.

No operation reads a body, and connexion fails on some that are sent all the same. For each unknown parameter it writes
a line into the log, and it spends time that grows with the square of their number, while nobody else is served.
"""

from collections.abc import Collection
from urllib.parse import unquote_plus

from starlette.types import ASGIApp, Receive, Scope, Send

from lstmvis.server.errors import TooLongError

LONGEST_ADDRESS = 1 << 18  # bytes, query included: 10,000 positions, or tens of thousands of cells
ABOUT_BODY = (b"content-type", b"content-length", b"transfer-encoding")


class Trimming:
    """ASGI middleware. `known` are the names of the parameters of all operations, which are below `path`."""

    def __init__(self, app: ASGIApp, path: str, known: Collection[str]) -> None:
        self._app = app
        self._path = path
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            query = scope["query_string"]
            length = len(scope.get("raw_path") or b"") + len(query)
            if length > LONGEST_ADDRESS:
                raise TooLongError(length, LONGEST_ADDRESS)
            if scope["path"].startswith(self._path):
                query = b"&".join(part for part in query.split(b"&") if self._is_known(part))
            headers = [(name, value) for name, value in scope["headers"] if name not in ABOUT_BODY]
            scope = {**scope, "headers": headers, "query_string": query}
        await self._app(scope, receive, send)

    def _is_known(self, part: bytes) -> bool:
        name, _, _ = part.partition(b"=")
        return unquote_plus(name.decode("latin-1")) in self._known
