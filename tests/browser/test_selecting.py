"""Brushing, the threshold, the zero constraints, and the cells that follow from them."""

import re

import numpy as np
import pytest

from tests.browser.conftest import centre
from tests.browser.projects import CELLS, STARTS, nested_parentheses, stored_states

states = stored_states(nested_parentheses()[1]).astype(float)


def expected_cells(start, end, threshold=0.3, before=1, after=0, both=False):
    """The definition, step by step, on the stored values."""
    first = max(at for at in STARTS if at <= start)
    last = min([at for at in STARTS if at > start] or [len(states)])
    if end >= last:
        return []
    cut = np.arctanh(threshold)
    sides = np.hstack([states >= cut, states <= -cut]) if both else states >= cut
    fits = sides[start : end + 1].all(0)
    fits &= ~sides[max(first, start - before) : start].any(0)
    fits &= ~sides[end + 1 : min(last, end + 1 + after)].any(0)
    return np.flatnonzero(fits).tolist()


def test_dragging_over_words_selects_the_cells_that_fit(explore):
    hand = explore(pos=100)
    hand.brush(107, 109)
    assert hand.cells() == expected_cells(107, 109)
    assert hand.address() == "project=parentheses&pos=100&range=107%2C109"


def test_dragging_backwards_selects_the_same(explore):
    hand = explore(pos=100)
    hand.brush(109, 107)
    assert "range=107%2C109" in hand.address()


def test_cells_follow_while_the_button_is_still_down(explore):
    hand = explore(pos=100, threshold=0.1)
    hand.page.mouse.move(*centre(hand.word(105)))
    hand.page.mouse.down()
    for pos in range(105, 112):
        hand.page.mouse.move(*centre(hand.word(pos)))
        hand.rest()
        assert hand.cells() == expected_cells(105, pos, 0.1)
    hand.page.mouse.up()


@pytest.mark.parametrize("start", [0, 1, 249, 250, 251, 2999])
def test_ends_of_sequences_and_of_the_corpus_count_as_off(explore, start):
    hand = explore(pos=max(0, start - 20), threshold=0.1, range=f"{start},{start}", off="2,2")
    assert hand.cells() == expected_cells(start, start, 0.1, 2, 2)


def test_a_range_across_a_sequence_start_selects_nothing_and_says_so(explore):
    hand = explore(pos=240)
    hand.brush(248, 252)
    assert hand.cells() == []
    notice = hand.page.locator(".notice")
    assert "a sequence starts at position 250" in notice.inner_text()
    notice.get_by_role("button", name="End the range before it").click()
    hand.rest()
    assert "range=248%2C249" in hand.address()


def test_dragging_the_threshold_changes_it_in_hundredths(explore):
    hand = explore(pos=100, range="110,111")
    line = hand.page.get_by_role("slider", name="Threshold")
    box = line.bounding_box()
    at = (box["x"] + 300, box["y"] + box["height"] / 2)
    hand.drag(at, (at[0], at[1] - 40))
    threshold = float(line.get_attribute("aria-valuenow"))
    assert round(threshold, 2) == threshold > 0.3
    assert hand.cells() == expected_cells(110, 111, threshold)
    assert f"threshold={threshold}" in hand.address()


@pytest.mark.parametrize("threshold", ["0", "-0.4", "0.12345", "0.99"])
def test_any_threshold_can_be_typed(explore, threshold):
    hand = explore(pos=100, range="110,110")
    hand.field("threshold", threshold)
    assert hand.cells() == expected_cells(110, 110, float(threshold))
    assert f"threshold={threshold}" in hand.address()
    hand.page.reload()
    hand.rest()
    assert hand.cells() == expected_cells(110, 110, float(threshold))


def test_handles_change_the_range_and_both_constraints(explore):
    hand = explore(pos=100, threshold=0.1)
    hand.brush(107, 109)
    hand.drag_handle("from", -2)
    hand.drag_handle("to", 1)
    hand.drag_handle("before", -2)
    hand.drag_handle("after", 3)
    assert hand.address() == "project=parentheses&pos=100&threshold=0.1&range=105%2C110&off=3%2C3"
    assert hand.cells() == expected_cells(105, 110, 0.1, 3, 3)


