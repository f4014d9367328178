"""The page of all projects: what each is, and how one is found among many."""

import re

import pytest

from tests.browser.conftest import Hand

LONG = "A sentence about the corpus. " * 30
MANY_ANNOTATIONS = [f"annotation {n}" for n in range(20)]


def entry(number, **info):
    types = [
        {
            "layer": layer,
            "type": kind,
            "file": "states",
            "path": f"layer{layer}/{kind}",
            "size": [100_000, 200],
            "unsigned": False,
            "transform": "tanh",
        }
        for layer in (1, 2)
        for kind in ("cell", "hidden")
    ]
    described = {
        "name": f"Project {number}",
        "description": f"Texts of author {number}",
        "index": True,
        "is_searchable": number % 2 == 0,
        "word_sequence": {"size": [100_000], "dict_size": 1234},
        "states": {"types": types},
        "meta": {"part_of_speech": {}},
        "etc": {},
    }
    return {"project": f"id-{number}", "info": {**described, **info}}


@pytest.fixture
def open_with(page):
    """Open the page as it is with these projects."""

    def open_page(entries):
        page.route(re.compile("/info"), lambda route: route.fulfill(json=entries))
        page.goto("/")
        Hand(page).rest()
        return page

    return open_page


def thirty():
    entries = [entry(number) for number in range(30)]
    entries[3] = entry(3, error="There is no file gone.hdf5.", states={"types": []}, meta=[])
    entries[4] = entry(4, name="Wall Street Journal", description=LONG, meta={name: {} for name in MANY_ANNOTATIONS})
    return entries


def shown(page):
    return [card.get_attribute("data-project") for card in page.locator("[data-project]").all() if card.is_visible()]


def test_a_card_says_what_the_project_is(open_with):
    page = open_with([entry(1), entry(2)])
    card = page.locator("[data-project=id-2]")
    for fact in ("Project 2", "Texts of author 2", "100,000 tokens", "1,234 in the vocabulary", "part_of_speech"):
        assert fact in card.inner_text()
    assert "· searchable" in card.inner_text()
    assert "not searchable" in page.locator("[data-project=id-1]").inner_text()
    sources = card.get_by_role("list", name="Sources").get_by_role("listitem")
    assert sources.all_inner_texts()[2].split("\n")[0] == "layer 2 · cell"
    assert "200 cells" in sources.all_inner_texts()[2]
    link = sources.nth(2).get_by_role("link").get_attribute("href")
    assert link == "?project=id-2&source=states%3A%3Alayer2%2Fcell"


def test_what_is_long_is_shown_in_part_until_asked_for(open_with):
    page = open_with(thirty())
    card = page.locator("[data-project=id-4]")
    short = card.bounding_box()["height"]
    assert LONG.strip() not in card.inner_text()
    assert card.get_by_role("list", name="Annotations").get_by_role("listitem").count() == 9
    card.get_by_role("button", name="more", exact=True).click()
    card.get_by_role("button", name="12 more annotations").click()
    assert LONG.strip() in card.inner_text()
    assert card.bounding_box()["height"] > short
    assert card.get_by_role("list", name="Annotations").get_by_role("listitem").all_inner_texts() == MANY_ANNOTATIONS


def test_many_projects_are_filtered_by_all_that_is_said_of_them(open_with):
    page = open_with(thirty())
    field = page.get_by_label("Filter the projects")
    count = page.get_by_role("status").first
    assert count.inner_text() == "30 projects"
    for query, found in [
        ("wall street", ["id-4"]),
        ("WALL annotation", ["id-4"]),
        ("author 17", ["id-17"]),
        ("id-3", ["id-3"]),
        ("annotation 19", ["id-4"]),
    ]:
        field.fill(query)
        assert [project for project in shown(page) if project in found] == found
        assert count.inner_text() == f"{len(shown(page))} of 30 projects"
    assert shown(page) == ["id-4"]
    field.fill("nowhere <b>")
    assert shown(page) == []
    assert "No project has “nowhere <b>”" in page.locator("main").inner_text()
    page.get_by_role("button", name="Show all").click()
    assert len(shown(page)) == 30
    assert "gone.hdf5" in page.locator("[data-project]").last.inner_text()


def test_the_filter_is_reached_and_left_with_the_keys(open_with):
    page = open_with(thirty())
    page.keyboard.press("/")
    page.keyboard.type("wall/")
    assert page.locator("[name=filter]").input_value() == "wall/"
    page.keyboard.press("Escape")
    assert len(shown(page)) == 30


def test_few_projects_need_no_filter_and_a_newcomer_is_told_how_it_goes(open_with):
    page = open_with([entry(number) for number in range(8)])
    assert page.locator("[name=filter]").count() == 0
    assert page.locator(".steps li").count() == 3
    assert page.locator("p", has_text="New here?").get_by_role("link").inner_text() == "Project 0"


@pytest.mark.parametrize("count", [1, 4, 30])
def test_nothing_hangs_over_the_edge_of_a_narrow_page(open_with, count):
    entries = thirty()[:count]
    entries[0]["info"]["description"] = "x" * 500
    page = open_with(entries)
    page.set_viewport_size({"width": 800, "height": 600})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
