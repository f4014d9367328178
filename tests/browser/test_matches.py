"""The matches: which ones, where they stand, how they are coloured and filtered."""

import re

import numpy as np
import pytest

from tests.browser.conftest import Hand, Held, centre, read_map

SELECTED = {"pos": 100, "range": "107,109", "threshold": 0.1}


def answer(hand, **parameters):
    """What the API says to the selection that the page shows."""
    query = {
        "project": "parentheses",
        "source": "states::cell",
        "cells": ",".join(map(str, hand.cells())),
        "activation": 0.1,
        **parameters,
    }
    return hand.page.request.get("/api/v2/match", params=query).json()["results"]


def rows_of(results, selected):
    return [
        (int(row["pos"]), f"{row['factors'][6]:.0f}/{selected}", int(row["factors"][2]))
        for row in results["rankingDetail"]
    ]


def test_rows_are_the_matches_of_the_api_in_their_order(explore):
    hand = explore(**SELECTED)
    results = answer(hand)
    assert len(hand.matches()) == 50
    assert hand.matches() == rows_of(results, len(hand.cells()))
    all_cells, any_cell = results["counts"][-1], sum(results["counts"])
    totals = hand.page.locator(".totals").inner_text()
    assert totals == f"{all_cells:,} matches with all {len(hand.cells())} cells · {any_cell:,} with any"


def test_every_match_starts_below_the_range(explore):
    hand = explore(**SELECTED)
    column = hand.word(107).bounding_box()["x"]
    for row in hand.page.locator("[data-rank]").all()[:10]:
        start = row.get_attribute("data-pos")
        assert row.locator(f"[data-pos='{start}']").bounding_box()["x"] == pytest.approx(column, abs=0.6)


@pytest.mark.parametrize("pos", [60, 107, 400])
def test_matches_keep_their_words_in_view_wherever_the_range_is(explore, pos):
    hand = explore(**SELECTED | {"pos": pos})
    row = hand.page.locator("[data-rank]").nth(3)
    lane = row.locator(".lane").bounding_box()
    start = row.locator(f"[data-pos='{row.get_attribute('data-pos')}']").bounding_box()
    before = start["x"] - lane["x"]
    assert 4 * hand.column_width <= before <= 0.4 * lane["width"]


def test_the_legend_of_the_cells_on_is_a_bar_however_many_there_are(explore):
    heights = set()
    for threshold in (0.1, 0.6, 0.8):
        hand = explore(**SELECTED | {"threshold": threshold})
        legend = hand.page.locator("[data-name=cell_count] .legend")
        assert legend.locator(".ramp").count() == 1
        heights.add(legend.bounding_box()["height"])
    assert len(heights) == 1


def test_matches_show_the_words_around_them(explore):
    hand = explore(**SELECTED)
    row = hand.page.locator("[data-rank]").nth(3)
    start = int(row.get_attribute("data-pos"))
    params = {"project": "parentheses", "source": "states::cell", "pos": start, "left": 2, "right": 8, "dims": "words"}
    words = hand.page.request.get("/api/v2/context", params=params).json()["results"]["words"][0]["words"]
    shown = [row.locator(f"[data-pos='{pos}']").inner_text() for pos in range(start - 2, start + 9)]
    assert shown == words


def others_of(results, selected):
    return [int(row["factors"][5]) - selected for row in results["rankingDetail"]]


def test_the_range_of_each_match_is_marked_on_its_words(explore):
    hand = explore(**SELECTED)
    for row, (start, _, length) in zip(hand.page.locator("[data-rank]").all()[:8], hand.matches(), strict=False):
        marked = row.locator(".token.in")
        assert [int(token.get_attribute("data-pos")) for token in marked.all()] == list(range(start, start + length))
        assert row.locator(".token.last").get_attribute("data-pos") == str(start + length - 1)


