"""Everything by keyboard: what Tab leads to shows that it is there, and does with keys what the mouse does."""

import pytest

SELECTED = {"pos": 100, "threshold": 0.1, "range": "107,109"}


@pytest.fixture
def at(explore):
    """Open the page with the focus on an element."""

    def open_at(selector, **parameters):
        hand = explore(**{"pos": 100, "threshold": 0.1, **parameters})
        # As Tab would: a focus that a script gives is not shown everywhere.
        hand.page.keyboard.press("Shift+Tab")
        hand.page.locator(selector).focus()
        return hand

    return open_at


def at_words(at, **parameters):
    return at("[data-view=words] .lane", **parameters)


def test_tab_leads_to_every_control_and_each_shows_it(explore):
    hand = explore(**SELECTED, track=["kind", "top"], lengths="2,2")
    controls = hand.page.evaluate(
        """() => [...document.querySelectorAll("a[href], button, input, select, [tabindex]")]
            .filter(control => !control.disabled && control.tabIndex >= 0)
            .filter(control => control.checkVisibility({visibilityProperty: true}))
            .filter(control => control.type !== "radio" || control.checked)
            .map((control, i) => { control.dataset.control = i; return control.outerHTML; })"""
    )
    reached = {}
    opened = ["Aa", ".*"]  # the switches of the search, which are there as long as it has the focus
    for _ in range(len(controls) + len(opened)):
        hand.page.keyboard.press("Tab")
        control, shown = hand.page.evaluate(
            """() => {
                const focused = document.activeElement;
                const marked = focused.type === "radio" ? focused.nextElementSibling : focused;
                const {outlineStyle, outlineWidth} = getComputedStyle(marked);
                const shown = outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
                return [focused.dataset.control ?? focused.textContent, shown];
            }"""
        )
        reached[control] = shown
    assert [html for i, html in enumerate(controls) if str(i) not in reached] == []
    assert set(opened) < set(reached)
    assert [i if i in opened else controls[int(i)] for i, shown in reached.items() if not shown] == []


def test_words_are_brushed_by_keys_alone(at):
    hand = at_words(at)
    hand.press("ArrowRight", "ArrowRight", "ArrowRight", "Enter")
    assert "range=103%2C103" in hand.address()
    hand.press("Shift+ArrowRight", "Shift+ArrowRight")
    assert "range=103%2C105" in hand.address()
    hand.press("Shift+ArrowLeft")
    assert "range=103%2C104" in hand.address()
    hand.press("Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft")
    assert "range=101%2C103" in hand.address()
    marked = hand.page.locator("[data-view=words] [aria-selected=true]")
    assert [int(word.get_attribute("data-pos")) for word in marked.all()] == [101, 102, 103]
    hand.press("u")
    assert "range=102%2C103" in hand.address()


def test_a_range_is_begun_by_shift_and_an_arrow_too(at):
    hand = at_words(at)
    hand.press("ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight")
    assert "range=101%2C103" in hand.address()


def test_the_word_that_the_keys_are_at_is_marked_and_said(at):
    hand = at_words(at)
    hand.press("ArrowRight", "ArrowRight")
    lane = hand.page.locator("[data-view=words] .lane")
    said = hand.page.locator(f"#{lane.get_attribute('aria-activedescendant')}")
    assert said.get_attribute("data-pos") == "102"
    assert "hover" in said.get_attribute("class").split()
    assert hand.page.locator(".column-mark").is_visible()
    hand.press("Tab")
    assert lane.get_attribute("aria-activedescendant") is None


