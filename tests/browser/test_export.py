"""What is taken away from the page: pictures that look like it, matches that can be asked for again, its address."""

import base64
import csv
import json
import re
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from tests.browser.projects import HOSTILE_ID, HOSTILE_WORDS

TRACKS = ["kind", "depth", "top"]
SELECTED = {"source": "states::cell", "pos": 100, "range": "107,109", "threshold": 0.1, "track": TRACKS}
SVG = "{http://www.w3.org/2000/svg}"
PICTURES = ["Picture, SVG", "Picture, PNG"]
DATA = ["Matches, CSV", "Matches, JSON"]


def choose(page, label):
    page.get_by_role("button", name="Export").click()
    page.get_by_role("menuitem", name=label).click()


def export(page, label):
    """The file that the person gets: its name and content."""
    with page.expect_download() as saved:
        choose(page, label)
    return saved.value.suggested_filename, saved.value.path().read_bytes()


def said(page):
    message = page.locator(".export-message")
    page.wait_for_function("message => message.textContent !== 'Saving …'", arg=message.element_handle())
    return message.inner_text()


def at_rest(page):
    """A screenshot of all below the header, when nothing is fading in or out."""
    ends = "animation => Number.isFinite(animation.effect.getComputedTiming().endTime)"
    page.evaluate(f"Promise.allSettled(document.getAnimations().filter({ends}).map(animation => animation.finished))")
    return page.screenshot(clip={"x": 0, "y": 60, "width": 1400, "height": 840})


def difference(page, one, other):
    """How far two PNGs of one size are apart: the mean over all channels, and the share of clearly other pixels."""
    blank = page.context.new_page()  # the page itself may not read what it has not made
    found = blank.evaluate(
        """async images => {
            const [a, b] = await Promise.all(images.map(async image => {
                const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${image}`)).blob());
                const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
                context.drawImage(bitmap, 0, 0);
                return context.getImageData(0, 0, bitmap.width, bitmap.height);
            }));
            if (a.width !== b.width || a.height !== b.height) throw new Error("two sizes");
            let sum = 0, far = 0;
            for (let i = 0; i < a.data.length; i += 4) {
                const apart = [0, 1, 2].map(channel => Math.abs(a.data[i + channel] - b.data[i + channel]));
                sum += apart[0] + apart[1] + apart[2];
                far += Math.max(...apart) > 64;
            }
            return [sum / (a.data.length * 3 / 4), far / (a.data.length / 4)];
        }""",
        [base64.b64encode(image).decode() for image in (one, other)],
    )
    blank.close()
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1400, 900), (800, 600)])
def test_the_picture_looks_like_the_page(page, explore, tmp_path, theme, size):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    explore(**SELECTED)
    page.mouse.move(1, 1)
    page.wait_for_function("() => document.getAnimations().every(animation => animation.playState === 'finished')")
    seen = page.screenshot()
    _, svg = export(page, "Picture, SVG")
    (tmp_path / "picture.svg").write_bytes(svg)
    other = page.context.new_page()
    other.set_viewport_size(page.viewport_size)
    other.goto((tmp_path / "picture.svg").as_uri())
    drawn = other.screenshot()
    other.close()
    mean, share = difference(page, seen, drawn)
    print(theme, size, mean, share)
    assert mean < 1.5
    assert share < 0.01


def test_the_words_of_the_picture_are_text_where_they_are_on_the_page(page, explore):
    hand = explore(**SELECTED)
    name, svg = export(page, "Picture, SVG")
    assert name == "parentheses-107-109.svg"
    root = ElementTree.fromstring(svg)
    assert root.find(f"{SVG}title").text == "Parentheses · lstmvis"
    assert root.find(f"{SVG}desc").text == page.url
    words = root.find(".//*[@data-view='words']")
    texts = [(text.text, float(text.get("x"))) for text in words.iter(f"{SVG}text")]
    shown = page.locator("[data-view=words] [data-pos]").all_inner_texts()
    assert [text for text, _ in texts if text in shown] == shown
    column = hand.word(107).bounding_box()
    xs = [x for text, x in texts if column["x"] <= x < column["x"] + column["width"]]
    assert len(xs) == 1
    matches = root.find(".//*[@data-view='matches']")
    links = [link.get("href") for link in matches.iter(f"{SVG}a")]
    positions = [f"{position:,}" for position, _, _ in hand.matches()]
    assert len(positions) == 50
    assert [link.find(f"{SVG}text").text for link in matches.iter(f"{SVG}a")] == positions
    assert all(link.startswith(page.url.partition("?")[0]) for link in links)
    assert len([*root.iter(f"{SVG}image")]) == 2 + 4


