"""What axe-core (https://github.com/dequelabs/axe-core) finds on both pages, in both themes and in every state."""

from pathlib import Path

import pytest

from tests.browser.conftest import Hand

AXE = Path(__file__).parents[2] / "client" / "node_modules" / "axe-core" / "axe.min.js"
SELECTED = "?project=parentheses&pos=100&threshold=0.1&range=107,109&track=kind&track=depth&track=loss&track=top"

WIDE = "?project=wide&pos=100&threshold=0.7&range=107,108&track=kind&track=surprise&track=top&track=length"


def open_help(hand):
    hand.press("?")


def open_search(hand):
    hand.press("/")
    hand.page.keyboard.type("((")
    hand.page.locator("[role=option]").first.wait_for()
    hand.rest()
    hand.press("ArrowDown")


def open_switches(hand):
    hand.press("/", "Alt+r")
    hand.page.keyboard.type("((")
    hand.page.locator(".note.problem").wait_for()


def open_about(hand):
    hand.page.get_by_role("button", name="About this project").click()


STATES = {
    "projects": ("", Hand.rest),
    "nothing selected": ("?project=parentheses&pos=100", Hand.rest),
    "selected": (SELECTED, Hand.rest),
    "filtered": (SELECTED + "&lengths=2,2&drop=3", Hand.rest),
    "no cell fits": ("?project=parentheses&pos=100&threshold=0.99&range=107,109", Hand.rest),
    "not all fits": (SELECTED + "&track=gone&limit=x", Hand.rest),
    "no such project": ("?project=nowhere", Hand.rest),
    "long words": (WIDE, Hand.rest),
    "no words": ("?project=wordless&pos=10&threshold=0.1&range=12,12&off=0,0", Hand.rest),
    "help": (SELECTED, open_help),
    "about": (SELECTED, open_about),
    "search": (SELECTED, open_search),
    "search that is refused": (SELECTED, open_switches),
}


@pytest.fixture(scope="module")
def shared(chromium):
    if not AXE.exists():
        pytest.fail("axe-core is not installed: npm ci in client/", pytrace=False)
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    context.add_init_script(path=AXE)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_no_fault_is_found(shared, address, wide_address, state, theme):
    query, act = STATES[state]
    shared.emulate_media(color_scheme=theme)
    shared.goto(f"{wide_address if query == WIDE else address}/{query}")
    hand = Hand(shared)
    hand.rest()
    act(hand)
    # Nothing is judged while it fades in.
    shared.evaluate("Promise.all(document.getAnimations().map(animation => animation.finished))")
    found = shared.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    faults = [
        f"{fault['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for fault in found
        for node in fault["nodes"][:3]
    ]
    assert faults == []