def test_matches_follow_while_the_button_is_still_down(explore):
    hand = explore(pos=100, threshold=0.1)
    mouse = hand.page.mouse
    mouse.move(*centre(hand.word(107)))
    mouse.down()
    seen = []
    for pos in (107, 108, 109):
        mouse.move(*centre(hand.word(pos)))
        hand.rest()
        assert hand.matches() == rows_of(answer(hand), len(hand.cells()))
        seen.append(hand.matches())
    line = hand.page.get_by_role("slider", name="Threshold")
    mouse.up()
    x, y = centre(line)
    mouse.move(x, y)
    mouse.down()
    mouse.move(x, y - 20)
    hand.rest()
    assert hand.matches() == rows_of(answer(hand, activation=line.get_attribute("aria-valuenow")), len(hand.cells()))
    assert hand.matches() != seen[-1]
    mouse.up()


def test_a_column_that_is_pointed_at_is_marked_in_plot_words_and_tracks(explore):
    hand = explore(**SELECTED, track=["kind", "depth"])
    column = hand.word(112).bounding_box()
    for view in ("plot", "words", "tracks"):
        hand.page.mouse.move(5, 5)
        lane = hand.page.locator(f"[data-view={view}] .lane").last.bounding_box()
        hand.page.mouse.move(column["x"] + 5, lane["y"] + 5)
        hand.rest()
        assert hand.page.locator(".column-mark").bounding_box()["x"] == pytest.approx(column["x"], abs=0.6)
        marked = hand.page.locator(".selection .token.hover")
        assert [token.get_attribute("data-pos") for token in marked.all()] == ["112"] * 3


def test_rows_say_how_many_other_cells_join_in(explore):
    hand = explore(pos=100, threshold=0.1, cells="7,21", limit=200)
    shown = [int(text) for text in hand.page.locator("[data-rank] .others").all_inner_texts()]
    assert shown == others_of(answer(hand, limit=200), len(hand.cells()))
    assert len(set(shown)) > 1
    ranks = hand.page.locator("[data-rank] .rank").all_inner_texts()
    assert ranks == [str(rank) for rank in range(1, len(shown) + 1)]


# What the list was like whenever the page said that it is ready: rows, those with words in them, and whether it waits.
WATCH = """
window.seen = [];
new MutationObserver(() => {
    if (document.body?.dataset.ready !== "true") return;
    const list = document.querySelector(".match-rows");
    const rows = [...list.querySelectorAll("[data-rank]")];
    seen.push([rows.length, rows.filter(row => row.querySelector("[data-pos]")).length, list.dataset.stale]);
}).observe(document, {subtree: true, attributes: true, attributeFilter: ["data-ready"]});
"""
# One kind of answer comes after all the others.
LATE = """
const soon = window.fetch;
window.fetch = async (address, options) => {
    if (address.includes("/%s?")) await new Promise(resume => setTimeout(resume, 100));
    return soon(address, options);
};
"""


@pytest.mark.parametrize("late", ["cuts", "states", "context", "match"])
def test_the_page_is_ready_only_when_the_newest_matches_are_all_drawn(page, explore, late):
    page.add_init_script(WATCH)
    page.add_init_script(LATE % late)
    hand = explore(pos=100, threshold=0.1, cells="7,21", limit=60)
    hand.press("=")
    hand.press("ArrowRight")
    seen = page.evaluate("seen")
    assert len(seen) >= 3
    assert {tuple(entry) for entry in seen} == {(60, 60, "false")}


def test_a_link_opens_the_place_with_the_same_cells_and_back_leads_back(explore):
    hand = explore(**SELECTED)
    before, cells, rows = hand.address(), hand.cells(), hand.matches()
    link = hand.page.locator("[data-rank] a").nth(5)
    start, _, length = rows[5]
    target = link.get_attribute("href")
    link.click()
    hand.rest()
    assert f"?{hand.address()}" == target
    assert f"range={start}%2C{start + length - 1}" in hand.address()
    assert (hand.cells(), hand.matches()) == (cells, rows)
    assert hand.page.locator("[data-view=cells] .count").inner_text() == f"{len(cells)} cells, pinned"
    assert hand.page.locator("[aria-current]").get_attribute("data-pos") == str(start)
    hand.page.go_back()
    hand.rest()
    assert hand.address() == before


