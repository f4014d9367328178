"""The real page, served by the real server, in Chromium."""

import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import sync_playwright

from lstmvis.server.matching import warm_up
from tests import serving as processes
from tests.browser.projects import write_all
from tests.browser.wide import write_wide

LSTMVIS = [sys.executable, "-m", "lstmvis.tools.cli"]
BUILT_PAGE = Path(__file__).parents[2] / "server" / "static" / "index.html"
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OWN = ("http://127.0.0.1:", "blob:", "data:", "file:")  # whom a page may ask: servers of these tests, and itself
POLICY = re.compile("Content Security Policy|Trusted")  # in what Chromium says of an offence


@pytest.fixture(scope="session", autouse=True)
def _compiled():
    """Compile the loops of the server, which it would do beside the first page: ten seconds of a processor and more."""
    warm_up()


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """Where the projects of `projects.py` are served."""
    with serving(write_all(tmp_path_factory.mktemp("projects"))) as address:
        yield address


@pytest.fixture(scope="session")
def wide_address(tmp_path_factory):
    """Where the project of `wide.py` is served; with its index, without which its matches have to wait for one."""
    directory = write_wide(tmp_path_factory.mktemp("wide"))
    subprocess.run([*LSTMVIS, "index", directory], check=True, stdout=subprocess.DEVNULL)
    with serving(directory) as address:
        yield address


@contextmanager
def serving(directory):
    """Serve a directory with the command that users have; gives its address."""
    if not BUILT_PAGE.exists():
        pytest.fail("the page is not built: npm run build in client/", pytrace=False)
    with processes.serving(directory) as (address, _):
        yield address


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(playwright), args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


def find_chromium(playwright):
    """The machine's own, else playwright's, which is downloaded where it has to be."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    own = playwright.chromium.executable_path
    if not Path(own).exists():
        install = [sys.executable, "-m", "playwright", "install", "chromium-headless-shell", "chromium"]
        if subprocess.run(install).returncode:
            pytest.fail(
                "The browser tests need Chromium: there is none on this machine, and playwright could not download "
                "one. Install it, for example with `apt-get install chromium`, and run the tests again.",
                pytrace=False,
            )
    return own


@pytest.fixture
def page(chromium, address):
    """A fresh page; the test fails if anything on it fails, is against its policy, or asks another host."""
    with watched(chromium, address) as (page, _):
        yield page


@contextmanager
def watched(chromium, address):
    """The page of a browser that has not been here, and the list of what goes wrong there; that must stay empty."""
    context = chromium.new_context(base_url=address, viewport={"width": 1400, "height": 900})
    page = context.new_page()
    failures = watch(page)
    yield page, failures
    context.close()
    assert not failures


def watch(page):
    """What goes wrong on a page, as it goes wrong."""
    failures = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("console", lambda message: POLICY.search(message.text) and failures.append(message.text))

    def look(request):
        if not request.url.startswith(OWN):
            failures.append(f"asks {request.url}")

    page.on("request", look)
    return failures


@pytest.fixture
def explore(page):
    """Open the exploring page, or with `parameters` any state of it; gives a hand for using it."""

    def open_page(**parameters):
        page.goto("/?" + urlencode({"project": "parentheses", **parameters}, doseq=True))
        hand = Hand(page)
        hand.rest()
        return hand

    return open_page


class Held:
    """Requests whose address has `part` in it, kept waiting until all of them are let go."""

    def __init__(self, page, part):
        self.routes = []
        self.free = False
        page.route(re.compile(part), self.take)

    def take(self, route):
        if self.free:
            route.continue_()
        else:
            self.routes.append(route)

    def let_go(self):
        self.free = True
        for route in self.routes:
            route.continue_()


class Hand:
    """What a person does on the page, and sees there when nothing is under way any more."""

    def __init__(self, page):
        self.page = page

    def rest(self):
        self.page.wait_for_selector("body[data-ready=true]", timeout=20_000)

    def word(self, pos):
        return self.page.locator(f"[data-view=words] [data-pos='{pos}']")

    def brush(self, start, end):
        """Drag from word to word."""
        self.drag(centre(self.word(start)), centre(self.word(end)))

    def drag(self, start, end):
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(*end, steps=5)
        mouse.up()
        self.rest()

    def drag_handle(self, name, columns):
        """Move one of the handles under the words by whole columns."""
        x, y = centre(self.page.locator(f"[data-handle={name}]"))
        self.drag((x, y), (x + columns * self.column_width, y))

    @property
    def column_width(self):
        return self.page.locator("[data-view=words] [data-pos]").first.bounding_box()["width"]

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        self.rest()

    def field(self, name, value):
        """Write into one of the number fields."""
        field = self.page.locator(f"input[name={name}]")
        field.fill(str(value))
        field.press("Enter")
        field.blur()
        self.rest()

    def cells(self):
        return [int(chip.get_attribute("data-cell")) for chip in self.page.locator("[data-cell]").all()]

    def matches(self):
        """Position, text of the score and length of each row, from the top."""
        rows = self.page.locator("[data-view=matches] [data-rank]")
        return [
            (
                int(row.get_attribute("data-pos")),
                row.locator(".score").inner_text(),
                int(row.locator(".length").inner_text()),
            )
            for row in rows.all()
        ]

    def address(self):
        return self.page.url.partition("?")[2]


def centre(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def read_map(hand, name):
    """The colours of a heat map, row by row, and its legend: colour to label."""
    panel = hand.page.locator(f"[data-view=heatmap][data-name='{name}']")
    pixels = panel.locator("canvas").evaluate(
        """canvas => {
            const {width, height} = canvas;
            const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
            return Array.from({length: height}, (_, y) => Array.from({length: width}, (_, x) => {
                const i = 4 * (y * width + x);
                return data[i + 3] ? `rgb(${data[i]}, ${data[i + 1]}, ${data[i + 2]})` : null;
            }));
        }"""
    )
    legend = panel.locator("[data-label]").evaluate_all(
        "all => all.map(swatch => [getComputedStyle(swatch).backgroundColor, swatch.dataset.label])"
    )
    line = panel.locator(".map-field .hairline").evaluate("line => line.offsetLeft")
    width = panel.locator("canvas").evaluate("canvas => canvas.offsetWidth / canvas.width")
    return pixels, dict(legend), round(line / width)
