"""Take the pictures of both pages that the README and demos.md show: python docs/take_screenshots.py ADDRESS

ADDRESS is that of a server over the parentheses demo, http://127.0.0.1:8888 for `make demo`. With `--demos` the
pictures are those of the opening view of every project that is served.
"""

import argparse
import io
import json
import shutil
from pathlib import Path
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
PAGES = {"projects": "", "exploring": "?project=parens&source=states%3A%3Alayer1%2Fcell&range=12%2C17"}
SIZES = {"": (1400, 900), "-small": (800, 600)}
COLOURS = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", nargs="?", default="http://127.0.0.1:8888")
    parser.add_argument("--demos", action="store_true")
    options = parser.parse_args()
    address = options.address
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        # Without motion nothing is still fading in.
        page = browser.new_page(reduced_motion="reduce")
        if options.demos:
            page.set_viewport_size({"width": 1400, "height": 900})
            for name, opening in openings(address):
                visit(page, f"{address}/?project={name}&{opening}")
                save(page, HERE / f"demo-{name}.png")
            return
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for size, (width, height) in SIZES.items():
                page.set_viewport_size({"width": width, "height": height})
                for name, query in PAGES.items():
                    visit(page, f"{address}/{query}")
                    save(page, HERE / f"{name}{size}-{theme}.png")
        browser.close()


def openings(address: str) -> list[tuple[str, str]]:
    """The projects that have an opening view, and its address."""
    with urlopen(f"{address}/api/v2/info") as answer:
        entries = json.load(answer)
    return [(entry["project"], entry["info"]["opening"]) for entry in entries if "opening" in entry["info"]]


def visit(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("body[data-ready=true]")


def save(page: Page, path: Path) -> None:
    """With few colours, which makes a third of the size of it and no difference to the eye."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
