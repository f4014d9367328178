"""Projects in which every text is markup with script in it: each surface of the page shows it as text, and none runs.

The page's policy would keep it from running in any case; here it must not even become markup. Whatever it would do, the
fixtures of the page see: an offence against the policy, a request, an error, another title.
"""

import json
import re
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.browser.conftest import Hand, serving, watched
from tests.project_directory import write_directory
from tests.server.conftest import Api

MARKS = [
    "<img src=x onerror=document.title=666>",
    "<script>document.title=666</script>",
    '"><svg/onload=document.title=666>',
    "'-alert(1)-'",
    "</title></style></textarea></noscript><iframe srcdoc='<script>parent.document.title=666</script>'>",
    "javascript:document.title=666",
    "{{constructor.constructor('document.title=666')()}}",
    "&lt;b&gt; &#60;b&#62;",
]
ID = "<b onclick=document.title=666>id<"
NAME, DESCRIPTION = f"name {MARKS[0]}", f"description {MARKS[4]}"
DISCRETE, SCALAR, RANKED = f"discrete {MARKS[2]}", f"scalar {MARKS[0]}", f"ranked {MARKS[1]}"
KIND, SOURCE = f"kind {MARKS[0]}", "states::<script>document.title=666<"
BROKEN = f"broken {MARKS[0]}"
STEPS = 300


def write_markup(directory):
    ids = np.arange(STEPS) % len(MARKS)
    chance = np.random.default_rng(3)
    states = (chance.normal(0, 1, (len(MARKS), 12))[ids] + chance.normal(0, 0.1, (STEPS, 12))).astype("f4")
    annotation = {"file": "states", "dict": "words"}
    config = {
        "name": NAME,
        "description": DESCRIPTION,
        "files": {"states": "states.hdf5", "words": "words.json"},
        "word_sequence": {"file": "states", "path": "ids", "dict_file": "words"},
        "states": {
            "file": "states",
            "types": [{"type": KIND, "layer": 1, "path": SOURCE.partition("::")[2]}, {"type": "b", "path": "b"}],
        },
        "meta": {
            DISCRETE: {**annotation, "path": "ids", "vis": {"type": "discrete", "range": "dict"}},
            SCALAR: {"file": "states", "path": "loss", "vis": {"type": "scalar", "range": [0, 1]}},
            RANKED: {
                **annotation,
                "path": "top",
                "weights_path": "weight",
                "type": "wordvec",
                "vis": {"type": "wordvec"},
            },
        },
        "etc": {MARKS[0]: MARKS[1]},
    }
    arrays = {
        SOURCE.partition("::")[2]: states,
        "b": states,
        "ids": ids,
        "loss": chance.random(STEPS),
        "top": np.stack([ids, (ids + 1) % len(MARKS)], 1),
        "weight": np.full((STEPS, 2), 0.5),
    }
    write_directory(directory / ID, config, {"states.hdf5": arrays}, {"words.json": json.dumps(MARKS)})
    types = {"file": "states", "types": [{"path": "s"}]}
    broken = {
        "name": BROKEN,
        "files": {"states": f"gone {MARKS[0]}.hdf5"},
        "states": types,
        "meta": {MARKS[1]: MARKS[2]},
    }
    write_directory(directory / "broken", broken)
    return directory


@pytest.fixture(scope="module")
def markup_directory(tmp_path_factory):
    return write_markup(tmp_path_factory.mktemp("markup"))


@pytest.fixture(scope="module")
def markup_address(markup_directory):
    with serving(markup_directory) as address:
        yield address


@pytest.fixture
def hand(chromium, markup_address):
    """A page on which nothing that was written as text may become markup."""
    with watched(chromium, markup_address) as (page, failures):
        page.on("request", lambda request: request.url.endswith("/x") and failures.append("asks for the picture"))
        page.on("dialog", lambda dialog: failures.append(f"says {dialog.message}"))
        yield Hand(page)
        assert_only_text(page)


def assert_only_text(page):
    markup = (
        "img, iframe, object, embed, body script, style, base, [onclick], [onerror], [onload], [href^='javascript:']"
    )
    assert page.locator(markup).count() == 0
    assert page.title() != "666"


def explore(hand, **parameters):
    asked = {"project": ID, "source": SOURCE, "pos": 0, "width": 100, "threshold": 0.1, "range": "5,5", "off": "0,0"}
    hand.page.goto("/?" + urlencode({**asked, "track": [DISCRETE, SCALAR, RANKED], **parameters}, doseq=True))
    hand.rest()
    return hand.page


def test_the_page_of_all_projects(hand):
    hand.page.goto("/")
    hand.rest()
    shown = hand.page.locator("main").inner_text()
    for text in (NAME, DESCRIPTION, DISCRETE, SCALAR, RANKED, BROKEN):
        assert text in shown
    hand.page.get_by_role("link", name=re.compile("kind")).first.click()
    hand.rest()
    assert hand.page.title() == f"{NAME} · lstmvis"


def test_words_tracks_legends_and_matches(hand):
    page = explore(hand)
    words = page.locator("[data-view=words] [data-pos]")
    assert {word.inner_text() for word in words.all()} <= set(MARKS)
    assert {word.get_attribute("title").rpartition(" · ")[0] for word in words.all()} <= set(MARKS)
    tracks = page.locator("[data-view=tracks]").inner_text()
    assert all(name in tracks for name in (DISCRETE, SCALAR, RANKED))
    assert {map_.get_attribute("data-name") for map_ in page.locator("[data-view=heatmap]").all()} >= {DISCRETE}
    assert hand.matches()
    match_words = page.locator("[data-view=matches] [data-rank] .token").all_inner_texts()
    assert set(match_words) & set(MARKS)
    assert NAME in page.locator("header").inner_text()


