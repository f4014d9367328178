"""The page as a whole: projects, the address, search, errors, and text that tries to be more than text."""

import re

import pytest

from tests.browser.conftest import Hand, Held
from tests.browser.projects import HOSTILE_ANNOTATION, HOSTILE_ID, HOSTILE_WORDS


def open_projects(page):
    page.goto("/")
    Hand(page).rest()


def test_the_project_page_shows_every_project_and_what_is_wrong(page):
    open_projects(page)
    names = page.locator("[data-project] h2").all_inner_texts()
    assert sorted(names) == ["<i>hostile</i>", "Parentheses", "broken", "wordless"]
    assert "gone.hdf5" in page.locator("[data-project=broken]").inner_text()
    facts = page.locator("[data-project=parentheses]").inner_text()
    for fact in ("3,000", "kind", "depth", "layer 1", "24 cells"):
        assert fact in facts
    page.locator("[data-project=parentheses]").get_by_role("link", name="layer 1 · raw").click()
    Hand(page).rest()
    assert page.locator("[data-view=words] [data-pos='0']").count() == 1
    assert "source=states%3A%3Araw" in page.url


def test_a_project_opens_on_its_view_from_its_card_and_from_the_menu_of_projects(page):
    open_projects(page)
    page.locator(f"[data-project='{HOSTILE_ID}']").get_by_role("link", name="Start here").click()
    hand = Hand(page)
    hand.rest()
    assert hand.cells()
    assert hand.matches()
    assert page.locator("[data-view=tracks]").get_by_text(HOSTILE_ANNOTATION).count() == 1
    opened = hand.address()
    menu = page.get_by_label("Project", exact=True)
    menu.select_option("wordless")
    page.wait_for_url("**/?project=wordless")
    hand.rest()
    menu.select_option(HOSTILE_ID)
    page.wait_for_url("**&range=**")
    hand.rest()
    assert hand.address() == opened


def test_projects_of_one_name_are_told_apart_and_what_is_wrong_is_said_last(page):
    def change(route):
        response = route.fetch()
        entries = response.json()
        for entry in entries:
            if entry["project"] == "wordless":
                entry["info"]["name"] = "Parentheses"
            for source in entry["info"]["states"]["types"]:
                source["index_error"] = "no room on the disk"
        route.fulfill(response=response, json=entries)

    page.route(re.compile("/info"), change)
    open_projects(page)
    card = page.locator("[data-project=wordless]")
    assert card.inner_text().splitlines()[:3] == ["Parentheses", "", "wordless"]
    assert "no index for matching: no room on the disk" in card.inner_text()
    assert page.locator("[data-project]").last.get_attribute("data-project") == "broken"
    page.goto("/?project=parentheses")
    Hand(page).rest()
    options = page.get_by_label("Project", exact=True).locator("option")
    assert "Parentheses · wordless" in options.all_inner_texts()
    assert options.last.is_disabled()


def test_a_newcomer_is_told_where_to_begin(page):
    open_projects(page)
    page.locator("p", has_text="New here?").get_by_role("link").click()
    Hand(page).rest()
    assert "Drag over some words" in page.locator(".notice").inner_text()
    shown = page.locator("[data-view=words] [data-pos]").all_inner_texts()[:8]
    assert page.locator(".demonstrated").all_inner_texts() == shown


def test_what_is_said_of_a_project_can_be_read_where_it_is_explored(page, explore):
    page.set_viewport_size({"width": 800, "height": 600})
    hand = explore(pos=100, range="107,109")
    opener = page.get_by_role("button", name="About this project")
    box = page.get_by_role("region", name="About this project")
    assert not box.is_visible()
    opener.press("Enter")
    assert box.inner_text().split() == ["Parentheses", "Nested", "parentheses"]
    assert box.bounding_box()["y"] > opener.bounding_box()["y"]
    page.keyboard.press("Escape")
    box.wait_for(state="hidden")
    assert "range=107%2C109" in hand.address()
    opener.click()
    hand.brush(110, 111)
    assert not box.is_visible()
    assert "range=110%2C111" in hand.address()
    explore(project="h&o#s?t=i+l%e")
    assert not opener.is_visible()


