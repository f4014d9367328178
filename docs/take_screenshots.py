"""Take the pictures of both pages that the README shows: python docs/take_screenshots.py ADDRESS

ADDRESS is that of a server over the parentheses demo, http://127.0.0.1:8888 for `make demo`.
"""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
PAGES = {"projects": "", "exploring": "?project=parens&source=states%3A%3Alayer1%2Fcell&range=12%2C17"}
SIZES = {"": (1400, 900), "-small": (800, 600)}
COLOURS = 40


def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8888"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        # Without motion nothing is still fading in.
        page = browser.new_page(reduced_motion="reduce")
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for size, (width, height) in SIZES.items():
                page.set_viewport_size({"width": width, "height": height})
                for name, query in PAGES.items():
                    page.goto(f"{address}/{query}")
                    page.wait_for_selector("body[data-ready=true]")
                    save(page, HERE / f"{name}{size}-{theme}.png")
        browser.close()


def save(page: Page, path: Path) -> None:
    """With few colours, which makes a third of the size of it and no difference to the eye."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
