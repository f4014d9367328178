"""Search: what is found is shown in its place, led to by keys, and counted."""

import pytest

from tests.browser.projects import nested_parentheses

tokens = nested_parentheses()[0]
options = "[data-view=search] [role=option]"


def places(phrase):
    return [at for at in range(len(tokens)) if tokens[at : at + len(phrase)] == list(phrase)]


def look(hand, phrase):
    hand.press("/")
    hand.page.keyboard.type(phrase)
    hand.page.wait_for_function("() => document.querySelector('[data-view=search] .note').textContent")
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
    assert hand.page.locator("[data-view=search] .note").inner_text() == f"the first 50 of {len(found)}"
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
    hand.press("ArrowUp")
    assert hand.page.locator(options).count() > 50
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
    assert hand.page.locator("[data-view=search] .note").inner_text() == "Nothing found."
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