def test_marks_on_words_are_drawn_and_the_frame_of_the_range_over_them(page, explore):
    explore(**{**SELECTED, "pos": 245, "range": "251,252", "off": "0,0"})
    root = ElementTree.fromstring(export(page, "Picture, SVG")[1])
    words = root.find(".//*[@data-view='words']")
    starts = page.locator("[data-view=words] .token.start")
    assert starts.count() == 1
    [mark] = [path for path in words.iter(f"{SVG}path") if path.get("fill-rule") == "evenodd"]
    assert mark.get("d").startswith(f"M{starts.bounding_box()['x']:g} ")
    frame = page.locator(".range-frame").bounding_box()
    drawn = [*words.iter()]
    [at] = [i for i, part in enumerate(drawn) if part.get("stroke-width") == "2" and part.get("fill") == "none"]
    assert float(drawn[at].get("x")) == frame["x"] + 1
    assert f"{SVG}text" not in {part.tag for part in drawn[at:]}


def test_the_list_is_drawn_whole_and_the_page_stays_as_it_was(page, explore):
    explore(**SELECTED)
    body = page.locator(".match-body")
    body.evaluate("body => body.scrollTo(0, 300)")
    before = at_rest(page)
    _, svg = export(page, "Picture, SVG")
    root = ElementTree.fromstring(svg)
    assert int(root.get("height")) > 50 * 24 + 400
    heights = [float(image.get("height")) for image in root.iter(f"{SVG}image")]
    assert heights.count(50 * 24) == 4
    page.keyboard.press("Escape")
    assert body.evaluate("body => body.scrollTop") == 300
    assert difference(page, before, at_rest(page)) == [0, 0]


def test_the_bars_of_an_opened_track_are_as_high_as_on_the_page(page, explore):
    explore(**{**SELECTED, "track": ["loss"], "open": "loss"})
    bars = "bars => bars.map(bar => parseFloat(getComputedStyle(bar, '::before').height))"
    shown = page.locator(".track.bars .level").evaluate_all(bars)
    root = ElementTree.fromstring(export(page, "Picture, SVG")[1])
    drawn = [float(bar.get("height")) for bar in root.find(".//*[@data-view='tracks']").iter(f"{SVG}rect")]
    assert len(shown) > 50
    assert len(set(shown)) > 10
    assert all(any(abs(height - bar) < 0.02 for bar in drawn) for height in shown)


def test_matches_that_the_page_no_longer_stands_by_are_not_saved(page, explore):
    hand = explore(**SELECTED)
    problem = {"status": 400, "json": {"title": "Bad Request", "detail": "Out of sorts.", "status": 400}}
    page.route(re.compile("/match"), lambda route: route.fulfill(**problem))
    hand.press("-")
    for label in DATA:
        choose(page, label)
        assert said(page) == "Out of sorts."
    page.unroute(re.compile("/match"))
    choose(page, DATA[0])
    assert said(page) == "Out of sorts."


def test_matches_that_are_still_awaited_are_not_saved(page, explore):
    explore(**SELECTED)
    page.route(re.compile("/match"), lambda route: None)
    page.keyboard.press("-")
    choose(page, DATA[0])
    assert said(page) == "The matches are still being found; save them when they are listed."


def test_the_png_is_the_svg_twice_as_fine(page, explore):
    explore(**SELECTED)
    root = ElementTree.fromstring(export(page, "Picture, SVG")[1])
    name, png = export(page, "Picture, PNG")
    assert name == "parentheses-107-109.png"
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    size = [int.from_bytes(png[at : at + 4]) for at in (16, 20)]
    assert size == [2 * int(root.get("width")), 2 * int(root.get("height"))]


def test_tokens_that_try_to_be_more_are_text_in_every_file(page, explore):
    explore(project=HOSTILE_ID, pos=0, width=120, threshold=0.1, range="5,5", off="0,0")
    name, svg = export(page, "Picture, SVG")
    assert "?" not in name
    texts = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert {"&amp;", "“quote”", "日本語", "bell\ufffd"} <= set(texts)
    assert b"<script" not in svg
    for row in csv.DictReader(export(page, "Matches, CSV")[1].decode().splitlines(keepends=True)):
        assert row["project"] == HOSTILE_ID
        assert set(json.loads(row["tokens"])) <= set(HOSTILE_WORDS)


def rows_of(results):
    return [(row["pos"], *(row["factors"][i] for i in (2, 6, 5))) for row in results["rankingDetail"]]


@pytest.mark.parametrize("more", [{}, {"length": "same"}, {"length": "atLeast", "lengths": "4,6"}, {"sides": "both"}])
def test_the_request_in_the_json_gives_the_same_matches_again(page, explore, more):
    hand = explore(**{**SELECTED, **more})
    name, content = export(page, "Matches, JSON")
    assert name == "parentheses-107-109-matches.json"
    saved = json.loads(content)
    assert saved["page"] == page.url
    api = urlsplit(saved["api"])
    again = page.request.get(f"{api.path}?{api.query}").json()
    assert again["request"] == saved["request"]
    for total in ("counts", "fuzzyLengthHistogram", "strictLengthHistogram"):
        assert saved[total] == again["results"][total]
    rows = [(row["position"], row["length"], row["fitting"], row["union"]) for row in saved["matches"]]
    assert rows == rows_of(again["results"])
    assert len(rows) == min(1000, saved["total"])
    assert f"It holds {len(rows):,} of {saved['total']:,} matches." in said(page)
    assert [(position, length) for position, length, *_ in rows[:50]] == [
        (position, length) for position, _, length in hand.matches()
    ]
    for row, words in zip(saved["matches"], again["results"]["positionDetail"]["words"], strict=True):
        first = row["position"] - words["left"]
        assert row["tokens"] == words["words"][first : first + row["length"]]
        assert row["before"] == words["words"][:first]
        assert len(row["after"]) <= 10
        assert all(len(values) == row["length"] for values in row["annotations"].values())
    assert set(saved["matches"][0]["annotations"]) == set(TRACKS)