def test_constraints_may_reach_beyond_what_is_loaded(explore):
    hand = explore(pos=100, threshold=0.1, range="110,110")
    hand.field("before", 2000)
    hand.field("after", 100000)
    assert hand.cells() == expected_cells(110, 110, 0.1, 2000, 100000)


def test_both_sides_number_the_negative_ones_after_all_cells(explore):
    hand = explore(pos=100, range="110,110")
    hand.page.get_by_role("switch", name="Both sides").click()
    hand.rest()
    cells = hand.cells()
    assert cells == expected_cells(110, 110, both=True)
    negative = next(cell for cell in cells if cell >= CELLS)
    assert hand.page.locator(f"[data-cell='{negative}']").inner_text() == f"{negative - CELLS}\N{MINUS SIGN}"


def test_both_sides_are_not_to_be_had_at_threshold_zero(explore):
    hand = explore(pos=100, range="110,110", sides="both", threshold=0.2)
    hand.field("threshold", 0)
    assert hand.page.get_by_role("switch", name="Both sides").is_disabled()
    assert hand.cells() == expected_cells(110, 110, 0)


def test_scrolling_away_keeps_the_selection(explore):
    hand = explore(pos=100)
    hand.brush(107, 109)
    before = hand.cells(), hand.matches()
    hand.press("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight")
    assert hand.word(107).count() == 0
    assert (hand.cells(), hand.matches()) == before


def test_a_page_opened_far_from_its_range_selects_the_same(explore):
    assert explore(pos=2500, range="107,109").cells() == expected_cells(107, 109)


def test_the_keyboard_does_what_the_mouse_does(explore):
    hand = explore(pos=100, range="107,109", threshold=0.2)
    hand.press("[", "]", "]", "}", "-", "=", "=", "ArrowRight")
    assert hand.address() == "project=parentheses&pos=101&threshold=0.21&range=106%2C110"
    assert hand.cells() == expected_cells(106, 110, 0.21)
    hand.press("u")
    assert "threshold=0.2&" in hand.address()
    hand.press("Escape")
    assert "range" not in hand.address()
    assert hand.cells() == []
    hand.press("u")
    assert "range=106%2C110" in hand.address()


def test_escape_calls_off_what_is_dragged(explore):
    hand = explore(pos=100, range="107,109")
    for start, end in [
        (centre(hand.word(112)), centre(hand.word(117))),
        (centre(hand.page.locator("[data-handle=to]")), centre(hand.word(117))),
        ((700, 150), (900, 150)),
    ]:
        mouse = hand.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(*end, steps=5)
        hand.press("Escape")
        mouse.move(*centre(hand.word(118)))
        mouse.up()
        hand.rest()
        assert hand.address() == "project=parentheses&pos=100&range=107%2C109"
    assert hand.page.get_by_role("button", name="undo").is_disabled()


def test_escape_stops_what_is_dragged_beyond_an_edge(explore):
    hand = explore(pos=100)
    mouse = hand.page.mouse
    mouse.move(*centre(hand.word(112)))
    mouse.down()
    mouse.move(1399, 300)
    hand.page.wait_for_function("() => new URLSearchParams(location.search).get('pos') > 101")
    hand.press("Escape")
    address = hand.address()
    assert "range" not in address
    hand.page.wait_for_timeout(300)
    assert hand.address() == address
    mouse.up()


@pytest.mark.parametrize("modifier", ["Control", "Meta"])
def test_steps_are_undone_and_redone_as_anywhere_else(explore, modifier):
    hand = explore(pos=100, range="107,109")
    undo = hand.page.get_by_role("button", name="undo")
    assert undo.is_disabled()
    hand.press("]", "]", f"{modifier}+z")
    assert "range=107%2C110" in hand.address()
    undo.click()
    hand.rest()
    assert "range=107%2C109" in hand.address()
    hand.press(f"{modifier}+Shift+z", f"{modifier}+y")
    assert "range=107%2C111" in hand.address()
    hand.press("u", "[", f"{modifier}+y")
    assert "range=106%2C110" in hand.address()


