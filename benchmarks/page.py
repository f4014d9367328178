"""How fast the page is: frames while dragging, fresh matches, first views, and how large its script is.

    python benchmarks/page.py [--data DIR] [--frames 20000x1000] [--size 1000000x650:float16] [--repeat 20]

Drives the built page (`npm run build` in client/) in headless Chromium against a real server; makes its data (see
synthetic.py; 3.3 GB with the index) and keeps it in DIR. Linux only. All times in milliseconds.

`frames`: the pointer drags over 100 steps of all cells, a movement a frame. What counts is what the page's main thread
computes for a frame, from Chromium's trace, in time on the processor, so that other work on the machine counts little:
`script` is every handler, timer and animation frame, with the layout that they force; `whole` is all that the thread
does, with style, layout and paint. Chromium has no GPU here and draws on other threads, which is not counted.

`matches`: the pointer stops, with its button down, after dragging the end of a range. From the last event of the
pointer until the frame is painted that shows the matches for it, in its parts: until the request leaves (the page
waits for 40 ms of rest), until the answer is there, until the first rows of it are painted, about as many as are in
view, and until the last ones are, some frames later.

`first view`: from the start of the navigation, with an empty cache, until a frame is painted after which the page waits
for nothing more. This and `matches` are times on the clock: on a machine with other work, look at the least of them.
"""

import argparse
import gzip
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from matching import PORT, build_with_figures, serving
from playwright.sync_api import Browser, Page, sync_playwright
from synthetic import make_project

from lstmvis.data.project import Project
from lstmvis.server.index import open_index

ADDRESS = f"http://127.0.0.1:{PORT}/"
ASSETS = Path(__file__).parents[1] / "server" / "static" / "assets"
VIEW = {"width": 1400, "height": 900}
COLUMN = 11  # pixels, so that the view has 100 steps and more
MOVES = 150
SCRIPT = {"EventDispatch", "FireAnimationFrame", "TimerFire", "FunctionCall", "RunMicrotasks", "V8.GC_SCAVENGER"}
CATEGORIES = ["devtools.timeline", "devtools.timeline.frame", "disabled-by-default-devtools.timeline"]

FRAME_DONE = "new Promise(done => requestAnimationFrame(() => done()))"

# Notes when the pointer moved last, and when a frame was painted with the first rows of fresh matches in it, and one
# after which the page waits for nothing.
WATCH = """
window.watched = {moved: 0, handled: 0, seen: 0, painted: 0};
addEventListener("pointermove", event => {
    watched.moved = event.timeStamp;
    watched.handled = performance.now();
}, true);
const after = new MessageChannel();  // its message comes after the frame that is being made has been painted
after.port1.onmessage = ({data}) => {
    if (data === "seen" || document.body.dataset.ready === "true") watched[data] = performance.now();
};
new MutationObserver(changes => {
    if (document.body?.dataset.ready === "true") after.port2.postMessage("painted");
    for (const {target, oldValue} of changes) {
        if (oldValue === "true" && target.matches(".match-rows[data-stale=false]")) after.port2.postMessage("seen");
    }
}).observe(document, {subtree: true, attributeOldValue: true, attributeFilter: ["data-ready", "data-stale"]});
"""


