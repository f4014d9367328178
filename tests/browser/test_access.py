"""The token, the policies and the documentation of the API, as a browser sees them."""

import os
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests import serving as processes
from tests.browser.conftest import Hand, watched
from tests.browser.projects import write_parentheses

TOKEN = "a-token-of-enough-length"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    root = tmp_path_factory.mktemp("projects")
    write_parentheses(root)
    with processes.serving(root, environment=os.environ | {"LSTMVIS_TOKEN": TOKEN}) as (address, _):
        yield address


@pytest.fixture
def visitor(chromium, guarded):
    """The page of a browser that has not been here."""
    with watched(chromium, guarded) as (page, _):
        yield page


def explored(page):
    Hand(page).rest()
    return page.locator("[data-view=words] [data-pos]").count() > 0


def test_the_address_with_the_token_opens_the_view_it_names_and_is_forgotten(visitor):
    visitor.goto(f"/?project=parentheses&token={TOKEN}&pos=100")
    assert explored(visitor)
    assert TOKEN not in visitor.url
    assert "pos=100" in visitor.url
    assert TOKEN not in visitor.evaluate("document.cookie + document.referrer + JSON.stringify(localStorage)")
    visitor.goto("/?project=parentheses")
    assert explored(visitor)
    visitor.go_back()
    assert TOKEN not in visitor.url


def test_the_form_opens_the_view_that_was_asked_for(visitor):
    assert visitor.goto("/?project=parentheses&pos=100").status == 401
    visitor.get_by_label("Token").fill("wrong")
    visitor.get_by_role("button", name="Open").click()
    assert "That is not its token." in visitor.inner_text("body")
    visitor.get_by_label("Token").fill(TOKEN)
    visitor.get_by_role("button", name="Open").click()
    assert explored(visitor)
    assert "pos=100" in visitor.url


def test_a_page_whose_cookie_is_gone_says_what_is_missing(visitor):
    visitor.goto(f"/?project=parentheses&token={TOKEN}")
    assert explored(visitor)
    visitor.context.clear_cookies()
    visitor.locator("input[name=search]").fill("((")
    visitor.locator("text=This server answers who has its token.").first.wait_for()


class Elsewhere(BaseHTTPRequestHandler):
    """A page of another site."""

    content = b""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_):
        pass


@pytest.fixture
def elsewhere():
    """Serve a page of another site, by a name that is another site for a browser."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    Thread(target=server.serve_forever, daemon=True).start()

    def give(content):
        Elsewhere.content = content.encode()
        return f"http://localhost:{server.server_port}/"

    yield give
    server.shutdown()
    server.server_close()


def test_a_link_from_another_site_opens_the_view_for_who_has_been_here(visitor, guarded, elsewhere):
    page = visitor.context.new_page()
    page.goto(elsewhere(f'<a href="{guarded}/?project=parentheses&pos=100">there</a>'))
    page.get_by_role("link").click()
    page.get_by_label("Token").wait_for()  # who has not is asked, once
    visitor.goto(f"/?token={TOKEN}")
    page.goto(elsewhere(f'<a href="{guarded}/?project=parentheses&pos=100">there</a>'))
    page.get_by_role("link").click()
    page.locator("[data-view=words] [data-pos]").first.wait_for()
    assert "pos=100" in page.url


def test_another_site_can_neither_read_nor_load_nor_frame(page, address, elsewhere):
    other = page.context.new_page()
    info = f"{address}/api/v2/info"
    other.goto(elsewhere(f"<iframe src='{address}/'></iframe><img src='{info}'><script src='{info}'></script>"))
    tries = """async address => Promise.all([{}, {mode: "no-cors"}, {method: "POST"}, {headers: {x: "y"}}].map(
        how => fetch(address, how).then(() => "came", () => "refused")))"""
    assert other.evaluate(tries, info) == ["refused"] * 4
    [frame] = [frame for frame in other.frames if frame.parent_frame]
    assert "lstmvis" not in frame.locator("body").inner_html()
    other.close()


def test_the_documentation_of_the_api_works_under_its_policy(page, address):
    page.goto("/api/v2/ui/")
    page.get_by_text("/context", exact=True).click()
    page.get_by_role("button", name="Try it out").click()
    page.locator("tr[data-param-name=project] input").fill("parentheses")
    page.locator("tr[data-param-name=source] input").fill("states::cell")
    page.get_by_role("button", name=re.compile("Add .*item")).first.click()
    page.locator("tr[data-param-name=pos] input").first.fill("100")
    page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table .response-col_status", has_text="200").first.wait_for()
