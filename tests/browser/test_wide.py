"""What a thousand cells, long words and white space ask of the page."""

import re

import numpy as np
import pytest

from tests.browser.conftest import centre
from tests.browser.wide import CELLS, KINDS, LONGEST, STEPS

WHERE = {"project": "wide", "source": "states::cell"}
TRACKS = ["kind", "surprise", "top", "length"]
SELECTED = {"pos": 100, "range": "107,108", "threshold": 0.7}
EVERYTHING = {"pos": 100, "range": "107,107", "threshold": -0.99, "off": "0,0"}


@pytest.fixture
def address(wide_address):
    return wide_address


@pytest.fixture
def wide(explore):
    return lambda **parameters: explore(**{"project": "wide", "pos": 100, **parameters})


def ask(hand, endpoint, **parameters):
    answer = hand.page.request.get(f"/api/v2/{endpoint}", params={**WHERE, **parameters})
    return answer.json()["results"]


def activations(hand, start, end):
    """Cells x steps."""
    [states] = ask(hand, "context", pos=start, left=0, right=end - start, dims="states")["states"]
    return np.array(states["data"])


def selected_by_server(hand, start, end, threshold, **parameters):
    query = {"from": start, "to": end, "activation": threshold, "constraints": "1,0", **parameters}
    return ask(hand, "select", **query)["cells"]


def lane_of(hand, view="plot"):
    return hand.page.locator(f"[data-view={view}] .lane").bounding_box()


def place_of(hand, pos, activation):
    """Where on the screen an activation is drawn; the plot has room for -1 to 1 and 8 pixels above and below."""
    lane = lane_of(hand)
    first = int(hand.page.locator("[data-view=words] [data-pos]").first.get_attribute("data-pos"))
    x = lane["x"] + (pos - first + 0.5) * hand.column_width
    return x, lane["y"] + 8 + (1 - activation) / 2 * (lane["height"] - 16)


def turn(hand, by):
    """Turn the wheel, and wait until the page has been told."""
    hand.page.evaluate(
        "() => { window.turned = new Promise(resume => addEventListener('wheel', resume, {once: true})); }"
    )
    hand.page.mouse.wheel(0, by)
    hand.page.evaluate("async () => { await turned; }")


def count_of(hand):
    return int(hand.page.locator(".count").inner_text().split()[0].replace(",", ""))


# --- the cells


def test_even_the_outermost_of_a_thousand_cells_is_a_line(wide):
    hand = wide()
    values = activations(hand, 100, 110)
    inked = hand.page.locator("[data-view=plot] canvas").first.evaluate(
        """(canvas, places) => places.map(([x, y]) =>
            canvas.getContext("2d").getImageData(Math.floor(x), Math.floor(y) - 1, 1, 3).data.some(value => value > 0))
        """,
        [
            [x - lane_of(hand)["x"], y - lane_of(hand)["y"]]
            for pos in range(101, 110)
            for x, y in (place_of(hand, pos, extreme(values[:, pos - 100])) for extreme in (np.max, np.min))
        ],
    )
    assert all(inked)


@pytest.mark.parametrize("threshold", [0.9, 0.7, 0.3])
def test_the_cells_are_those_that_the_server_selects(wide, threshold):
    hand = wide(range="107,107", threshold=threshold)
    assert 3 < len(hand.cells()) < 60
    assert hand.cells() == selected_by_server(hand, 107, 107, threshold)
    assert hand.matches()


def test_few_cells_have_a_colour_each_that_line_and_chip_share(wide):
    hand = wide(**SELECTED)
    hues = [
        chip.evaluate("chip => chip.style.getPropertyValue('--hue')") for chip in hand.page.locator("[data-cell]").all()
    ]
    assert 3 <= len(set(hues)) == len(hand.cells()) <= 8


def test_a_thousand_selected_cells_are_listed_in_part_until_all_are_asked_for(wide):
    hand = wide(**EVERYTHING)
    selected = selected_by_server(hand, 107, 107, -0.99, constraints="0,0")
    assert count_of(hand) == len(selected) > 900
    assert hand.cells() == selected[:60]
    assert len(hand.matches()) == 50
    height = hand.page.locator("[data-view=cells]").bounding_box()["height"]
    tops = [chip.bounding_box()["y"] for chip in hand.page.locator("[data-cell]").all()]
    hand.page.get_by_role("button", name=f"+{len(selected) - tops.count(tops[0])}", exact=True).click()
    hand.rest()
    assert hand.cells() == selected
    assert hand.page.locator("[data-view=cells]").bounding_box()["height"] < height + 60
    hand.page.get_by_role("button", name="fewer").click()
    assert len(hand.cells()) == 60


