"""Search: what is found is shown in its place, led to by keys, and counted."""

import re
from urllib.parse import parse_qs, urlparse

import pytest

from tests.browser.conftest import Held
from tests.browser.projects import HOSTILE_ID, nested_parentheses

tokens = nested_parentheses()[0]
options = "[data-view=search] [role=option]"


def places(phrase):
    return [at for at in range(len(tokens)) if tokens[at : at + len(phrase)] == list(phrase)]


def look(hand, phrase):
    hand.press("/")
    hand.page.keyboard.type(phrase)
    hand.page.wait_for_function("() => document.querySelector('[data-view=search] .note[role=status]').textContent")
    hand.rest()


def hit(hand):
    return hits(hand)[0]


def hits(hand):
    """The words that are marked as found."""
    marked = hand.page.locator("[data-view=words] .hit")
    return sorted(int(word.get_attribute("data-pos")) for word in marked.all())


def test_what_is_found_is_counted_and_stands_in_its_context(explore):
    hand = explore(pos=0)
    look(hand, "((")
    found = places("((")
    assert hand.page.locator("[data-view=search] .note[role=status]").inner_text() == f"the first 50 of {len(found)}"
    for option, at in zip(hand.page.locator(options).all(), found[:12], strict=False):
        assert option.get_attribute("data-pos") == str(at)
        parts = [option.locator(part).text_content() for part in (".before", "mark", ".after")]
        whole = ["".join(tokens[max(0, at - 20) : at]), "((", "".join(tokens[at + 2 : at + 22])]
        assert parts == whole
    marks = [mark.bounding_box() for mark in hand.page.locator(f"{options} mark").all()[:8]]
    assert {round(mark["x"]) for mark in marks} == {round(marks[0]["x"])}


def test_the_end_of_the_list_brings_more_places(explore):
    hand = explore(pos=0)
    look(hand, "((")
    assert hand.page.locator(options).count() == 50
    asked = []
    hand.page.on("request", lambda request: asked.append(request.url))
    hand.press("ArrowUp")
    hand.page.locator(options).nth(50).wait_for()
    assert [parse_qs(urlparse(url).query)["limit"] for url in asked] == [["100"]]
    marked = hand.page.locator(f"{options}[aria-selected=true]")
    assert marked.get_attribute("id") == "found-49"
    hand.press("ArrowDown", "Enter")
    assert hit(hand) == places("((")[50]


def test_all_of_it_works_by_keys(explore):
    hand = explore(pos=0)
    look(hand, "))")
    hand.press("ArrowDown", "ArrowDown", "ArrowUp", "ArrowDown", "Enter")
    second = places("))")[1]
    assert hits(hand) == [second, second + 1]
    assert not hand.page.locator(options).first.is_visible()
    assert hand.page.locator(".found-place").inner_text() == f"2 / {len(places('))'))}"
    hand.press("/", "Escape")
    assert hand.page.evaluate("document.activeElement.tagName") == "BODY"
    assert hand.page.locator("[data-view=search] input").input_value() == "))"


def test_enter_waits_for_the_answer_to_what_was_typed(explore):
    hand = explore(pos=0)
    hand.press("/")
    hand.page.keyboard.type("44)")
    hand.page.keyboard.press("Enter")
    hand.page.locator("[data-view=words] .hit").first.wait_for()
    hand.rest()
    assert hit(hand) == places("44)")[0]


def test_who_leaves_the_box_before_there_is_an_answer_goes_nowhere(page, explore):
    hand = explore(pos=0)
    held = Held(page, "/search")
    page.keyboard.press("/")
    page.keyboard.type("44)")
    with page.expect_request("**/search?**"):
        page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    held.let_go()
    page.locator(options).first.wait_for(state="attached")
    hand.rest()
    assert page.locator("[data-view=words] .hit").count() == 0
    assert hand.address() == "project=parentheses"


def test_keys_that_compose_a_word_are_not_the_lists(explore):
    hand = explore(pos=0)
    look(hand, "((")
    hand.page.evaluate(
        """for (const key of ["Enter", "Escape"]) document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", {key, isComposing: true, bubbles: true, cancelable: true}))"""
    )
    hand.rest()
    assert hand.page.locator("[data-view=words] .hit").count() == 0
    assert hand.page.evaluate("document.activeElement.name") == "search"


def test_alt_c_that_types_a_letter_types_it(explore):
    """As on the keyboards of Apple's computers."""
    hand = explore(pos=0)
    hand.press("/")
    typed = hand.page.evaluate(
        """document.activeElement.dispatchEvent(new KeyboardEvent(
            "keydown", {key: "ç", code: "KeyC", altKey: true, bubbles: true, cancelable: true}))"""
    )
    assert typed
    assert switches(hand) == {"Aa": True, ".*": False}


def test_places_that_are_listed_stay_when_no_more_can_be_had(page, explore):
    hand = explore(pos=0)
    look(hand, "((")
    refusal = {"status": 400, "json": {"detail": "Too many characters."}}
    page.route(re.compile("/search.*limit=100"), lambda route: route.fulfill(**refusal))
    hand.press("ArrowUp")
    page.locator("[data-view=search] .note.problem", has_text="Too many characters.").wait_for()
    assert page.locator(options).count() == 50
    hand.press("Enter")
    assert hit(hand) == places("((")[49]


def test_n_leads_from_one_place_to_the_next_and_back_again(explore):
    hand = explore(pos=0)
    look(hand, "((")
    hand.press("Enter")
    found = places("((")
    seen = [hit(hand)]
    for key in "nnnN":
        hand.press(key)
        seen.append(hit(hand))
    assert seen == [found[i] for i in (0, 1, 2, 3, 2)]


