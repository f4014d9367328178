"""The main job: brush a level of the parentheses demo with the mouse, and read whether it is found elsewhere."""

import h5py
import numpy as np
import pytest

from tests.browser.conftest import Hand, read_map, serving


@pytest.fixture(scope="module")
def demo_address(made):
    with serving(made.parent) as address:
        yield address


@pytest.mark.parametrize("depth", [3, 4])
def test_a_brushed_level_is_found_at_that_depth_all_over_the_corpus(chromium, demo_address, made, depth):
    with h5py.File(made / "annotations.hdf5") as file:
        nesting = file["nesting"][:]
    edges = np.flatnonzero(np.diff(nesting == depth, prepend=False, append=False))
    first, last = next((a, b) for a, b in zip(edges[::2], edges[1::2] - 1, strict=True) if b - a == 3 and a > 100)
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{demo_address}/?project=parens&source=states%3A%3Alayer1%2Fcell&pos={first - 20}")
    hand = Hand(page)
    hand.rest()
    assert page.locator("[data-rank]").count() == 0

    hand.brush(first, last)

    assert len(hand.cells()) > 0
    assert len(hand.matches()) == 50
    pixels, legend, start = read_map(hand, "nesting")
    inside = [
        [legend[colour] for colour in colours[start : start + length] if colour]
        for colours, (_, _, length) in zip(pixels, hand.matches(), strict=True)
    ]
    right = [set(labels) == {str(depth)} for labels in inside]
    assert np.mean(right) >= 0.9
    assert hand.page.locator(f"[data-view=tracks] [data-pos='{first}']").inner_text() == str(depth)
    page.close()


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (800, 600)])
def test_the_demo_opens_on_two_levels_that_are_selected_and_found_again(chromium, demo_address, width, height):
    page = chromium.new_page(viewport={"width": width, "height": height})
    page.goto(demo_address)
    hand = Hand(page)
    hand.rest()
    page.locator("[data-project=parens]").get_by_role("link", name="Start here").click()
    hand.rest()
    assert len(hand.cells()) >= 3
    assert len(hand.matches()) == 50
    for name in ("before", "after"):  # the handles of the constraints
        box = page.locator(f"[data-handle={name}]").bounding_box()
        assert 0 < box["x"] < width - box["width"]
    pixels, legend, start = read_map(hand, "nesting")
    inside = [
        {legend[colour] for colour in colours[start : start + length] if colour}
        for colours, (_, _, length) in zip(pixels, hand.matches(), strict=True)
    ]
    assert np.mean([bool(labels) and labels <= {"3", "4"} for labels in inside]) >= 0.9
    page.close()
