"""The server asks nobody: no request to another host, whatever it is asked. The page's are watched in tests/browser."""

import re
import sys
from pathlib import Path

import pytest

from lstmvis.server.app import STATIC
from tests.server.test_api import write_corpus
from tests.server.test_openapi import OPERATIONS

ASKING = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"}
RAW = "project=small&source=states::raw"
REQUESTS = {
    "health": "",
    "info": "",
    "context": f"{RAW}&pos=2&dims=states,words,cell_count,sequences,meta_pos,meta_top",
    "states": f"{RAW}&from=0&to=3",
    "cuts": f"{RAW}&activation=0.5",
    "select": f"{RAW}&from=1&to=2",
    "match": f"{RAW}&cells=0,1,2&dims=words",
    "search": "project=small&q=cat&html=true",
}
PAGES = ["/", "/index.html", "/nothing", "/client/?project=small", "/api/v2/ui/", "/api/v2/openapi.json", "/api/v2/x"]
# Names that are in the specifications of the web, and are never asked for; and an address in a message of the library.
NAMES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml", "http://www.w3.org/1999/xlink"}
NAMES |= {"http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/", "http://www.w3.org/1998/Math/MathML"}


@pytest.fixture
def asked():
    """What would ask another host, from here on. A hook can never be taken away: it is told to stop."""
    found, listening = [], [True]

    def hook(event, arguments):
        if listening and event in ASKING:
            found.append((event, arguments[1:]))

    sys.addaudithook(hook)
    yield found
    listening.clear()


def test_no_request_makes_the_server_ask_another_host(tmp_path, serve, asked):
    write_corpus(tmp_path)
    api = serve(tmp_path)
    assert set(REQUESTS) == set(OPERATIONS)
    for endpoint, query in REQUESTS.items():
        assert api.client.get(f"/api/v2/{endpoint}?{query}").status_code == 200
    for path in PAGES:
        assert api.client.get(path, headers={"accept": "text/html"}).status_code in (200, 404)
    assert asked == []


def test_a_connection_would_be_seen(asked):
    import socket

    with socket.socket() as closed, socket.socket() as asking:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            asking.connect(closed.getsockname())
    assert [event for event, _ in asked] == ["socket.connect"]


def test_what_the_page_is_built_of_names_no_other_host():
    files = [file for file in STATIC.rglob("*") if file.suffix in (".html", ".js", ".css", ".svg")]
    assert len(files) >= 4
    named = {found for file in files for found in addresses(file)}
    assert named <= NAMES


def addresses(file: Path):
    return re.findall(r"""(?:https?:|(?<=["'(]))//[a-zA-Z0-9][^\s"'`)<>\\]*""", file.read_text(encoding="utf-8"))