@pytest.mark.parametrize("width", [800, 1400])
def test_nothing_moves_but_the_chips_themselves_while_cells_come_and_go(page, wide, width):
    page.set_viewport_size({"width": width, "height": 900})
    hand = wide(range="107,107", threshold=0.9)
    parts = [".actions", ".adder", ".summary", ".segments", ".summary .toggle", "[data-view=histogram]", ".maps"]
    places = {}
    for threshold in (0.9, 0.7, 0.3, 0.01):
        hand.field("threshold", threshold)
        boxes = [page.locator(part).first.bounding_box() for part in parts]
        places[len(hand.cells())] = [(box["x"], box["y"]) for box in boxes]
    assert len(places) == 4
    assert len(set(map(str, places.values()))) == 1


def test_pointing_at_a_line_names_its_cell_in_plot_and_list_at_once(wide):
    hand = wide(**EVERYTHING)
    values = activations(hand, 104, 104)[:, 0]
    cell = int(values.argmax())
    assert cell >= 60
    hand.page.mouse.move(*place_of(hand, 104, values[cell]))
    hand.rest()
    named = hand.page.locator(".cell-label").inner_text()
    assert re.fullmatch(rf"cell {cell} +{values[cell]:.3f}", named)
    chip = hand.page.locator("[data-cell].hover")
    assert chip.get_attribute("data-cell") == str(cell)
    outer, inner = hand.page.locator(".chips").bounding_box(), chip.bounding_box()
    assert outer["y"] <= inner["y"] <= outer["y"] + outer["height"] - inner["height"] + 1


def test_pointing_at_a_chip_names_its_cell_in_the_plot(wide):
    hand = wide(**SELECTED)
    cell = hand.cells()[2]
    hand.page.locator(f"[data-cell='{cell}']").hover()
    hand.rest()
    value = activations(hand, 107, 107)[cell, 0]
    assert hand.page.locator(".cell-label").inner_text() == f"cell {cell}  {value:.3f}"


def test_a_cell_is_put_in_by_its_number(wide):
    hand = wide(**SELECTED)
    before = hand.cells()
    assert 33 not in before
    hand.field("cell", 33)
    assert hand.cells() == sorted([*before, 33])
    assert "add=33" in hand.address()
    hand.field("cell", 33)
    assert 33 in hand.cells()
    for nonsense in ("1000", "-3", "seven"):
        hand.field("cell", nonsense)
        assert hand.page.get_by_role("alert").inner_text() == "cells 0 to 999"
        assert len(hand.cells()) == len(before) + 1


def test_both_sides_of_a_cell_can_be_had(wide):
    hand = wide(**SELECTED, sides="both")
    negative = [cell for cell in hand.cells() if cell >= CELLS]
    assert hand.cells() == selected_by_server(hand, 107, 108, 0.7, sides="both")
    assert negative
    assert hand.page.locator(".threshold.mirror").is_visible()
    hand.field("cell", "33-")
    assert CELLS + 33 in hand.cells()
    hand.page.locator(f"[data-cell='{CELLS + 33}']").click()
    hand.rest()
    assert CELLS + 33 not in hand.cells()


def test_a_click_on_a_line_puts_its_cell_in_or_takes_it_out(wide):
    hand = wide(**SELECTED)
    values = activations(hand, 104, 104)[:, 0]
    cell = int(values.argmin())
    for selected in (True, False):
        hand.page.mouse.click(*place_of(hand, 104, values[cell]))
        hand.rest()
        assert (cell in hand.cells()) is selected


# --- brush and threshold


def test_words_are_shaded_by_how_many_of_the_cells_are_on(wide):
    hand = wide(**SELECTED)
    cells = hand.cells()
    counts = ask(
        hand, "context", pos=100, left=0, right=10, dims="cell_count", activation=0.7, cells=",".join(map(str, cells))
    )
    shades = [float(hand.word(pos).evaluate("word => word.style.getPropertyValue('--on')")) for pos in range(100, 111)]
    assert shades == pytest.approx([count / len(cells) for count in counts["cell_count"][0]])
    assert len(set(shades)) > 2


