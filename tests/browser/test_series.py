"""A project without words: its steps are brushed and compared as the values of its first scalar annotation."""

from xml.etree import ElementTree

import numpy as np
import pytest

from lstmvis.data.arrays import write_project
from tests.browser.conftest import Hand, read_map, serving
from tests.browser.projects import stored_states

STEPS = 600
MISSING = range(50, STEPS, 100)
WAVE = np.round(np.sin(np.arange(STEPS) * 2 * np.pi / 24) * np.linspace(1, 2, STEPS), 3)
BRUSHED = {"pos": 100, "threshold": 0.1, "range": "110,112", "off": "0,0"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A wave with its errors, some values missing; and states of which nothing is said."""
    directory = tmp_path_factory.mktemp("series")
    level = np.digitize(WAVE, [-1, -0.4, 0.4, 1])
    values = np.where(np.isin(np.arange(STEPS), MISSING), np.nan, WAVE)
    about = {"rising": np.gradient(WAVE) > 0, "value": values, "error": np.abs(WAVE) / 10}
    write_project(directory / "wave", None, stored_states(level, 12), annotations=about)
    write_project(directory / "bare", None, stored_states(level, 12))
    with serving(directory) as address:
        yield address


@pytest.fixture
def explore(page, served):
    def open_page(project="wave", **parameters):
        query = "&".join(f"{name}={value}" for name, value in {"project": project, **parameters}.items())
        page.goto(f"{served}/?{query}")
        hand = Hand(page)
        hand.rest()
        return hand

    return open_page


def shown(tokens):
    """Lower and upper end of the bar of each token by position, as shares of its height; None where there is none."""
    found = tokens.evaluate_all(
        """all => all.map(token => {
            const {content, bottom, height} = getComputedStyle(token, "::before");
            const [low, tall] = [bottom, height].map(length => parseFloat(length) / token.clientHeight);
            return [Number(token.dataset.pos), content === "none" ? null : [low, low + tall]];
        })"""
    )
    return dict(found)


def assert_are_values(bars):
    """From zero to the value on the scale of all of them; zero itself is a hairline, to be seen as well."""
    low, high = WAVE.min(), WAVE.max()
    assert len(bars) > 20
    for pos, bar in bars.items():
        if pos in MISSING:
            assert bar is None
        else:
            assert bar == pytest.approx(sorted((at - low) / (high - low) for at in (0, WAVE[pos])), abs=0.05)


def test_the_lane_has_bars_to_drag_over_and_says_what_they_are(explore):
    hand = explore(pos=100)
    lane = hand.page.get_by_label("Steps", exact=True)
    assert lane.inner_text().startswith("value")
    assert hand.word(112).get_attribute("title") == f"value {WAVE[112]:.2f} · 112"
    assert_are_values(shown(lane.locator("[data-pos]")))
    hand.brush(110, 112)
    selected = [step.get_attribute("data-pos") for step in lane.get_by_role("option", selected=True).all()]
    assert selected == ["110", "111", "112"]


def test_who_has_selected_nothing_is_told_to_drag_over_steps_and_shown_how(explore):
    hand = explore(pos=100)
    assert "Drag over some steps" in hand.page.locator(".notice").inner_text()
    assert len(hand.page.locator(".demonstrated.level").all()) == 8


def test_matches_are_drawn_as_their_values(explore):
    hand = explore(**BRUSHED)
    rows = hand.page.locator("[data-view=matches] [data-rank]")
    assert rows.count() > 3
    for row in rows.all()[:4]:
        assert_are_values(shown(row.locator("[data-pos]")))
    first = rows.first.locator(f"[data-pos='{rows.first.get_attribute('data-pos')}']")
    first.hover()
    assert first.get_attribute("title") == f"value {WAVE[int(rows.first.get_attribute('data-pos'))]:.2f}"


def test_what_is_drawn_in_the_lane_is_no_track_until_asked_for(explore):
    hand = explore(**BRUSHED)
    tracks = hand.page.locator("[data-view=tracks] [data-name]")
    assert [track.get_attribute("data-name") for track in tracks.all()] == ["rising"]
    hand.page.get_by_label("Add an annotation").select_option("value")
    hand.rest()
    assert [track.get_attribute("data-name") for track in tracks.all()] == ["rising", "value"]
    assert read_map(hand, "value")[0]


@pytest.mark.parametrize(("width", "barred"), [(15, True), (60, False)])
def test_a_scalar_is_drawn_as_bars_where_columns_are_too_narrow_to_write_it(explore, width, barred):
    hand = explore(pos=100, track="error", width=width)
    tokens = hand.page.locator("[data-name=error] .token")
    assert {bar is not None for bar in shown(tokens).values()} == {barred}
    assert {text != "" for text in tokens.all_inner_texts()} == {not barred}


def test_steps_of_which_nothing_is_said_have_ticks_to_drag_over(explore):
    hand = explore("bare", pos=100, threshold=0.1, off="0,0")
    assert set(hand.page.locator("[data-view=words] [data-pos]").all_inner_texts()) == {"·"}
    assert set(hand.page.locator(".demonstrated").all_inner_texts()) == {"·"}
    hand.brush(110, 112)
    assert hand.cells()


def test_the_project_page_counts_steps_and_speaks_of_no_words(explore):
    hand = explore()
    hand.page.goto(hand.page.url.partition("?")[0])
    hand.rest()
    assert "600 steps · no words" in hand.page.locator("[data-project=wave]").inner_text()
    assert "drag over some of its steps" in hand.page.locator(".begin").inner_text()


def test_a_picture_of_the_page_has_the_bars(explore):
    hand = explore(**BRUSHED)
    hand.page.get_by_role("button", name="Export").click()
    with hand.page.expect_download() as saved:
        hand.page.get_by_role("menuitem", name="SVG").click()
    document = ElementTree.parse(saved.value.path())
    [lane] = document.iterfind(".//*[@data-view='words']")
    heights = {float(drawn.get("height")) for drawn in lane.iter("{http://www.w3.org/2000/svg}rect")}
    assert len(heights) > 10
