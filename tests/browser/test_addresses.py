"""Addresses that LSTMVis's page had, and addresses that nothing ever had."""

from urllib.parse import quote

import pytest

from tests.browser.conftest import Hand


@pytest.fixture
def open_old(page):
    """Open an address as LSTMVis's page writes it, with JavaScript's encodeURI."""

    def open_page(page_name="lstmvis.html", **parameters):
        given = {"project": "parentheses", "source": "states::cell", **parameters}
        listed = {
            name: ".." + ",".join(map(str, value)) if isinstance(value, list) else value
            for name, value in given.items()
        }
        query = "&".join(f"{name}={quote(str(value), safe=';/?:@&=+$,#-_.!~*()')}" for name, value in listed.items())
        page.goto(f"/client/{page_name}?{query}")
        hand = Hand(page)
        hand.rest()
        return hand

    return open_page


def test_the_page_opens_at_the_same_words(open_old, page):
    for pos, first in [(100, 97), (2, 0), (0, 0), (-5, 0)]:
        hand = open_old(pos=pos)
        assert hand.word(first).bounding_box()["x"] == page.locator("[data-view=words] .lane").bounding_box()["x"]
    assert page.get_by_label("Source").locator(":checked").inner_text() == "layer 1 · cell"


def test_the_same_words_are_brushed_and_the_same_cells_on(open_old, page):
    hand = open_old(pos=100, activation=0.1, wordBrush=[13, 15], wordBrushZero=[0, 2])
    left, right = hand.word(110).bounding_box(), hand.word(111).bounding_box()
    bar = page.locator(".range-bar").bounding_box()
    assert bar["x"] == left["x"]
    assert bar["x"] + bar["width"] == right["x"] + right["width"]
    assert page.locator("input[name=threshold]").input_value() == "0.1"
    assert [page.locator(f"input[name={end}]").input_value() for end in ("before", "after")] == ["0", "2"]
    shown = hand.cells()
    query = {"project": "parentheses", "source": "states::cell", "activation": 0.1, "from": 110, "to": 111}
    answer = page.request.get("/api/v2/select", params={**query, "constraints": "0,2"}).json()
    assert shown == answer["results"]["cells"]


def test_the_cells_of_the_address_are_selected_with_and_without_a_brush(open_old, page):
    assert open_old(sc=[3, 17], activation=0.1).cells() == [3, 17]
    assert open_old(sc=[17, 3], wordBrush=[13, 15], activation=0.1).cells() == [3, 17]
    assert page.get_by_role("button", name="unpin").is_visible()


def test_tracks_and_the_width_of_a_column_are_kept(open_old, page):
    hand = open_old(meta=["depth", "kind"], cw=40)
    tracks = page.locator("[data-view=tracks] .track")
    assert [track.get_attribute("data-name") for track in tracks.all()] == ["depth", "kind"]
    assert hand.column_width == 40
    assert open_old(cw=5, meta=[]).column_width == 7
    assert tracks.count() == 0


def test_a_source_without_tanh_and_a_threshold_of_zero(open_old, page):
    open_old(source="states::raw", activation=0)
    assert page.get_by_label("Source").locator(":checked").inner_text() == "layer 1 · raw"
    assert page.locator("input[name=threshold]").input_value() == "0"


def test_what_cannot_be_translated_is_left_out_and_its_list_of_projects_is_ours(open_old, page):
    hand = open_old("index.html", wordBrush="null", wordBrushZero="null", meta=["nothing"], activation="x", sc="..a")
    assert hand.cells() == []
    assert "Drag over some words" in page.locator(".notice").inner_text()
    page.goto("/client/index.html")
    hand.rest()
    assert page.locator("[data-project]").count() > 1


def test_numbers_far_from_anything_become_what_the_page_can_show(explore, page):
    explore(source="states::cell", threshold=1, range="107,109")
    assert page.locator("input[name=threshold]").input_value() == "0.99"
    assert explore(source="states::raw", threshold=1e300, range="107,109").cells() == []
    assert "No cell fits" in page.locator(".notice").inner_text()
    assert explore(range="107,109", off="9007199254740991,9007199254740991").cells() == []
    hand = explore(pos=9007199254740991, range="0,9007199254740991", cells="5,999999,5,3", track=["kind", "kind"])
    assert hand.cells() == [3, 5]
    assert "range=0%2C2999" in hand.address()
    assert page.locator("[data-view=tracks] .track").count() == 1


def test_a_threshold_that_a_source_cannot_have_becomes_the_nearest_one(explore, page):
    hand = explore(source="states::raw", threshold=1.2, range="107,109")
    page.get_by_label("Source").select_option("states::cell")
    hand.rest()
    assert page.locator("input[name=threshold]").input_value() == "0.99"
    assert "Parameter" not in page.locator(".notice").inner_text()


def test_what_of_an_address_does_not_fit_is_said_until_it_is_closed(explore, page):
    said = page.locator(".misfits")
    address = {"threshold": 0.1, "range": "107,109", "track": "kind", "colour": "meta_kind"}
    assert explore(**address).cells() != []
    assert not said.is_visible()

    tracks = ["gone", "kind"]
    hand = explore(pos=90, range="5007,5009", track=tracks, colour="meta_lost", off="x", drop="999999")
    assert said.inner_text().splitlines()[0] == (
        "Not all of this address fits: “off=x” cannot be read; "
        "the range from 5,007 to 5,009 lies beyond the end, the corpus has 3,000 positions; "
        "there is no cell 999999, the source has 24 cells; "
        "there is no annotation “gone”; there is no annotation “lost”."
    )
    assert hand.address() == "project=parentheses&pos=90&drop=999999&track=kind"
    hand.brush(95, 96)
    assert said.is_visible()
    said.get_by_role("button", name="Close").click()
    assert not said.is_visible()

    explore(track=["gone"], threshold=1)
    assert "no annotation “gone”; no cell reaches a threshold of 1, it is 0.99 instead" in said.inner_text()
    assert page.locator("[data-view=tracks] .track").get_attribute("data-name") == "kind"


def test_a_path_that_does_not_exist_says_so_and_leads_to_the_projects(page):
    for path in ("/nothing", "/client/deeper/<b>nothing</b>"):
        assert page.goto(path).status == 404
        assert "There is no page at" in page.locator("body").inner_text()
        assert path in page.locator("body").inner_text()
        page.get_by_role("link", name="All projects").click()
        page.locator("[data-project]").first.wait_for()