# Nothing where the last step of a drag left the same cells, whose matches are there already.
PARTS = """() => performance.getEntriesByType("resource")
    .filter(entry => /\\/match/.test(entry.name) && entry.startTime > watched.moved)
    .sort((a, b) => b.startTime - a.startTime).slice(0, 1)
    .map(({startTime, responseEnd}) => [watched.moved, startTime, responseEnd, watched.seen, watched.painted])
    .map(times => times.slice(1).map((time, i) => time - times[i]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("benchmark-data"))
    parser.add_argument("--frames", default="20000x1000", help="source for the frames (default: %(default)s)")
    parser.add_argument("--size", default="1000000x650:float16", help="source for the rest (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=20)
    options = parser.parse_args()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for size, measures in ((options.frames, [frames]), (options.size, [matches, first_view])):
            path = prepare(options.data, size)
            print(f"\n{path.name}")
            with serving(path):
                for measure in measures:
                    measure(chromium, path.name, options.repeat)
        chromium.close()
    print_sizes()


def prepare(directory: Path, size: str) -> Path:
    shape, _, dtype = size.partition(":")
    steps, cells = map(int, shape.split("x"))
    path = make_project(directory, steps, cells, dtype or "float32")
    source = Project(path).sources["states::states"]
    if not open_index(path, source):
        build_with_figures(path, source)
    return path


def open_page(chromium: Browser, **parameters: object) -> Page:
    """A page in a context of its own, with nothing in its cache, when it waits for nothing more."""
    page = chromium.new_context(viewport=VIEW).new_page()  # type: ignore[arg-type]
    page.add_init_script(WATCH)
    page.goto(f"{ADDRESS}?{urlencode(parameters)}")
    rest(page)
    return page


def rest(page: Page) -> None:
    """Wait until the page waits for nothing more, also after what the pointer did last."""
    page.evaluate(FRAME_DONE)
    page.wait_for_function("() => document.body?.dataset.ready === 'true' && watched.painted")


def centre(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box, selector
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def frames(chromium: Browser, name: str, repeat: int) -> None:
    header("drag", "cells on", "frames", "script p50", "p95", "max", "whole p50", "p95", "max")
    page = open_page(chromium, project=name, pos=5000, width=COLUMN, range="5010,5012")
    shown = page.locator("[data-view=words] [data-pos]").count()
    assert shown >= 100, f"only {shown} steps are shown"

    def brush() -> Iterator[tuple[float, float]]:
        x, y = centre(page, "[data-view=words] [data-pos='5004']")
        yield x, y
        for move in range(MOVES):
            yield x + COLUMN * 95 * (0.5 - 0.5 * np.cos(move / 12)), y

    def threshold() -> Iterator[tuple[float, float]]:
        box = page.get_by_role("slider", name="Threshold").bounding_box()
        assert box
        x, y = box["x"] + 300, box["y"] + box["height"] / 2
        yield x, y
        for move in range(MOVES):
            yield x, y - 60 * np.sin(move / 12)

    for title, way in (("brush", brush), ("threshold", threshold)):
        spent = trace(chromium, page, way)
        cells = page.locator("[data-cell]").count()
        figures = [f(spent[:, part]) for part in (0, 1) for f in (np.median, p95, np.max)]
        row(title, cells, len(spent), *figures)
    page.context.close()


def trace(chromium: Browser, page: Page, way: Callable[[], Iterator[tuple[float, float]]]) -> np.ndarray:
    """Drag along; what was spent for each frame that had a movement of the pointer in it: frames x (script, whole)."""
    places = way()
    page.mouse.move(*next(places))
    page.mouse.down()
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        chromium.start_tracing(page=page, path=file.name, categories=CATEGORIES)
        for place in places:
            page.mouse.move(*place)
            page.evaluate(FRAME_DONE)
        chromium.stop_tracing()
        events = json.loads(Path(file.name).read_text())["traceEvents"]
    page.mouse.up()
    rest(page)
    return spent_by_frame(events)


def spent_by_frame(events: list[dict[str, Any]]) -> np.ndarray:
    (thread,) = {(event["pid"], event["tid"]) for event in events if event["name"] == "FireAnimationFrame"}
    spans = [event for event in events if (event["pid"], event["tid"]) == thread and event["ph"] == "X"]
    ends = sorted(event["ts"] for event in spans if event["name"] == "Commit")  # of frames
    spent = np.zeros((len(ends) + 1, 2))
    moved = np.zeros(len(ends) + 1, np.bool_)
    until = 0  # what lies within a span that has been counted is counted with it
    for event in sorted(spans, key=lambda event: event["ts"]):
        frame = np.searchsorted(ends, event["ts"])
        if event["name"] == "RunTask":
            spent[frame, 1] += event.get("tdur", 0) / 1000
        elif event["name"] in SCRIPT and event["ts"] >= until:
            until = event["ts"] + event["dur"]
            spent[frame, 0] += event.get("tdur", 0) / 1000
            moved[frame] |= event["name"] == "EventDispatch" and event["args"]["data"]["type"] == "pointermove"
    return spent[moved]


def matches(chromium: Browser, name: str, repeat: int) -> None:
    header("matches", "least", "p50", "p95")
    page = open_page(chromium, project=name, pos=400_000, width=COLUMN)
    parts: list[list[float]] = []
    drag = 0
    while len(parts) < repeat:
        drag += 1
        x, y = centre(page, f"[data-view=words] [data-pos='{400_005 + drag * 7 % 80}']")
        page.mouse.move(x, y)
        page.mouse.down()
        page.evaluate("performance.clearResourceTimings()")
        for column in range(1, 4 + drag % 4):
            page.mouse.move(x + column * COLUMN, y)
            page.evaluate(FRAME_DONE)
        page.wait_for_function("() => watched.painted > watched.handled")
        parts += page.evaluate(PARTS)
        page.mouse.up()
        rest(page)
    page.context.close()
    times = np.array(parts)
    for title, part in zip(("until asked", "until answered", "until seen", "until all"), times.T, strict=True):
        row(title, part.min(), np.median(part), p95(part))
    for title, count in (("seen, in all", 3), ("all, in all", 4)):
        total = times[:, :count].sum(axis=1)
        row(title, total.min(), np.median(total), p95(total))


def first_view(chromium: Browser, name: str, repeat: int) -> None:
    header("first view", "least", "p50", "p95")
    opened = {
        "project": {"project": name, "pos": 400_000},
        "with matches": {"project": name, "pos": 400_000, "range": "400005,400007"},
    }
    for title, parameters in opened.items():
        times = []
        for _ in range(repeat):
            page = open_page(chromium, **parameters)
            times.append(page.evaluate("watched.painted"))
            page.context.close()
        row(title, min(times), np.median(times), p95(times))


def print_sizes() -> None:
    print(f"\n{'shipped':14}{'bytes':>14}{'gzipped':>14}")
    for file in sorted(ASSETS.iterdir()):
        content = file.read_bytes()
        print(f"{file.suffix[1:]:14}{len(content):14,}{len(gzip.compress(content)):14,}")


def header(*titles: str) -> None:
    print("\n" + f"{titles[0]:14}" + "".join(f"{title:>11}" for title in titles[1:]))


def row(title: str, *values: object) -> None:
    cells = (f"{value:11.1f}" if isinstance(value, float) else f"{value:>11}" for value in values)
    print(f"{title:14}" + "".join(cells), flush=True)


def p95(times: np.ndarray) -> float:
    return float(np.quantile(times, 0.95))


if __name__ == "__main__":
    main()