def test_handles_give_the_constraints_any_width(wide):
    hand = wide(threshold=0.3)
    hand.brush(107, 108)
    hand.drag_handle("before", -2)
    hand.drag_handle("after", 4)
    assert "off=3%2C4" in hand.address()
    assert count_of(hand) == len(selected_by_server(hand, 107, 108, 0.3, constraints="3,4"))
    hand.drag_handle("before", 3)
    hand.drag_handle("after", -4)
    assert "off=0%2C0" in hand.address()


def test_cells_follow_the_threshold_while_it_is_dragged(wide):
    hand = wide(range="107,107")
    line = hand.page.get_by_role("slider", name="Threshold")
    mouse = hand.page.mouse
    x, _ = centre(line)
    mouse.move(*centre(line))
    mouse.down()
    for activation in (0.5, 0.62, 0.8):
        mouse.move(x, place_of(hand, 100, activation)[1])
        hand.rest()
        threshold = float(line.get_attribute("aria-valuenow"))
        assert threshold == pytest.approx(activation, abs=0.011)
        assert hand.cells() == selected_by_server(hand, 107, 107, threshold)
    mouse.up()


# --- words and columns


def test_white_space_is_written_as_signs(wide):
    hand = wide(width=48)
    window = ask(hand, "context", pos=100, left=0, right=20, dims="words")["words"][0]["words"]
    assert {" ", "\n", "\t"} <= set(window)
    signs = {" ": "␣", "\n": "⏎", "\t": "⇥"}
    shown = [hand.word(pos).inner_text() for pos in range(100, 121)]
    assert shown == [signs.get(word, word) for word in window]


def test_all_kinds_of_annotations_stand_under_their_words(wide):
    hand = wide(track=TRACKS)
    dims = ",".join(["words", *(f"meta_{name}" for name in TRACKS)])
    results = ask(hand, "context", pos=100, left=0, right=10, dims=dims)
    words = results["words"][0]["words"]
    for step, pos in enumerate(range(100, 111)):
        kind, surprise, _, length = (
            hand.page.locator(f"[data-view=tracks] [data-name={name}] [data-pos='{pos}']").inner_text()
            for name in TRACKS
        )
        assert kind == results["meta_kind"][0][step]
        assert kind in KINDS
        assert float(surprise) == pytest.approx(results["meta_surprise"][0][step], abs=0.051)
        assert length == str(len(words[step]))
        hand.page.mouse.move(*centre(hand.page.locator(f"[data-view=tracks] [data-name=top] [data-pos='{pos}']")))
        assert len(hand.page.locator(".tooltip").inner_text().splitlines()) == 3


def test_columns_never_become_too_narrow_to_read_and_the_page_never_wider(wide):
    hand = wide(width=8)
    assert hand.column_width == 32
    hand.page.get_by_role("button", name="Narrower columns").click()
    hand.rest()
    assert hand.column_width == 32
    for _ in range(12):
        hand.page.get_by_role("button", name="Wider columns").click()
    hand.rest()
    assert hand.column_width == 200
    scrolled, inner = hand.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert scrolled == inner


def test_a_long_word_ends_in_an_ellipsis_and_is_whole_on_hover(wide):
    found = wide().page.request.get("/api/v2/search", params={"project": "wide", "q": LONGEST}).json()["res"]
    at = found[0]["index"]
    word = wide(pos=at).word(at)
    style = word.evaluate(
        "word => [word.scrollWidth > word.clientWidth, getComputedStyle(word).textOverflow, word.textContent]"
    )
    assert style == [True, "ellipsis", LONGEST]
    assert word.get_attribute("title").startswith(LONGEST)
    assert len(LONGEST) == 60


def test_the_wheel_with_control_zooms_around_the_pointer(wide):
    hand = wide()
    before = hand.column_width
    x, y = centre(hand.word(108))
    hand.page.mouse.move(x, y)
    hand.page.keyboard.down("Control")
    turn(hand, -300)
    hand.page.keyboard.up("Control")
    hand.rest()
    assert hand.column_width > before
    box = hand.word(108).bounding_box()
    assert box["x"] - hand.column_width <= x <= box["x"] + 2 * hand.column_width