@pytest.mark.parametrize("side", [1, -1])
def test_the_view_comes_along_where_the_pointer_is_beyond_an_edge(explore, side):
    hand = explore(pos=1500)
    lane = hand.page.locator("[data-view=words] .lane").bounding_box()
    first = int(hand.page.locator("[data-view=words] [data-pos]").first.get_attribute("data-pos"))
    middle = lane["x"] + lane["width"] / 2
    edge = lane["x"] + lane["width"] - 2 if side > 0 else lane["x"] - 30
    mouse = hand.page.mouse
    mouse.move(middle, lane["y"] + 8)
    mouse.down()
    mouse.move(edge, lane["y"] + 8, steps=4)
    hand.page.wait_for_function(
        f"() => Math.abs(Number(new URLSearchParams(location.search).get('pos')) - {first}) >= 5"
    )
    mouse.up()
    hand.rest()
    shown = [int(word.get_attribute("data-pos")) for word in hand.page.locator("[data-view=words] [data-pos]").all()]
    assert (shown[0] - first) * side >= 5
    ends = re.search(r"range=(\d+)%2C(\d+)", hand.address())
    assert int(ends[2 if side > 0 else 1]) == pytest.approx(shown[-1] if side > 0 else shown[0], abs=1)


def test_a_range_out_of_view_is_brought_back_by_its_length(explore):
    hand = explore(pos=1000, range="107,109")
    hand.page.get_by_role("button", name="range of 3").click()
    hand.rest()
    assert hand.word(107).is_visible()
    assert hand.word(109).is_visible()
    assert hand.page.get_by_role("button", name="range of 3").is_disabled()


def test_a_gesture_is_undone_as_a_whole(explore):
    hand = explore(pos=100)
    hand.brush(105, 106)
    hand.brush(110, 118)
    hand.press("u")
    assert "range=105%2C106" in hand.address()


def test_a_gesture_that_ends_at_rest_can_be_undone_by_the_button(explore):
    hand = explore(pos=100, range="107,109")
    undo = hand.page.get_by_role("button", name="undo")
    mouse = hand.page.mouse
    mouse.move(*centre(hand.word(112)))
    mouse.down()
    mouse.move(*centre(hand.word(117)), steps=5)
    hand.rest()
    assert "range=112%2C117" in hand.address()
    assert undo.is_disabled()
    mouse.up()
    hand.rest()
    assert undo.is_enabled()
    undo.click()
    hand.rest()
    assert "range=107%2C109" in hand.address()
    assert undo.is_disabled()


def test_chips_drop_cells_and_pinned_cells_stay(explore):
    hand = explore(pos=100, range="110,110", threshold=0.1)
    first, second, *others = hand.cells()
    hand.page.locator(f"[data-cell='{first}']").click()
    hand.rest()
    assert hand.cells() == [second, *others]
    hand.page.get_by_role("button", name="pin", exact=True).click()
    hand.brush(130, 131)
    assert hand.cells() == [second, *others]
    hand.page.get_by_role("button", name="unpin").click()
    hand.rest()
    assert hand.cells() == expected_cells(130, 131, 0.1)


def test_pinning_holds_what_was_added_a_moment_before(explore):
    hand = explore(pos=100, range="110,110", threshold=0.1)
    before = hand.cells()
    added = next(cell for cell in range(len(before) + 1) if cell not in before)
    hand.page.evaluate(
        """cell => {
            const cells = document.querySelector("[data-view=cells]");
            const field = cells.querySelector("[name=cell]");
            field.value = cell;
            field.form.requestSubmit();
            [...cells.querySelectorAll("button")].find(button => button.textContent === "pin").click();
        }""",
        str(added),
    )
    hand.rest()
    assert hand.cells() == sorted([*before, added])


