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


QUANTITIES = ["hidden", "cell", "input gate", "forget gate"]
GROUPS = [f"layer {layer} · encoder, {direction}" for layer in (1, 2) for direction in ("forward", "backward")]


def gates():
    """The sources of an encoder of two layers and directions, and of a decoder of another width."""

    def source(layer, kind, path, cells):
        place = {"layer": layer, "type": kind, "file": "states", "path": path, "size": [100, cells]}
        return {**place, "unsigned": False, "transform": "none"}

    encoder = [
        source(layer, f"encoder {quantity}, {direction}", f"encoder{layer}{direction}{quantity}", 16)
        for layer in (1, 2)
        for direction in ("forward", "backward")
        for quantity in QUANTITIES
    ]
    return [*encoder, *(source(1, f"decoder {quantity}", f"decoder{quantity}", 8) for quantity in QUANTITIES)]


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
    assert [text.split() for text in sources.all_inner_texts()] == [
        ["layer", str(layer), "cell", "·", "hidden"] for layer in (1, 2)
    ]
    assert card.inner_text().count("200 cells each") == 1
    link = sources.nth(1).get_by_role("link", name="layer 2 · cell").get_attribute("href")
    assert link == "?project=id-2&source=states%3A%3Alayer2%2Fcell"


def test_a_card_says_how_far_its_index_is_until_it_is_built(page):
    entries = [entry(1), entry(2)]
    source = entries[0]["info"]["states"]["types"][1]
    source["indexing"] = 0.421
    page.route(re.compile("/info"), lambda route: route.fulfill(json=entries))
    page.goto("/")
    said = page.locator("[data-project=id-1]").get_by_role("status").filter(has_text="index for matching")
    said.wait_for()
    assert said.inner_text() == "hidden: index for matching: 42 %, the rest works meanwhile"
    del source["indexing"]
    said.wait_for(state="detached")


@pytest.mark.parametrize("width", [800, 1400])
def test_many_sources_stand_by_module_layer_and_direction_each_group_with_its_size(open_with, width):
    page = open_with([entry(1, states={"types": gates()}), entry(2), entry(3)])
    page.set_viewport_size({"width": width, "height": 900})
    groups = page.locator("[data-project=id-1]").get_by_role("list", name="Sources").get_by_role("listitem")
    assert groups.locator(".group").all_inner_texts() == [*GROUPS, "layer 1 · decoder"]
    for group, size in zip(groups.all(), [*["16 cells"] * len(GROUPS), "8 cells"], strict=True):
        assert group.get_by_role("link").all_inner_texts() == QUANTITIES
        assert group.inner_text().count(size) == 1
        tops = [link.bounding_box()["y"] for link in group.get_by_role("link").all()]
        assert len(set(tops)) <= 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_menu_of_many_sources_has_a_heading_for_each_group(open_with):
    page = open_with([entry(1, states={"types": gates()}), entry(2)])
    page.goto("/?project=id-1&source=states%3A%3Aencoder2forwardcell")
    menu = page.get_by_label("Source")
    menu.locator("option").nth(1).wait_for(state="attached")
    assert menu.locator("optgroup").evaluate_all("all => all.map(it => it.label)") == [*GROUPS, "layer 1 · decoder"]
    assert menu.locator(":checked").inner_text() == "layer 2 · encoder cell, forward"
    page.goto("/?project=id-2")
    menu.locator("option").nth(1).wait_for(state="attached")
    assert menu.locator("option").count() == 4
    assert menu.locator("optgroup").count() == 0


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


OPENING = "source=states::layer2/cell&pos=70&range=75,80&track=part_of_speech"


def test_a_card_leads_to_the_view_with_which_its_project_opens(open_with):
    page = open_with([entry(1), entry(2, opening=OPENING), entry(3, opening=OPENING, error="Something is wrong.")])
    card = page.locator("[data-project=id-2]")
    links = [card.get_by_role("heading").get_by_role("link"), card.get_by_role("link", name="Start here")]
    assert [link.get_attribute("href") for link in links] == [f"?project=id-2&{OPENING}"] * 2
    source = card.get_by_role("link", name="layer 2 · cell").get_attribute("href")
    assert source == "?project=id-2&source=states%3A%3Alayer2%2Fcell"
    for other in ("id-1", "id-3"):
        assert page.locator(f"[data-project={other}]").get_by_role("link", name="Start here").count() == 0
    begin = page.locator("p", has_text="New here?")
    assert begin.get_by_role("link").get_attribute("href") == f"?project=id-2&{OPENING}"
    assert begin.inner_text() == (
        "New here? Begin with Project 2, where something is selected already, and drag over other words."
    )


@pytest.mark.parametrize("count", [1, 4, 30])
def test_nothing_hangs_over_the_edge_of_a_narrow_page(open_with, count):
    entries = thirty()[:count]
    entries[0]["info"] |= {"description": "x" * 500, "opening": OPENING}
    page = open_with(entries)
    page.set_viewport_size({"width": 800, "height": 600})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