def test_n_goes_on_beyond_what_is_listed_and_around_the_end(explore):
    hand = explore(pos=0)
    look(hand, "(4)")
    found = places("(4)")
    hand.press("ArrowUp", "Enter")
    start = 49 if len(found) > 50 else len(found) - 1
    assert hit(hand) == found[start]
    hand.press("n")
    hand.press("n")
    assert hit(hand) in found
    assert hit(hand) != found[start]


def test_what_is_not_there_is_said(explore):
    hand = explore(pos=0)
    look(hand, "x")
    assert hand.page.locator("[data-view=search] .note[role=status]").inner_text() == "Nothing found."
    hand.press("Enter", "ArrowDown", "Escape", "n")
    assert hand.page.locator("[data-view=words] .hit").count() == 0


@pytest.mark.parametrize("width", [800, 1400])
def test_the_list_stays_inside_the_page(page, explore, width):
    page.set_viewport_size({"width": width, "height": 600})
    hand = explore(pos=0)
    look(hand, "(")
    box = page.locator("[data-view=search] .popup").bounding_box()
    assert 0 <= box["x"] <= box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= 600
    assert page.locator("[data-view=search] input").bounding_box()["width"] >= 85


# beginnings of words, capitals, regular expressions


def switches(hand):
    found = hand.page.locator("[data-view=search] [role=switch]").all()
    return {switch.inner_text(): switch.get_attribute("aria-checked") == "true" for switch in found}


def marked(hand):
    return set(hand.page.locator(f"{options} mark").all_text_contents())


def test_before_anything_is_typed_it_says_what_can_be(explore):
    hand = explore(pos=0)
    hand.press("/")
    popup = hand.page.locator("[data-view=search] .popup")
    assert popup.inner_text().split("\n")[0] == "Words, phrases, or under* for all words that begin so."
    assert switches(hand) == {"Aa": True, ".*": False}
    hand.press("Escape")
    assert not popup.is_visible()


def test_a_star_finds_all_words_that_begin_so(explore):
    hand = explore(project=HOSTILE_ID)
    look(hand, "x*")
    assert marked(hand) == {"x" * 60}
    hand.page.locator("[data-view=search] input").fill("“* x*")
    hand.page.locator(f"{options} mark", has_text="“quote” ").first.wait_for()
    assert marked(hand) == {"“quote” " + "x" * 60}


def test_capitals_are_small_letters_where_the_switch_says_so(explore):
    hand = explore(project=HOSTILE_ID)
    look(hand, "BELL*")
    note = hand.page.locator("[data-view=search] .note[role=status]")
    assert note.inner_text() == "Nothing found."
    hand.page.locator("[data-view=search] [role=switch]", has_text="Aa").click()
    assert hand.page.evaluate("document.activeElement.name") == "search"
    hand.page.locator(options).first.wait_for()
    assert marked(hand) == {"bell\a"}
    assert switches(hand) == {"Aa": False, ".*": False}
    hand.press("Alt+c")
    hand.page.get_by_text("Nothing found.").wait_for()
    assert switches(hand) == {"Aa": True, ".*": False}


def test_a_regular_expression_is_found_where_the_switch_says_so(explore):
    """In tokens that are characters; and all of what was found is marked in the text."""
    hand = explore(pos=0)
    look(hand, r"\(4{2,}\)")
    assert hand.page.locator(options).count() == 0
    hand.press("Alt+r")
    hand.page.locator(options).first.wait_for()
    places = [match.span() for match in re.finditer(r"\(4{2,}\)", "".join(tokens))]
    assert [int(option.get_attribute("data-pos")) for option in hand.page.locator(options).all()] == [
        start for start, _ in places[:50]
    ]
    hand.press("Enter")
    assert hits(hand) == list(range(*places[0]))
    hand.press("n")
    assert hits(hand) == list(range(*places[1]))


def test_an_expression_that_cannot_be_read_is_said_with_what_is_wrong_and_the_rest_goes_on(explore):
    hand = explore(pos=0)
    hand.press("/", "Alt+r")
    hand.page.keyboard.type("(4")
    note = hand.page.locator("[data-view=search] .note.problem")
    note.wait_for()
    assert note.inner_text() == "Parameter 'q' must be a regular expression; the ( at character 1 is not closed."
    hand.page.keyboard.type(")")
    hand.page.locator(options).first.wait_for()
    assert marked(hand) == {"4"}
    assert hand.page.locator("[data-view=search] .note.problem").count() == 0


def test_the_switches_are_reached_by_tab_and_keep_the_focus(explore):
    """So that a screen reader says what a switch has become."""
    hand = explore(pos=0)
    look(hand, "4")
    assert hand.page.locator(options).count() == 50
    hand.press("Tab", "Tab", "Space")
    assert switches(hand) == {"Aa": True, ".*": True}
    focused = "document.activeElement.textContent + document.activeElement.getAttribute('aria-checked')"
    assert hand.page.evaluate(focused) == ".*true"
    hand.press("Space")
    assert hand.page.evaluate(focused) == ".*false"
    assert hand.page.locator("[data-view=search] input").input_value() == "4"
    hand.press("Tab")
    assert not hand.page.locator("[data-view=search] .popup").is_visible()


def test_the_mouse_leaves_the_focus_in_the_box(page, explore):
    hand = explore(pos=0)
    look(hand, "(4")
    popup = page.locator("[data-view=search] .popup")
    popup.locator("[role=switch]", has_text=".*").click()
    popup.locator(".note.problem").click()
    assert popup.is_visible()
    page.keyboard.type(")")
    page.locator(options).first.wait_for()
    assert page.locator("[data-view=search] input").input_value() == "(4)"