def test_a_place_that_was_opened_lets_the_cells_follow_the_range_again(explore):
    hand = explore(**SELECTED | {"drop": "10"})
    cells = hand.cells()
    hand.page.locator("[data-rank] a").nth(5).click()
    hand.rest()
    assert hand.cells() == cells
    hand.page.get_by_role("button", name="unpin").click()
    hand.rest()
    assert "cells=" not in hand.address()
    assert 10 in hand.cells()


def test_back_leads_to_all_that_was_chosen_the_moment_before_a_jump(explore):
    hand = explore(**SELECTED)
    threshold = hand.page.locator("input[name=threshold]")
    before = float(threshold.input_value())
    hand.page.evaluate(
        """() => {
            document.dispatchEvent(new KeyboardEvent("keydown", {key: "="}));
            const field = document.querySelector("input[name=position]");
            field.value = "50";
            field.form.requestSubmit();
        }"""
    )
    hand.rest()
    hand.page.go_back()
    hand.rest()
    assert float(threshold.input_value()) == pytest.approx(before + 0.01)


def test_a_link_opens_the_place_in_another_tab_with_the_same_cells(explore):
    hand = explore(**SELECTED | {"drop": "10"})
    with hand.page.context.expect_page() as opened:
        hand.page.locator("[data-rank] a").nth(5).click(modifiers=["Control"])
    other = Hand(opened.value)
    other.rest()
    assert (other.cells(), other.matches()) == (hand.cells(), hand.matches())
    assert f"range={hand.matches()[5][0]}" in other.address()


def test_lengths_can_be_those_of_the_range_or_at_least_those(explore):
    hand = explore(**SELECTED)
    hand.page.get_by_text("same", exact=True).click()
    hand.rest()
    assert hand.matches() == rows_of(answer(hand, phrase_length=3), len(hand.cells()))
    hand.page.get_by_text("at least", exact=True).click()
    hand.rest()
    assert hand.matches() == rows_of(answer(hand, min_length=3), len(hand.cells()))


@pytest.mark.parametrize("width", [800, 1400])
def test_a_bar_of_the_histogram_keeps_one_length_and_a_second_click_all(page, explore, width):
    page.set_viewport_size({"width": width, "height": 900})
    hand = explore(**SELECTED)
    everything, totals = hand.matches(), hand.page.locator(".totals").inner_text()
    counts = {kind: answer(hand)[f"{kind}LengthHistogram"] for kind in ("strict", "fuzzy")}
    bars = hand.page.locator("[data-view=histogram] .bar")
    for kind, drawn in (("fuzzy", ".any"), ("strict", ".all")):
        heights = [float(rect.get_attribute("height")) for rect in bars.locator(drawn).all()]
        shares = np.sqrt(np.array(counts[kind][1 : len(heights) + 1]) / max(counts["fuzzy"]))
        assert np.array(heights) / max(heights) == pytest.approx(shares / max(shares))
        assert sum(counts[kind][len(heights) + 1 :]) == 0
    bar = hand.page.locator("[data-view=histogram] [data-length='2']")
    hand.page.mouse.move(*centre(bar.locator(".hit")))
    with_all, with_any = (counts[kind][2] for kind in ("strict", "fuzzy"))
    said = hand.page.get_by_role("tooltip").inner_text().splitlines()
    assert said == ["length 2", f"{with_all:,} with all cells", f"{with_any:,} with any"]
    hand.page.mouse.click(*centre(bar.locator(".hit")))
    hand.rest()
    assert hand.matches() == rows_of(answer(hand, match_length="2,2"), len(hand.cells()))
    assert {length for _, _, length in hand.matches()} == {2}
    assert hand.page.locator(".totals").inner_text() == totals
    expected = f"length 2: {with_all:,} with all, {with_any:,} with any"
    assert hand.page.locator(".filter").inner_text().startswith(expected)
    hand.page.mouse.down()
    hand.page.mouse.up()
    hand.rest()
    assert hand.matches() == everything