def test_programs_find_every_part_by_its_name(explore, page):
    explore(pos=100, threshold=0.1, range="107,109", track=["kind", "depth"])
    views = page.locator("[data-view]").evaluate_all("all => all.map(view => view.dataset.view)")
    named = ["plot", "words", "brush", "tracks", "cells", "matches", "heatmap", "histogram", "search"]
    assert [name for name in named if name not in views] == []
    maps = page.locator("[data-view=heatmap]").evaluate_all("all => all.map(map => map.dataset.name)")
    assert maps == ["cell_count", "kind", "depth"]
    assert page.locator("[data-view=cells] [data-cell]").count() > 0
    ranks = page.locator("[data-view=matches] [data-rank][data-pos]").evaluate_all(
        "all => all.map(it => it.dataset.rank)"
    )
    assert ranks == [str(rank) for rank in range(50)]
    assert page.locator("[data-rank] [data-pos]").count() > 50


def test_the_address_holds_all_of_the_page(explore, page):
    query = {
        "source": "states::cell",
        "pos": 90,
        "width": 30,
        "threshold": 0.05,
        "range": "95,96",
        "off": "0,1",
        "sides": "both",
        "drop": "3",
        "track": ["loss", "top"],
        "length": "atLeast",
        "lengths": "2,4",
        "limit": 20,
        "colour": "meta_loss",
    }
    hand = explore(**query)
    first = hand.address()
    hand.press("ArrowRight", "ArrowLeft")
    assert hand.address() == first
    seen = hand.cells(), hand.matches()
    assert len(seen[1]) == 20
    page.reload()
    hand.rest()
    assert (hand.cells(), hand.matches()) == seen


@pytest.mark.parametrize(("typed", "pos"), [("0", 0), ("1,234", 1234), ("-5", 0), ("nonsense", 100)])
def test_a_position_can_be_typed(explore, typed, pos):
    hand = explore(pos=100)
    box = hand.page.get_by_label("Position", exact=True)
    box.fill(typed)
    box.press("Enter")
    box.blur()
    hand.rest()
    assert box.input_value() == f"{pos:,}"
    assert hand.page.locator("[data-view=words] [data-pos]").first.get_attribute("data-pos") == str(pos)


def go_by_typing(hand):
    box = hand.page.get_by_label("Position", exact=True)
    box.fill("9999999")
    box.press("Enter")
    hand.rest()


WAYS_BEYOND_THE_END = {
    "typed": ({"pos": 100}, go_by_typing),
    "by keys": ({"pos": 2990}, lambda hand: hand.press("Shift+ArrowRight", "Shift+ArrowRight")),
    "in the address": ({"pos": 9999999}, lambda hand: hand.rest()),
}


@pytest.mark.parametrize("way", WAYS_BEYOND_THE_END)
def test_the_last_window_is_full_and_nothing_beyond_it_is_asked_for(page, explore, way):
    refused = []
    page.on("response", lambda response: refused.append(response.url) if response.status >= 400 else None)
    query, go = WAYS_BEYOND_THE_END[way]
    hand = explore(**query)
    go(hand)
    words = [int(word.get_attribute("data-pos")) for word in page.locator("[data-view=words] [data-pos]").all()]
    gutter = page.locator("[data-view=words] .gutter").bounding_box()
    assert words == list(range(3000 - len(words), 3000))
    assert len(words) == (1400 - gutter["width"] - 14) // hand.column_width
    assert refused == []


def test_search_goes_to_what_it_finds(explore):
    hand = explore(pos=0)
    hand.press("/")
    hand.page.keyboard.type("((")
    hand.page.locator("[role=option]").nth(2).wait_for()
    hand.rest()
    place = int(hand.page.locator("[role=option]").nth(2).get_attribute("data-pos"))
    hand.press("ArrowDown", "ArrowDown", "ArrowDown", "Enter")
    assert [hand.word(pos).inner_text() for pos in (place, place + 1)] == ["(", "("]
    assert "hit" in hand.word(place).get_attribute("class").split()


def test_keys_typed_into_a_field_are_the_field_s(explore):
    hand = explore(pos=100, range="110,111")
    before = hand.address()
    hand.page.locator("input[name=search]").focus()
    hand.page.keyboard.type("u-=[]?")
    hand.press("Escape")
    assert hand.address() == before


def test_tokens_and_labels_are_only_ever_text(page, explore):
    hand = explore(project=HOSTILE_ID, pos=0, width=120, threshold=0.1, range="5,5", off="0,0")
    assert {word.inner_text() for word in page.locator("[data-view=words] [data-pos]").all()} <= set(HOSTILE_WORDS)
    assert page.locator(f"[data-view=heatmap][data-name='{HOSTILE_ANNOTATION}']").count() == 1
    assert hand.matches()
    hand.press("?")
    assert page.title() == "<i>hostile</i> · lstmvis"
    assert page.locator("img, [data-view] script").count() == 0


