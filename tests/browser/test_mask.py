"""The mask: colours of annotations only where selected cells are on."""

import re

import pytest

from tests.browser.conftest import read_map

SELECTED = {"pos": 100, "range": "107,109", "threshold": 0.1, "track": ["kind", "loss"]}
NOTHING = "color(srgb 0 0 0 / 0)"
UNCOLOURED = "rgba(0, 0, 0, 0)"


def colours(locator):
    """Background, ink and text of each token, by its position."""
    found = locator.evaluate_all(
        """all => all.map(it => [it.dataset.pos, getComputedStyle(it).backgroundColor,
                                 getComputedStyle(it).color, it.textContent])"""
    )
    return {int(pos): (background, ink, text) for pos, background, ink, text in found}


def track(hand, name="kind"):
    return colours(hand.page.locator(f"[data-view=tracks] [data-name={name}] [data-pos]"))


def counts_on(hand, positions):
    """How many of the selected cells are on at each of the positions, by the API."""
    params = {
        "project": "parentheses",
        "source": "states::cell",
        "pos": min(positions),
        "left": 0,
        "right": max(positions) - min(positions),
        "cells": ",".join(map(str, hand.cells())),
        "activation": 0.1,
        "dims": "cell_count",
    }
    results = hand.page.request.get("/api/v2/context", params=params).json()["results"]
    return dict(zip(range(min(positions), max(positions) + 1), results["cell_count"][0], strict=True))


def paper(hand):
    return hand.page.locator("body").evaluate("it => getComputedStyle(it).backgroundColor")


def distance(one, other):
    channels = [[float(number) for number in re.findall(r"[\d.]+", colour)[:3]] for colour in (one, other)]
    return sum((a - b) ** 2 for a, b in zip(*channels, strict=True)) ** 0.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tracks_are_the_paler_the_fewer_cells_are_on_and_keep_their_text(page, explore, theme):
    page.emulate_media(color_scheme=theme)
    hand = explore(**SELECTED)
    whole = track(hand)
    hand.page.get_by_role("switch", name="mask").click()
    hand.rest()
    masked = track(hand)
    counts, cells = counts_on(hand, list(masked)), len(hand.cells())
    assert [text for _, _, text in masked.values()] == [text for _, _, text in whole.values()]
    by_count = {}
    for pos, (colour, _, text) in masked.items():
        if counts[pos] == 0:
            assert colour == NOTHING
        elif counts[pos] == cells:
            assert colour == whole[pos][0]
        else:
            by_count.setdefault(text, {})[counts[pos]] = distance(colour, paper(hand)) / distance(
                whole[pos][0], paper(hand)
            )
    assert {0, cells} < set(counts.values())
    shares = [share for _, share in sorted(by_count["N"].items())]
    assert shares[0] > 0
    assert shares == sorted(shares)
    assert shares[-1] < 1


def test_the_mask_holds_in_the_heat_maps_and_on_the_words(explore):
    hand = explore(**SELECTED, colour="meta_kind")
    whole, _, _ = read_map(hand, "kind")
    counts, legend, _ = read_map(hand, "cell_count")
    cells = str(len(hand.cells()))
    hand.press("m")
    masked, _, start = read_map(hand, "kind")
    unmasked, _, _ = read_map(hand, "cell_count")
    assert unmasked == counts
    seen = set()
    for row, before, on in zip(masked, whole, counts, strict=True):
        for colour, full, count in zip(row, before, on, strict=True):
            if full is None:
                continue
            seen.add(legend[count])
            if legend[count] in ("0", cells):
                assert colour == (full if legend[count] == cells else None)
            else:
                assert colour not in (None, full)
    assert {"0", "1", cells} <= seen
    row = hand.page.locator("[data-rank]").first
    words = colours(row.locator("[data-pos]"))
    first = int(row.get_attribute("data-pos")) - start
    for pos, (colour, _, _) in words.items():
        if first <= pos < first + len(masked[0]):
            assert colour == (masked[0][pos - first] or UNCOLOURED)


def test_the_mask_is_kept_in_the_address_and_can_be_undone(explore):
    hand = explore(**SELECTED)
    whole = track(hand)
    hand.press("m")
    masked = track(hand)
    assert masked != whole
    assert "mask=1" in hand.address()
    hand.page.reload()
    hand.rest()
    assert track(hand) == masked
    hand.press("m")
    assert "mask" not in hand.address()
    hand.press("u")
    assert track(hand) == masked


def test_where_no_cell_is_selected_nothing_is_masked(explore):
    hand = explore(**SELECTED, mask=1)
    hand.press("Escape")
    assert not hand.cells()
    assert all(colour != NOTHING for colour, _, _ in track(hand).values())
    assert not hand.page.get_by_role("switch", name="mask").is_visible()