def test_what_hovers_over_the_page(hand):
    page = explore(hand)
    shown = []
    for place in (
        page.locator("[data-view=tracks] [data-name]").nth(0).locator("canvas, .token").first,
        page.locator("[data-view=tracks] [data-name]").nth(2).locator("canvas, .token").first,
        page.locator("[data-view=heatmap] canvas").nth(1),
        page.locator("[data-view=histogram] rect, [data-view=histogram] path").first,
    ):
        place.hover(force=True)
        tooltip = page.locator(".tooltip:visible")
        shown += tooltip.all_inner_texts()
        assert_only_text(page)
    assert any(mark in text for text in shown for mark in MARKS)
    for more in page.locator(".more-keys").all():
        more.hover()
        assert_only_text(page)
    hand.press("?")
    hand.press("Escape")
    page.get_by_label("Add an annotation")
    explore(hand, track="")
    assert DISCRETE in page.get_by_label("Add an annotation").inner_text()


@pytest.mark.parametrize("query", MARKS)
def test_search(hand, query):
    page = explore(hand)
    hand.press("/")
    page.keyboard.insert_text(query)
    page.wait_for_function("() => document.querySelector('[data-view=search] .note[role=status]').textContent")
    hand.rest()
    found = page.locator("[data-view=search] [role=option]")
    if " " not in query:
        assert query in found.first.inner_text()
    assert_only_text(page)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"project": MARKS[0]}, MARKS[0]),
        ({"project": "broken"}, f"gone {MARKS[0]}.hdf5"),
        ({"source": f"states::{MARKS[1]}"}, None),
        ({"track": MARKS[0]}, None),
        ({"range": MARKS[0], "threshold": MARKS[1], "cells": MARKS[2], "off": MARKS[3], "pos": MARKS[4]}, None),
    ],
)
def test_addresses_and_what_is_said_of_them(hand, parameters, said):
    page = explore(hand, **parameters)
    if said:
        assert said in page.locator("main, body").first.inner_text()
    assert_only_text(page)


@pytest.mark.parametrize("path", [quote(mark, safe="'<>=") for mark in MARKS[:4]])
def test_a_page_that_is_not_there(hand, path):
    assert hand.page.goto(f"/{path}").status == 404
    assert "There is no page at" in hand.page.inner_text("body")
    # its own style, which is allowed by its hash
    assert hand.page.locator("style").evaluate_all("all => all.map(style => style.remove()).length") == 1


def test_what_is_taken_away(hand, tmp_path):
    page = explore(hand)
    files = {}
    for label in ("Picture, SVG", "Matches, CSV", "Matches, JSON"):
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as saved:
            page.get_by_role("menuitem", name=label).click()
        assert re.fullmatch(r"[^<>:\"/\\|?*]+", saved.value.suggested_filename)
        files[label] = saved.value.path().read_text(encoding="utf-8")
    address = page.url.partition("?")[0]
    drawing = ElementTree.fromstring(files["Picture, SVG"])
    texts = {text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")}
    assert any(text and text.startswith("<img src=x") for text in texts)
    for part in drawing.iter():
        assert part.tag.rpartition("}")[2] not in ("script", "foreignObject", "iframe", "handler")
        assert not [mark for mark in MARKS if mark in (part.text or "") and part.tag.endswith("style")]
        for name, value in part.attrib.items():
            assert not name.lower().startswith("on")
            assert not value.strip().lower().startswith("javascript:")
            assert name.rpartition("}")[2] != "href" or value.startswith((address, "data:image/png", "#"))
    assert json.loads(files["Matches, JSON"])
    # A spreadsheet takes no cell for a formula.
    assert not re.search(r'(^|[,;"])\s*[=+@]', files["Matches, CSV"], re.MULTILINE)
    (tmp_path / "picture.svg").write_text(files["Picture, SVG"], encoding="utf-8")
    drawn = page.context.new_page()
    drawn.goto((tmp_path / "picture.svg").as_uri())
    assert drawn.locator("script, iframe, img").count() == 0
    drawn.close()


@pytest.mark.parametrize("query", MARKS)
def test_what_search_sends_as_html_is_text_where_lstmvis_inserts_it(chromium, markup_address, query):
    page = chromium.new_page(base_url=markup_address)
    found = page.request.get("/api/v2/search", params={"project": ID, "q": query, "html": "true"}).json()["res"]
    assert found or " " in query
    page.goto("about:blank")
    for place in found:
        page.evaluate("html => { document.body.innerHTML = html; }", place["text"])
        assert page.locator("body *").evaluate_all("all => all.map(it => it.tagName)") == ["B"]
        assert page.locator("b").text_content() == query
    assert page.title() == ""
    page.close()


@pytest.mark.parametrize(
    "path",
    [
        f"search?project={quote(ID)}&html=true&q={quote(MARKS[0])}",
        f"context?project={quote(MARKS[0])}&source=x&pos=1",
        f"context?project={quote(ID)}&source={quote(SOURCE)}&pos=1&dims={quote(MARKS[0])}",
        "info",
        quote(MARKS[0]),
    ],
)
def test_an_answer_of_the_api_opened_as_a_page(hand, path):
    answer = hand.page.goto(f"/api/v2/{path}")
    assert re.fullmatch(r"application/(problem\+)?json", answer.headers["content-type"])
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_text_of_a_project_gets_into_a_header(markup_directory):
    client = Api(markup_directory, validate_responses=False).client
    for path in (f"/client/lstmvis.html?project={quote(MARKS[0] + chr(13) + chr(10))}X:1", "/api/v2/info"):
        headers = client.get(path, follow_redirects=False).headers
        assert not [value for value in headers.values() if "<" in value or "\r" in value or "\n" in value]