def test_a_project_without_words_still_has_matches(explore):
    hand = explore(project="wordless", pos=10, threshold=0.1, range="12,12", off="0,0")
    assert hand.cells()
    assert hand.matches()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"project": "nowhere"}, "no project “nowhere”"),
        ({"project": "broken"}, "gone.hdf5"),
        ({"source": "states::nothing"}, "no source “states::nothing”"),
    ],
)
def test_what_does_not_exist_is_said_with_a_way_on(explore, query, sentence):
    hand = explore(**query)
    notice = hand.page.locator(".notice")
    assert sentence in notice.inner_text()
    assert not hand.page.locator("[data-view=plot]").is_visible()
    assert not hand.page.get_by_label("Position", exact=True).is_visible()
    notice.get_by_role("link", name="All projects").click()
    hand.page.locator("[data-project]").first.wait_for()


def test_an_error_shows_the_server_s_words_and_can_be_tried_again(page, explore):
    sentence = "`activation` is out of sorts today."
    problem = {"status": 400, "json": {"title": "Bad Request", "detail": sentence, "status": 400}}
    page.route(re.compile("/match"), lambda route: route.fulfill(**problem))
    hand = explore(pos=100, range="110,111")
    assert sentence in page.locator(".notice").inner_text()
    page.unroute(re.compile("/match"))
    page.get_by_role("button", name="Try again").click()
    hand.rest()
    assert hand.matches()


def test_an_index_that_is_being_built_is_waited_for(page, explore):
    building = {
        "status": 503,
        "headers": {"Retry-After": "1"},
        "json": {"title": "Busy", "detail": "The match index is being built.", "status": 503, "progress": 0.4},
    }
    page.route(re.compile("/match"), lambda route: route.fulfill(**building))
    page.goto("/?project=parentheses&pos=100&range=110,111")
    progress = page.locator("progress")
    progress.wait_for()
    assert progress.get_attribute("value") == "0.4"
    page.unroute(re.compile("/match"))
    hand = Hand(page)
    hand.rest()
    assert hand.matches()


def test_an_overtaken_answer_is_never_shown(page, explore):
    hand = explore(pos=100, threshold=0.1, range="110,111")
    held = Held(page, "/match")
    with page.expect_request(re.compile("/match")) as asked:
        page.keyboard.press("-")
    assert page.locator("body").get_attribute("data-ready") == "false"
    with page.expect_event("requestfailed", lambda request: request == asked.value):
        page.keyboard.press("-")
    held.let_go()
    hand.rest()
    assert "threshold=0.08" in hand.address()
    shown = hand.matches()
    page.reload()
    hand.rest()
    assert hand.matches() == shown


@pytest.mark.parametrize("width", [800, 1100, 1900])
def test_nothing_hangs_over_the_edge(page, explore, width):
    page.set_viewport_size({"width": width, "height": 700})
    hand = explore(pos=100, threshold=0.1, range="107,109", track=["kind", "depth", "loss"])
    assert hand.matches()
    inner, scrolled = page.evaluate("[innerWidth, document.documentElement.scrollWidth]")
    assert scrolled <= inner
    for selector in (
        "[data-view=plot]",
        "[data-view=words]",
        "[data-view=cells]",
        "[data-view=matches]",
        "header > :last-child",
    ):
        box = page.locator(selector).bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width


def test_the_theme_is_kept(page, explore):
    explore(pos=0)
    theme = page.locator("html").get_attribute("data-theme")
    page.get_by_role("button", name="Light or dark").click()
    page.reload()
    Hand(page).rest()
    assert page.locator("html").get_attribute("data-theme") != theme


def test_nothing_is_asked_of_any_other_host(page, explore, address):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    explore(pos=100, range="107,109")
    assert asked
    assert all(url.startswith(address) for url in asked)


def test_the_page_keeps_to_a_strict_content_security_policy(page, explore):
    policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    def serve_strictly(route):
        response = route.fetch()
        route.fulfill(response=response, headers={**response.headers, "content-security-policy": policy})

    page.route(re.compile(r"/\?"), serve_strictly)
    hand = explore(pos=100, threshold=0.1, range="107,109", track=["kind", "top"])
    page.locator("[data-view=heatmap] canvas").first.hover()
    hand.press("?")
    assert hand.matches()
    assert complaints == []
