"""Every demo in the browser, made of a small corpus: words, annotations as tracks, a brush that matches."""

import pytest

from lstmvis.data.amending import tokens_of
from lstmvis.data.project import Project
from tests.browser.conftest import Hand, serving

FIRST = 40  # the position from which a demo is looked at


@pytest.fixture(scope="module")
def demos_address(tiny_demos):
    with serving(tiny_demos) as address:
        yield address


@pytest.fixture(scope="module")
def tab(chromium, demos_address):
    context = chromium.new_context(base_url=demos_address, viewport={"width": 1400, "height": 900})
    yield context.new_page()
    context.close()


NAMES = ["childrens-books", "wsj-words", "wsj-chunks", "wsj-chars", "python", "code", "chords"]


@pytest.mark.parametrize("name", NAMES)
def test_a_demo_shows_its_words_its_annotations_and_what_matches_a_brush(tab, tiny_demos, name):
    project = Project(tiny_demos / name)
    tracks = [each for each in project.annotations if each not in ("prediction", "loss")]
    shown = "&".join(f"track={track}" for track in tracks)
    tab.goto(f"/?project={name}&source=states::layer1/hidden&pos={FIRST}&threshold=0&off=0,0&{shown}")
    hand = Hand(tab)
    hand.rest()

    tokens = tokens_of(project)[FIRST : FIRST + 8]
    assert [hand.word(FIRST + place).count() for place in range(8)] == [1] * 8
    words = [hand.word(FIRST + place) for place, token in enumerate(tokens) if not token.isspace()]
    assert [word.inner_text() for word in words] == [token for token in tokens if not token.isspace()]
    for track in tracks:
        values = tab.locator(f"[data-view=tracks] [data-name='{track}'] [data-pos='{FIRST}']")
        assert values.count() == 1, track

    hand.brush(FIRST + 3, FIRST + 4)
    cells = len(hand.cells())
    assert cells > 0
    _, best, _ = hand.matches()[0]
    assert best == f"{cells}/{cells}"
    assert len(hand.matches()) > 10