def test_dragging_the_numbers_takes_the_text_along(wide):
    hand = wide(pos=500)
    axis = hand.page.locator(".axis .lane").bounding_box()
    x, y = axis["x"] + 600, axis["y"] + 8
    hand.drag((x, y), (x - 5 * hand.column_width, y))
    assert "pos=505" in hand.address()


@pytest.mark.parametrize("key", ["Shift+ArrowRight", "Shift+ArrowLeft"])
def test_a_screen_of_neighbours_is_there_before_one_comes_to_it(page, wide, key):
    hand = wide(pos=5000)
    words = page.locator("[data-view=words] [data-pos]")
    columns = words.count()
    page.route("**/api/**", lambda route: None)
    page.keyboard.press(key)
    first = 5000 + columns * (1 if key == "Shift+ArrowRight" else -1)
    hand.word(first).wait_for()
    assert [int(word.get_attribute("data-pos")) for word in words.all()] == list(range(first, first + columns))
    assert "" not in words.all_inner_texts()


def test_the_wheel_pans_by_whole_columns_and_keeps_the_rest_of_a_turn(wide):
    hand = wide(pos=5000)
    hand.page.mouse.move(*centre(hand.word(5003)))
    for _ in range(4):
        turn(hand, hand.column_width / 2)
    hand.rest()
    assert "pos=5002" in hand.address()


def test_the_last_of_very_many_positions_can_be_reached(wide):
    hand = wide(pos=STEPS, width=40)
    assert hand.word(STEPS - 1).is_visible()


# --- small pages


def test_the_matches_can_be_reached_on_a_small_page_with_four_tracks(page, wide):
    page.set_viewport_size({"width": 800, "height": 600})
    hand = wide(**SELECTED, track=TRACKS)
    assert len(hand.matches()) == 50
    assert page.evaluate("document.querySelector('main').scrollTop") == 0
    rows = [page.locator(f"[data-rank='{rank}']").bounding_box() for rank in range(5)]
    assert all(row["y"] + row["height"] <= 600 for row in rows)
    page.mouse.move(*centre(page.locator("[data-rank]").first))
    page.mouse.wheel(0, 5000)
    last = "document.querySelector('[data-rank=\"49\"]')"
    page.wait_for_function(f"() => {last}.getBoundingClientRect().bottom < innerHeight")


def test_the_invitation_has_room_on_a_small_page_with_wide_columns(page, wide):
    page.set_viewport_size({"width": 800, "height": 600})
    hand = wide(width=200)
    edges = [token.bounding_box() for token in hand.page.locator(".demonstrated").all()]
    assert len(edges) == 8
    assert max(box["x"] + box["width"] for box in edges) <= 800
    assert page.evaluate("document.documentElement.scrollWidth") == 800


def test_everything_the_hand_did_is_undone_and_redone_by_buttons(wide):
    hand = wide(threshold=0.7)
    undo, redo = (hand.page.get_by_role("button", name=name, exact=True) for name in ("undo", "redo"))
    assert undo.is_disabled()
    assert redo.is_disabled()
    hand.brush(107, 108)
    hand.field("cell", 33)
    hand.page.get_by_role("button", name="pin", exact=True).click()
    hand.page.get_by_role("button", name="clear").click()
    hand.rest()
    assert hand.cells() == []
    steps = [hand.address()]
    while undo.is_enabled():
        undo.click()
        hand.rest()
        steps.append(hand.address())
    assert len(steps) == 5
    for address in reversed(steps[:-1]):
        redo.click()
        hand.rest()
        assert hand.address() == address
    assert redo.is_disabled()


# --- taken away


def test_a_copied_link_keeps_the_columns_as_wide_as_they_are(page, wide, address):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    widths = {wide(pos=pos).column_width: pos for pos in (40, 20_000, 50_000, 70_000)}
    narrowest, widest = min(widths), max(widths)
    assert narrowest < widest
    hand = wide(pos=widths[widest])
    hand.page.locator("input[name=position]").fill(str(widths[narrowest]))
    hand.press("Enter")
    page.get_by_role("button", name="Export").click()
    page.get_by_role("menuitem", name="Copy link").click()
    page.get_by_text("The link is copied.").wait_for()
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    hand.rest()
    assert hand.word(widths[narrowest]).is_visible()
    assert hand.column_width == widest
