"""Downloads from a server on this machine that does what servers on the net do."""

import hashlib
import io
import threading
import zipfile
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lstmvis.data import downloading
from lstmvis.data.downloading import DownloadError, Remote, download, has_digest, has_members
from lstmvis.data.errors import ProjectError
from lstmvis.data.locking import writing

CONTENT = bytes(range(256)) * 1200  # 300 KB
DIGEST = hashlib.sha256(CONTENT).hexdigest()
IS_CONTENT = has_digest(DIGEST)


class Server:
    """Serves CONTENT at every path, as `behave` says; remembers what it was asked."""

    def __init__(self):
        self.requests = []
        self.content, self.tag = CONTENT, '"one"'
        self.behave = {}  # what to do, by the number of the request; else the file is sent

        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.requests.append((self.path, dict(self.headers)))
                server.behave.get(len(server.requests), server.send)(self)

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self):
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield self
        self._server.shutdown()
        self._server.server_close()
        thread.join()

    def send(self, handler, most=None):
        begin, status = 0, 200
        asked = handler.headers.get("Range")
        if asked and handler.headers.get("If-Range") in (None, self.tag):
            begin, status = int(asked.removeprefix("bytes=").removesuffix("-")), 206
        if begin >= len(self.content):
            return self.refuse(416)(handler)
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(self.content) - begin))
        if self.tag:
            handler.send_header("ETag", self.tag)
        if status == 206:
            handler.send_header("Content-Range", f"bytes {begin}-{len(self.content) - 1}/{len(self.content)}")
        handler.end_headers()
        handler.wfile.write(self.content[begin:][:most])

    def cut(self, after):
        return lambda handler: self.send(handler, after)

    def refuse(self, status, **headers):
        def answer(handler):
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        return answer


class Shown:
    """A progress bar that remembers."""

    def __init__(self):
        self.totals, self.done = [], 0

    @contextmanager
    def __call__(self, title, total, unit):
        self.totals.append(total)
        yield self

    def update(self, n):
        self.done += n


@pytest.fixture
def server():
    with Server().running() as server:
        yield server


@pytest.fixture
def slept(monkeypatch):
    seconds = []
    monkeypatch.setattr(downloading, "sleep", seconds.append)
    return seconds


@pytest.fixture
def fetch(server, slept, tmp_path):
    """Download files by name from the server; gives what was shown of it."""

    def fetch(*names, fault=IS_CONTENT):
        shown = Shown()
        remotes = [Remote(f"{server.address}/{name}", f"below/{name}", len(CONTENT), fault) for name in names]
        download(remotes, tmp_path / "corpora", shown, "Or else.")
        return shown

    return fetch


@pytest.fixture
def place(tmp_path):
    return tmp_path / "corpora" / "below"


def names_in(place):
    return sorted(path.name for path in place.iterdir())


def test_files_are_fetched_one_after_the_other_with_a_pause_by_a_program_that_says_what_it_is(
    fetch, server, slept, place
):
    shown = fetch("a", "b")
    assert (place / "a").read_bytes() == (place / "b").read_bytes() == CONTENT
    assert names_in(place) == ["a", "b"]
    assert [path for path, _ in server.requests] == ["/a", "/b"]
    assert all(headers["User-Agent"].startswith("lstmvis/") for _, headers in server.requests)
    assert slept == [downloading.PAUSE]
    assert (shown.totals, shown.done) == ([2 * len(CONTENT)], 2 * len(CONTENT))


def test_what_is_there_is_not_fetched_again(fetch, server):
    fetch("a")
    fetch("a", "b")
    assert [path for path, _ in server.requests] == ["/a", "/b"]
    assert fetch("a", "b").totals == []


def test_after_a_cut_connection_only_the_rest_is_asked_for(fetch, server, slept, place):
    server.behave[1] = server.cut(100_000)
    shown = fetch("a")
    assert (place / "a").read_bytes() == CONTENT
    assert names_in(place) == ["a"]
    assert server.requests[1][1]["Range"] == "bytes=100000-"
    assert slept == [1]
    assert shown.done == len(CONTENT)


def test_a_download_that_was_stopped_goes_on_in_another_run(fetch, server, slept, place, monkeypatch):
    class Stopping(Shown):
        def update(self, n):
            super().update(n)
            if self.done > 100_000:
                raise KeyboardInterrupt

    remote = Remote(f"{server.address}/a", "below/a", len(CONTENT), IS_CONTENT)
    with pytest.raises(KeyboardInterrupt):
        download([remote], place.parent, Stopping())
    assert names_in(place) == ["a.part", "a.part.validator"]
    have = (place / "a.part").stat().st_size
    assert 0 < have < len(CONTENT)
    assert fetch("a").done == len(CONTENT)
    assert server.requests[-1][1]["Range"] == f"bytes={have}-"
    assert (place / "a").read_bytes() == CONTENT