def test_the_table_has_all_that_its_rows_need_to_be_found_again(page, explore):
    explore(**SELECTED)
    name, content = export(page, "Matches, CSV")
    assert name == "parentheses-107-109-matches.csv"
    rows = [*csv.DictReader(content.decode().splitlines(keepends=True))]
    saved = json.loads(export(page, "Matches, JSON")[1])
    assert len(rows) == len(saved["matches"])
    for row, match in zip(rows, saved["matches"], strict=True):
        for column in ("rank", "position", "end", "length", "fitting", "union"):
            assert int(row[column]) == match[column]
        for column in ("before", "tokens", "after"):
            assert json.loads(row[column]) == match[column]
        assert json.loads(row["annotation kind"]) == match["annotations"]["kind"]
    first = rows[0]
    answer = page.request.get(
        "/api/v2/match",
        params={
            "project": first["project"],
            "source": first["source"],
            "activation": first["threshold"],
            "cells": ",".join(map(str, json.loads(first["cells"]))),
            "constraints": f"{first['off_before']},{first['off_after']}",
            "sides": first["sides"],
            "min_length": first["min_length"],
            "phrase_length": first["phrase_length"],
            "limit": 1000,
        },
    ).json()
    found = [tuple(int(row[column]) for column in ("position", "length", "fitting", "union")) for row in rows]
    assert found == rows_of(answer["results"])
    assert int(first["total"]) == sum(answer["results"]["counts"])


def test_the_menu_is_worked_with_the_keys_alone(page, explore):
    hand = explore(**SELECTED)
    opener = page.get_by_role("button", name="Export")
    opener.focus()
    page.keyboard.press("Enter")
    menu = page.get_by_role("menu")
    focused = page.locator(":focus")
    assert opener.get_attribute("aria-expanded") == "true"
    assert "SVG" in focused.inner_text()
    page.keyboard.press("ArrowUp")
    assert "Copy link" in focused.inner_text()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert "PNG" in focused.inner_text()
    page.keyboard.press("u")
    page.keyboard.press("Escape")
    assert not menu.is_visible()
    assert focused.get_attribute("aria-label") == "Export"
    assert hand.cells()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    assert saved.value.suggested_filename.endswith("-matches.json")
    assert focused.get_attribute("aria-label") == "Export"
    page.keyboard.press("Escape")
    assert not page.locator(".export-message").is_visible()
    assert hand.cells()


def test_without_matches_only_pictures_and_the_link_are_to_be_had(page, explore):
    explore(pos=100)
    page.get_by_role("button", name="Export").click()
    for label in DATA:
        item = page.get_by_role("menuitem", name=label)
        assert item.get_attribute("aria-disabled") == "true"
    page.get_by_role("menuitem", name=DATA[0]).click(force=True)
    assert said(page) == "There are no matches."
    name, svg = export(page, "Picture, SVG")
    assert name == "parentheses-100.svg"
    assert "Drag over some words" in "".join(ElementTree.fromstring(svg).itertext())


def test_what_goes_wrong_is_said_and_the_next_attempt_works(page, explore):
    explore(**SELECTED)
    page.route(re.compile("/match"), lambda route: route.abort())
    choose(page, "Matches, CSV")
    assert said(page) == "The server does not answer."
    page.unroute(re.compile("/match"))
    assert export(page, "Matches, CSV")[1]


def test_the_link_is_copied_or_else_shown_to_be_copied(page, explore, address):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    hand = explore(**SELECTED)
    hand.press("[")
    choose(page, "Copy link")
    assert said(page) == "The link is copied."
    link = page.evaluate("navigator.clipboard.readText()")
    assert "range=106%2C109" in link
    hand.rest()
    assert link == page.url
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    choose(page, "Copy link")
    field = page.get_by_label("Copy this link")
    field.wait_for()
    assert field.input_value() == page.url


def test_pictures_keep_to_a_strict_policy_and_ask_no_other_host(page, explore, address):
    policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'"
    complaints, asked = [], []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))

    def serve_strictly(route):
        response = route.fetch()
        route.fulfill(response=response, headers={**response.headers, "content-security-policy": policy})

    page.route(re.compile(r"/\?"), serve_strictly)
    explore(**SELECTED)
    for label in [*PICTURES, *DATA]:
        assert export(page, label)[1]
    assert complaints == []
    assert all(url.startswith((address, f"blob:{address}", "data:image/png")) for url in asked)