def test_the_view_comes_along_with_the_keys(at):
    hand = at_words(at, pos=0)
    columns = hand.page.locator("[data-view=words] [data-pos]").count()
    hand.press("End", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight")
    assert f"pos=3&threshold=0.1&range={columns - 1}%2C{columns + 2}" in hand.address()
    hand.press("PageDown", "Home", "ArrowLeft")
    assert f"pos={columns + 2}&" in hand.address()


@pytest.mark.parametrize(
    ("handle", "keys", "value", "expected"),
    [
        ("from", ["ArrowLeft", "ArrowDown"], 105, "range=105%2C109"),
        ("from", ["ArrowRight", "ArrowUp"], 109, "range=109%2C109"),
        ("to", ["ArrowRight", "ArrowUp"], 111, "range=107%2C111"),
        ("to", ["ArrowLeft", "ArrowDown"], 107, "range=107%2C107"),
        ("before", ["ArrowLeft", "ArrowUp"], 3, "range=107%2C109&off=3%2C0"),
        ("before", ["ArrowRight", "ArrowDown"], 0, "range=107%2C109&off=0%2C0"),
        ("after", ["ArrowRight", "ArrowUp"], 2, "range=107%2C109&off=1%2C2"),
    ],
)
def test_handles_are_sliders(at, handle, keys, value, expected):
    hand = at(f"[data-handle={handle}]", range="107,109")
    hand.press(*keys)
    assert hand.address().endswith(expected)
    assert hand.page.locator(f"[data-handle={handle}]").get_attribute("aria-valuenow") == str(value)


def test_the_bar_moves_the_whole_range(at):
    hand = at(".range-bar", range="107,109")
    hand.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert "range=108%2C110" in hand.address()
    assert hand.page.get_by_role("slider", name="Place of the range").get_attribute("aria-valuetext") == "108 to 110"


@pytest.mark.parametrize(("key", "value"), [("ArrowUp", 0.11), ("PageDown", 0), ("Home", -0.99), ("End", 0.99)])
def test_the_threshold_is_a_slider(at, key, value):
    hand = at("[role=slider].threshold")
    hand.press(key)
    assert float(hand.page.locator("[role=slider].threshold").get_attribute("aria-valuenow")) == value


def test_a_chip_with_the_focus_shows_its_line_and_drops_its_cell_on_enter(at):
    hand = at("[data-cell] >> nth=1", range="110,110")
    cell = hand.cells()[1]
    assert hand.page.locator(".cell-label").inner_text().startswith(f"cell {cell} ")
    hand.press("Enter")
    assert cell not in hand.cells()


def test_a_cell_is_put_in_pinned_cleared_and_all_of_it_undone_by_keys(at):
    hand = at("input[name=cell]", range="107,109")
    before = hand.cells()
    new = next(cell for cell in range(24) if cell not in before)
    hand.page.keyboard.type(str(new))
    hand.press("Enter")
    hand.press("Tab", "Enter")
    assert f"cells={'%2C'.join(map(str, sorted([*before, new])))}" in hand.address()
    hand.press("Escape")
    assert hand.cells() == []
    hand.press("Control+z", "Control+z", "Control+z")
    assert hand.cells() == before
    hand.press("Control+y")
    assert new in hand.cells()


def test_the_button_of_a_length_keeps_the_focus_when_other_matches_come(explore):
    hand = explore(**SELECTED, lengths="2,2")
    hand.page.get_by_role("button", name="All lengths").focus()
    before = hand.page.locator(".filter").inner_text()
    hand.press("=", "=", "=")
    assert hand.page.locator(".filter").inner_text() != before
    assert hand.page.locator(":focus").get_attribute("aria-label") == "All lengths"


def test_a_button_that_has_the_focus_keeps_it_while_lines_are_pointed_at(explore):
    hand = explore(**SELECTED, drop="10")
    hand.page.get_by_role("button", name="bring back").focus()
    hand.page.locator("[data-cell]").first.hover()
    hand.rest()
    assert hand.page.locator(":focus").inner_text() == "bring back"


def test_help_explains_every_control_and_gives_the_focus_back(at):
    hand = at("input[name=threshold]", **{key: SELECTED[key] for key in ("range",)})
    hand.page.get_by_role("button", name="Help").focus()
    hand.press("Enter")
    dialog = hand.page.get_by_role("dialog", name="What is on this page")
    text = dialog.inner_text().lower()
    named = ["threshold", "off before", "sides ±", "pin", "clear", "undo", "redo", "+ track", "+ cell", "histogram"]
    named += ["legend", "mask", "export", "search", "axis", "edge", "handles", "bring back", "light or dark", "length"]
    assert [name for name in named if name not in text] == []
    hand.press("Escape")
    assert not dialog.is_visible()
    assert hand.page.evaluate("document.activeElement.ariaLabel") == "Help"
    assert "range=107%2C109" in hand.address()