def test_arrow_keys_step_through_the_lengths_however_fast(explore):
    hand = explore(**SELECTED)
    histogram = hand.page.locator("[data-view=histogram]")
    lengths = [length for length, count in enumerate(answer(hand)["fuzzyLengthHistogram"]) if count]
    # Both in one frame, before anything is drawn.
    press = "new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true, cancelable: true})"
    histogram.evaluate(f"it => {{ it.dispatchEvent({press}); it.dispatchEvent({press}); }}")
    hand.rest()
    assert {length for _, _, length in hand.matches()} == {lengths[1]}
    histogram.press("ArrowLeft")
    hand.rest()
    assert {length for _, _, length in hand.matches()} == {lengths[0]}
    histogram.press("ArrowLeft")
    hand.rest()
    assert "lengths=" not in hand.address()


def test_the_figure_above_a_heat_map_is_exact_for_the_matches_listed(explore):
    hand = explore(**SELECTED, track=["kind", "depth", "loss"])
    found = answer(hand, left=0, right=60, dims="meta_kind,meta_loss")
    lengths = [length for _, _, length in rows_of(found, 0)]
    kinds, losses = (
        np.concatenate([row[:length] for row, length in zip(found["positionDetail"][name], lengths, strict=True)])
        for name in ("meta_kind", "meta_loss")
    )
    labels, counts = np.unique(kinds, return_counts=True)
    most, total = counts.max(), sum(lengths)
    figure = {name: hand.page.locator(f"[data-view=heatmap][data-name={name}] .agreement") for name in ("kind", "loss")}
    label = labels[counts.argmax()]
    assert figure["kind"].inner_text().split() == [f"{label}:", str(100 * most // total), "%"]
    sentence = f"{most} of {total} positions inside the ranges of the 50 matches listed"
    assert sentence in figure["kind"].get_attribute("title")
    assert figure["kind"].locator("[data-label]").get_attribute("data-label") == label
    assert figure["loss"].inner_text().split() == ["mean", f"{losses.mean():.2f}"]


@pytest.mark.parametrize("width", [1400, 800])
def test_the_figure_above_a_heat_map_stands_whole_beside_the_colour_of_its_label(page, explore, width):
    page.set_viewport_size({"width": width, "height": 900})
    hand = explore(**SELECTED, track=["kind", "depth", "loss"])
    _, legend, _ = read_map(hand, "kind")
    panel = page.locator("[data-view=heatmap][data-name=kind]")
    agreement = panel.locator(".agreement")
    figure, title, edge = (
        part.bounding_box() for part in (agreement.locator(".figure"), panel.locator("button").first, panel)
    )
    assert figure["x"] + figure["width"] <= edge["x"] + edge["width"]
    assert title["y"] + title["height"] <= figure["y"] + 1
    swatch = agreement.locator("[data-label]")
    assert swatch.bounding_box()["width"] == 10
    colour = swatch.evaluate("it => getComputedStyle(it).backgroundColor")
    assert f"{legend[colour]}:" == agreement.inner_text().split()[0]
    assert panel.locator(".legend [data-label]").count() == 3


def test_its_figure_leads_from_one_exception_to_the_next(explore):
    hand = explore(pos=100, threshold=0.1, cells="4", track=["depth"], limit=100)
    depths = answer(hand, left=0, right=60, dims="meta_depth", limit=100)["positionDetail"]["meta_depth"]
    inside = [row[:length] for row, (_, _, length) in zip(depths, hand.matches(), strict=True)]
    labels, counts = np.unique(np.concatenate(inside), return_counts=True)
    exceptions = [rank for rank, row in enumerate(inside) if set(row) != {labels[counts.argmax()]}]
    assert 2 < len(exceptions) < 100
    figure = hand.page.locator("[data-view=heatmap][data-name=depth] .figure")
    for rank in [*exceptions, exceptions[0]]:
        figure.click()
        hand.rest()
        assert hand.page.locator(".match.hover").get_attribute("data-rank") == str(rank)
        assert hand.page.locator(".match.hover .rank").is_visible()
        row = hand.page.locator(".match.hover").bounding_box()
        head = hand.page.locator(".match-head").bounding_box()
        assert head["y"] + head["height"] <= row["y"] < 900 - row["height"]


def test_an_answer_that_breaks_off_is_said_over_dimmed_rows_and_mended_by_the_next(page, explore):
    hand = explore(**SELECTED)
    whole = hand.matches()
    page.route(re.compile("/match"), lambda route: route.fulfill(status=200, body='{"results": {"ran'))
    hand.press("-")
    assert "did not arrive whole" in page.locator(".notice").inner_text()
    assert page.locator(".match-rows").get_attribute("data-stale") == "true"
    page.unroute(re.compile("/match"))
    hand.press("=")
    assert not page.locator(".notice").is_visible()
    assert page.locator(".match-rows").get_attribute("data-stale") == "false"
    assert hand.matches() == whole


def test_what_is_awaited_is_dimmed_only_once_it_takes_long_and_moves_nothing(page, explore):
    hand = explore(**SELECTED)
    held = Held(page, "/match")
    place = page.locator("[data-rank='0']").bounding_box()
    rows = page.locator(".match-rows").element_handle()
    page.keyboard.press("-")
    page.wait_for_function("it => getComputedStyle(it).opacity < 0.5", arg=rows)
    assert rows.evaluate("it => getComputedStyle(it).transitionDelay") == "0.15s"
    assert page.locator("[data-rank='0']").bounding_box() == place
    assert page.locator(".summary").get_attribute("data-busy") == "true"
    held.let_go()
    hand.rest()
    page.wait_for_function("it => getComputedStyle(it).opacity == 1", arg=rows)


def test_another_pattern_is_read_from_its_best_match_and_the_same_one_where_one_was(explore):
    hand = explore(**SELECTED)
    body = hand.page.locator(".match-body")
    scrolled = lambda: body.evaluate("body => body.scrollTop")  # noqa: E731
    hand.page.get_by_role("button", name="Show more").scroll_into_view_if_needed()
    there = scrolled()
    hand.page.get_by_role("button", name="Show more").click()
    hand.rest()
    hand.page.get_by_role("button", name="Wider columns").click()
    hand.rest()
    assert scrolled() == there > 0
    hand.press("]")
    assert scrolled() == 0


def test_more_matches_can_be_listed(explore):
    hand = explore(**SELECTED)
    hand.page.get_by_role("button", name="Show more").click()
    hand.rest()
    assert hand.matches() == rows_of(answer(hand, limit=100), len(hand.cells()))


def test_numbers_of_another_selection_are_dimmed_where_the_server_does_not_answer(explore):
    hand = explore(**SELECTED)
    hand.page.route("**/api/v2/match?*", lambda route: route.abort())
    hand.press("=")
    assert hand.page.locator(".notice").inner_text().startswith("The server does not answer.")
    for part in (".totals", "[data-view=histogram]", ".match-rows", ".maps"):
        assert hand.page.locator(part).get_attribute("data-stale") == "true"
    hand.page.unroute("**/api/v2/match?*")
    hand.page.wait_for_selector(".totals[data-stale=false]")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_heat_maps_can_be_read_through_their_legends(page, explore, theme):
    page.emulate_media(color_scheme=theme)
    hand = explore(**SELECTED, track=["kind", "depth"])
    details = answer(hand, left=4, right=4, dims="cell_count,meta_kind,meta_depth")["positionDetail"]
    for name, dim in [("cell_count", "cell_count"), ("kind", "meta_kind"), ("depth", "meta_depth")]:
        pixels, legend, start = read_map(hand, name)
        assert len(pixels) == 50
        for row, values in zip(hand.matches(), zip(pixels, details[dim], strict=True), strict=True):
            colours, expected = values
            before = min(4, row[0])
            shown = [legend[colour] for colour in colours[start - before : start + 5]]
            assert shown == [str(value) for value in expected[: len(shown)]]


def test_heat_map_rows_stand_in_line_with_the_words(explore):
    hand = explore(**SELECTED)
    field = hand.page.locator("[data-view=heatmap] canvas").first.bounding_box()
    for rank in (0, 1, 7):
        row = hand.page.locator(f"[data-rank='{rank}']").bounding_box()
        assert row["y"] == pytest.approx(field["y"] + rank * row["height"], abs=0.6)
    assert field["width"] / 8 >= 10


def test_a_click_on_the_title_of_a_heat_map_colours_the_words(explore):
    hand = explore(**SELECTED)
    hand.page.get_by_role("button", name="kind", exact=True).click()
    hand.rest()
    _, legend, _ = read_map(hand, "kind")
    row = hand.page.locator("[data-rank]").first
    words = row.locator("[data-pos]").evaluate_all("all => all.map(w => [w.textContent, w.style.backgroundColor])")
    kinds = {"(": "OPEN", ")": "CLOSE"}
    assert all(legend[colour] == kinds.get(word, "NUMBER") for word, colour in words)


def test_pointing_at_a_heat_map_says_what_is_there(explore):
    hand = explore(**SELECTED, track=["kind", "top"])
    hand.page.locator("[data-name=top] canvas").hover(position={"x": 60, "y": 30})
    lines = hand.page.get_by_role("tooltip").inner_text().splitlines()
    assert len(lines) == 4
    assert all(re.fullmatch(r".+ +\d(\.\d+)?", line) for line in lines[1:])


def test_heat_maps_beyond_the_edge_of_a_small_page_are_counted_and_led_to(page, explore):
    page.set_viewport_size({"width": 800, "height": 600})
    canvases = page.locator("[data-view=heatmap] canvas")

    def in_view():
        boxes = [canvas.bounding_box() for canvas in canvases.all()]
        return [box["x"] >= 0 and box["x"] + box["width"] <= 800 for box in boxes]

    explore(**SELECTED, track=["kind", "depth", "loss"])
    onward, back = (page.get_by_title(re.compile(title)) for title in ("^Scroll to .* heat map", "^Scroll back"))
    assert in_view() == [True] * 4
    assert not onward.is_visible()
    explore(**SELECTED, track=["kind", "depth", "loss", "top"])
    assert in_view() == [True] * 4 + [False]
    assert onward.inner_text().startswith("1 more")
    onward.click()
    back.wait_for()
    assert in_view()[-1]
    assert not onward.is_visible()
    back.click()
    onward.wait_for()
    assert in_view()[0]
    assert not back.is_visible()


@pytest.mark.parametrize("from_map", [True, False])
def test_the_row_that_is_pointed_at_is_marked_in_the_list_and_in_every_map(explore, from_map):
    hand = explore(**SELECTED, track=["kind", "depth"])
    marks = hand.page.locator(".map-row")
    assert not any(mark.is_visible() for mark in marks.all())
    row = hand.page.locator("[data-rank='4']")
    if from_map:
        hand.page.locator("[data-name=kind] canvas").hover(position={"x": 20, "y": 4.5 * row.bounding_box()["height"]})
    else:
        row.locator(".token").first.hover()
    hand.rest()
    assert "hover" in row.get_attribute("class").split()
    assert marks.count() == 3
    for mark in marks.all():
        assert mark.bounding_box()["y"] == pytest.approx(row.bounding_box()["y"], abs=0.6)
    hand.page.mouse.move(5, 5)
    hand.rest()
    assert not any(mark.is_visible() for mark in marks.all())


def test_controls_of_the_matches_are_there_only_while_cells_are_selected(explore):
    hand = explore(pos=100)
    controls = hand.page.get_by_role("radiogroup", name="Length of the matches")
    assert not controls.is_visible()
    hand.brush(107, 109)
    assert controls.is_visible()


def test_tracks_come_and_go(explore):
    hand = explore(pos=100)
    tracks = hand.page.locator("[data-view=tracks] [data-name]")
    assert [track.get_attribute("data-name") for track in tracks.all()] == ["kind"]
    hand.page.get_by_label("Add an annotation").select_option("loss")
    hand.rest()
    hand.page.get_by_role("button", name="Remove kind").click()
    hand.rest()
    assert [track.get_attribute("data-name") for track in tracks.all()] == ["loss"]
    hand.page.reload()
    hand.rest()
    assert [track.get_attribute("data-name") for track in tracks.all()] == ["loss"]