def test_another_range_lets_go_of_cells_that_only_following_a_match_has_pinned(explore):
    hand = explore(pos=100, range="107,109", threshold=0.1)
    follow = hand.page.locator("[data-rank] a").nth(5)
    start, *_ = hand.matches()[5]
    follow.click()
    hand.rest()
    hand.brush(start, start + 1)
    assert "cells=" not in hand.address()
    assert hand.cells() == expected_cells(start, start + 1, 0.1)

    hand.page.get_by_role("button", name="pin", exact=True).click()
    pinned = hand.cells()
    start, *_ = hand.matches()[5]
    follow.click()
    hand.rest()
    hand.brush(start, start + 1)
    assert hand.cells() == pinned


def test_cells_taken_out_are_counted_and_brought_back(explore):
    hand = explore(pos=100, range="110,110", threshold=0.1)
    cells = hand.cells()
    hand.page.locator(f"[data-cell='{cells[0]}']").click()
    hand.rest()
    assert hand.page.locator(".taken-out").inner_text().startswith("1 taken out")
    for cell in cells[1:]:
        hand.page.locator(f"[data-cell='{cell}']").click()
    hand.rest()
    assert "taken out by hand" in hand.page.locator(".notice").inner_text()
    hand.page.get_by_role("button", name="Bring them back").click()
    hand.rest()
    assert hand.cells() == cells
    assert not hand.page.locator(".taken-out").is_visible()


def test_where_no_cell_fits_the_page_says_what_would_admit_some(explore):
    hand = explore(pos=100, range="110,110", threshold=0.99)
    assert hand.cells() == []
    notice = hand.page.locator(".notice")
    assert "No cell fits" in notice.inner_text()
    notice.get_by_role("button").first.click()
    hand.rest()
    assert hand.cells() != []


def test_where_no_cell_fits_a_range_out_of_view_the_page_leads_to_it_and_says_why_there(explore):
    hand = explore(pos=2500, range="110,110")
    assert hand.cells() != []
    hand.field("threshold", 0.99)
    notice = hand.page.locator(".notice")
    assert "No cell fits at threshold 0.99. The range is out of view" in notice.inner_text()
    notice.get_by_role("button", name="Show the range").click()
    hand.rest()
    assert hand.word(110).is_visible()
    assert re.search("No cell fits.* but [0-9]+ cells? would", notice.inner_text())


def test_the_constraint_that_keeps_all_cells_out_is_named_and_can_be_lifted(explore):
    start = next(at for at in range(100, 200) if not expected_cells(at, at) and expected_cells(at, at, before=0))
    hand = explore(pos=start - 7, range=f"{start},{start}")
    notice = hand.page.locator(".notice")
    assert "but for “off before 1”" in notice.inner_text()
    notice.get_by_role("button", name="Leave that end free").click()
    hand.rest()
    assert hand.cells() == expected_cells(start, start, before=0)
    assert hand.page.locator("input[name=before]").input_value() == "0"


def test_a_source_without_tanh_is_selected_by_its_own_numbers(explore):
    hand = explore(pos=100, source="states::raw", threshold=0.5, range="110,111")
    on = states * 2 >= 0.5
    assert hand.cells() == np.flatnonzero(on[110] & on[111] & ~on[109]).tolist()


@pytest.mark.parametrize(
    ("typed", "said"),
    [("150", f"cells 0 to {CELLS - 1}"), ("abc", f"cells 0 to {CELLS - 1}"), ("7-", "needs sides ±")],
)
def test_a_cell_that_there_is_not_is_refused_beside_its_field(explore, typed, said):
    hand = explore(pos=100, range="107,109", threshold=0.1)
    before = hand.cells()
    field = hand.page.locator("input[name=cell]")
    field.fill(typed)
    field.press("Enter")
    assert hand.page.get_by_role("alert").inner_text() == said
    assert hand.cells() == before
    field.fill("7")
    assert hand.page.get_by_role("alert").inner_text() == ""


def test_the_steps_that_are_off_are_no_more_than_the_corpus_has(explore):
    hand = explore(pos=100, range="107,109", threshold=0.1)
    hand.field("before", 999999999)
    assert hand.page.locator("input[name=before]").input_value() == str(len(states) - 1)
    assert f"off={len(states) - 1}%2C0" in hand.address()
