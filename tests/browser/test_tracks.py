"""Annotation tracks: of every kind, at every width of the columns, with what their colours mean."""

import numpy as np
import pytest

from tests.browser.projects import nested_parentheses

ALL = ["kind", "depth", "loss", "top"]


def lane(hand, name):
    return hand.page.locator(f"[data-view=tracks] [data-name={name}]")


def values(hand, name, pos, right):
    params = {
        "project": "parentheses",
        "source": "states::cell",
        "pos": pos,
        "left": 0,
        "right": right,
        "dims": f"meta_{name}",
    }
    found = hand.page.request.get("/api/v2/context", params=params).json()["results"][f"meta_{name}"]
    return found if isinstance(found, dict) else found[0]


def add(hand, name):
    hand.page.get_by_label("Add an annotation").select_option(name)
    hand.rest()


def test_any_number_of_tracks_can_be_added_and_all_be_removed(explore):
    hand = explore(pos=100, track="")
    names = hand.page.locator("[data-view=tracks] [data-name]")
    assert names.count() == 0
    for name in ALL:
        add(hand, name)
    assert [name.get_attribute("data-name") for name in names.all()] == ALL
    assert not hand.page.get_by_label("Add an annotation").is_visible()
    hand.page.reload()
    hand.rest()
    assert [name.get_attribute("data-name") for name in names.all()] == ALL
    for name in ALL:
        hand.page.get_by_role("button", name=f"Remove {name}").click()
        hand.rest()
    assert names.count() == 0


def test_every_track_says_what_its_colours_mean(explore):
    hand = explore(pos=100, track=ALL)
    for name, shown in [("depth", "09"), ("loss", "06"), ("top", "01")]:
        assert lane(hand, name).locator(".legend").inner_text().replace("\n", "") == shown
    keys = lane(hand, "kind").locator(".key").all()
    assert {key.inner_text() for key in keys} == {"OPEN", "CLOSE", "NUMBER"}
    colours = {
        key.inner_text(): key.locator(".swatch").evaluate("it => getComputedStyle(it).backgroundColor") for key in keys
    }
    for token in lane(hand, "kind").locator(".token").all()[:20]:
        label = {"O": "OPEN", "C": "CLOSE", "N": "NUMBER"}[token.inner_text()]
        assert token.evaluate("it => getComputedStyle(it).backgroundColor") == colours[label]


@pytest.mark.parametrize("size", [(1400, 900), (800, 600)])
def test_few_labels_are_all_explained_in_words_where_there_is_little_room(page, explore, size):
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    explore(pos=100, threshold=0.1, range="107,109", track=ALL)
    for legend in ("[data-view=tracks] [data-name=kind]", "[data-view=heatmap][data-name=kind]"):
        edge = page.locator(legend).bounding_box()
        keys = page.locator(f"{legend} .legend .key")
        assert sorted(keys.all_inner_texts()) == ["CLOSE", "NUMBER", "OPEN"]
        for key in keys.all():
            swatch, label = (key.locator(part).bounding_box() for part in (".swatch", ".key-label"))
            assert min(swatch["width"], swatch["height"]) >= 8
            assert label["width"] >= 16
            assert edge["y"] <= label["y"] < label["y"] + label["height"] <= edge["y"] + edge["height"] + 0.5
            assert edge["x"] <= swatch["x"] < label["x"] + label["width"] <= edge["x"] + edge["width"]


@pytest.mark.parametrize("width", [7, 15, 26, 40, 84])
def test_no_number_is_ever_cut_off(explore, width):
    hand = explore(pos=100, width=width, track=ALL)
    shown = {name: lane(hand, name).locator(".token").all_inner_texts() for name in ("depth", "loss")}
    depths = nested_parentheses()[1]
    assert [int(text) for text in shown["depth"]] == depths[100 : 100 + len(shown["depth"])].tolist()
    expected = [f"{value:.2f}" for value in values(hand, "loss", 100, len(shown["loss"]) - 1)]
    assert shown["loss"] == (expected if width >= 40 else [""] * len(expected))
    for name in ("depth", "loss"):
        widths = lane(hand, name).locator(".token").evaluate_all("all => all.map(it => it.scrollWidth)")
        assert max(widths) <= width + 1


def test_pointing_at_a_track_says_all_of_its_value(explore):
    hand = explore(pos=100, track=ALL)
    lane(hand, "top").locator("[data-pos='112']").hover()
    lines = hand.page.get_by_role("tooltip").inner_text().splitlines()
    found = values(hand, "top", 112, 0)
    words, weights = found["words"][0][0], found["weights"][0][0]
    assert [line.split()[0] for line in lines] == words
    assert [float(line.split()[1]) for line in lines] == pytest.approx(weights, abs=0.006)
    lane(hand, "kind").locator("[data-pos='112']").hover()
    assert hand.page.get_by_role("tooltip").inner_text() in ("OPEN", "CLOSE", "NUMBER")
    hand.page.mouse.move(5, 5)
    hand.rest()
    assert not hand.page.get_by_role("tooltip").is_visible()


def test_a_click_on_its_name_shows_all_ranks_of_a_word_list(explore):
    hand = explore(pos=100, track=["top"])
    name = lane(hand, "top").get_by_role("button", name="top", exact=True)
    height = lane(hand, "top").bounding_box()["height"]
    name.click()
    hand.rest()
    assert name.get_attribute("aria-expanded") == "true"
    assert lane(hand, "top").bounding_box()["height"] == pytest.approx(3 * height)
    at = lane(hand, "top").locator("[data-pos='112']")
    assert at.all_inner_texts() == values(hand, "top", 112, 0)["words"][0][0]
    tops = [token.bounding_box()["y"] for token in at.all()]
    assert tops == sorted(set(tops))
    hand.page.reload()
    hand.rest()
    assert at.count() == 3
    name.click()
    hand.rest()
    assert at.count() == 1
    assert "open" not in hand.address()


def test_a_click_on_its_name_shows_a_scalar_as_bars_as_high_as_its_values(page, explore):
    hand = explore(pos=100, width=7, track=["loss"])
    lane(hand, "loss").get_by_role("button", name="loss", exact=True).click()
    hand.rest()
    box = lane(hand, "loss").locator(".lane").bounding_box()
    picture = page.screenshot(clip=box | {"width": 7 * 60})
    pixels = read_picture(page, picture)
    heights = (pixels != pixels[0, 0]).any(2)[:, 3::7].mean(0)
    expected = np.clip(np.array(values(hand, "loss", 100, 59)) / 6, 0, 1)
    assert heights == pytest.approx(expected, abs=0.03)


def read_picture(page, picture):
    """The pixels of a PNG, rows by columns by channels, read by the browser."""
    width, data = page.evaluate(
        """async data => {
            const image = await createImageBitmap(new Blob([new Uint8Array(data)]));
            const canvas = new OffscreenCanvas(image.width, image.height);
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            return [image.width, [...context.getImageData(0, 0, image.width, image.height).data]];
        }""",
        list(picture),
    )
    return np.array(data).reshape(-1, width, 4)