def test_a_file_that_has_changed_meanwhile_is_fetched_from_its_beginning(fetch, server, place):
    def cut_and_change(handler):
        server.send(handler, 100_000)
        server.content, server.tag = CONTENT[::-1], '"two"'

    server.behave[1] = cut_and_change
    fetch("a", fault=lambda path: "")
    assert (place / "a").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_without_a_sign_of_the_same_file_it_begins_anew(fetch, server, place, tag):
    server.tag = tag
    server.behave[1] = server.cut(100_000)
    fetch("a")
    assert "Range" not in server.requests[1][1]
    assert (place / "a").read_bytes() == CONTENT


def test_a_part_that_is_longer_than_the_file_is_thrown_away(fetch, server, place):
    place.mkdir(parents=True)
    (place / "a.part").write_bytes(CONTENT + b"more")
    (place / "a.part.validator").write_text(server.tag)
    fetch("a")
    assert (place / "a").read_bytes() == CONTENT


def test_a_connection_that_is_always_cut_is_given_up(fetch, server, place):
    server.behave = {number: server.cut(1000) for number in range(1, 99)}
    with pytest.raises(DownloadError, match="cut again and again"):
        fetch("a")
    assert len(server.requests) == downloading.ATTEMPTS
    assert (place / "a.part").stat().st_size == downloading.ATTEMPTS * 1000


def test_a_server_that_asks_to_come_back_later_is_obeyed(fetch, server, slept, place):
    server.behave = {1: server.refuse(429, Retry_After="7"), 2: server.refuse(503, Retry_After="0")}
    fetch("a")
    assert slept == [7, 0]
    assert (place / "a").read_bytes() == CONTENT


def test_it_may_ask_so_with_a_date(fetch, server, slept, monkeypatch):
    monkeypatch.setattr(downloading.time, "time", lambda: 1_000_000.0)
    server.behave[1] = server.refuse(429, Retry_After=formatdate(1_000_042, usegmt=True))
    fetch("a")
    assert slept == [42]


def test_nobody_waits_for_an_hour(fetch, server, slept):
    server.behave[1] = server.refuse(429, Retry_After="3600")
    with pytest.raises(DownloadError, match="asks to come back in 3600 s"):
        fetch("a")
    assert slept == []


@pytest.mark.parametrize(("status", "said"), [(404, "404 Not Found"), (429, "429 Too Many Requests")])
def test_what_cannot_be_had_is_told_with_all_that_is_missing_and_where_to_put_it(fetch, server, place, status, said):
    server.behave[2] = server.refuse(status)
    with pytest.raises(DownloadError) as told:
        fetch("a", "b", "c")
    assert str(told.value).split("\n") == [
        f"{server.address}/b cannot be downloaded: {said}. "
        "These are missing; get what cannot be downloaded here in another way, and put it there:",
        f"  {server.address}/b",
        f"      as {place / 'b'}",
        f"  {server.address}/c",
        f"      as {place / 'c'}",
        "Or else.",
    ]
    assert names_in(place) == ["a"]


def test_without_a_network_it_says_so_at_once(tmp_path, slept):
    remote = Remote("http://127.0.0.1:9/a", "a", 1, IS_CONTENT)
    with pytest.raises(
        DownloadError, match=r"^http://127.0.0.1:9/a cannot be downloaded: Connection refused\. This is"
    ):
        download([remote], tmp_path, Shown())
    assert slept == []


def test_what_is_not_what_was_expected_is_thrown_away(fetch, server, place):
    server.content = b"a page that says that you should log in"
    with pytest.raises(DownloadError, match=f"not what it should be: its SHA-256 is [0-9a-f]*, not {DIGEST}"):
        fetch("a")
    assert names_in(place) == []


def test_a_file_that_somebody_put_there_is_looked_at(fetch, server, place):
    place.mkdir(parents=True)
    (place / "a").write_bytes(b"another")
    with pytest.raises(DownloadError, match=r"below/a is not what it should be: .* Remove it"):
        fetch("a")
    assert (place / "a").read_bytes() == b"another"
    (place / "a").write_bytes(CONTENT)
    fetch("a")
    assert server.requests == []


def test_only_one_program_downloads_into_a_folder(fetch, tmp_path, monkeypatch):
    monkeypatch.setattr(downloading, "PATIENCE", 0.0)
    (tmp_path / "corpora").mkdir()
    with writing(tmp_path / "corpora"), pytest.raises(ProjectError, match="another process"):
        fetch("a")


def test_a_zip_file_is_known_by_what_is_in_it(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/b.txt", "words")
    path = tmp_path / "a.zip"
    path.write_bytes(packed.getvalue())
    digest = hashlib.sha256(b"words").hexdigest()
    assert has_members({"a/b.txt": digest})(path) == ""
    assert has_members({"a/c.txt": digest})(path) == "there is no a/c.txt in it"
    assert "SHA-256 of a/b.txt" in has_members({"a/b.txt": DIGEST})(path)
    path.write_bytes(packed.getvalue()[:50])
    assert "no whole zip file" in has_members({"a/b.txt": digest})(path)
