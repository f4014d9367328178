"""Take the pictures that the README shows, of the parentheses demo: python docs/take_screenshots.py ADDRESS

ADDRESS is that of a server over the demo, http://127.0.0.1:8888 for `make demo`.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
EXPLORING = "?project=parens&source=states%3A%3Alayer1%2Fcell&range=12%2C17"
SIZE = {"width": 1400, "height": 900}
SETTLED_MS = 800  # rows fade in


def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8888"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for theme in ("light", "dark"):
            page = browser.new_page(viewport=SIZE, color_scheme=theme)
            page.goto(f"{address}/{EXPLORING}")
            page.wait_for_selector("body[data-ready=true]")
            page.wait_for_timeout(SETTLED_MS)
            page.screenshot(path=HERE / f"exploring-{theme}.png")
        browser.close()


if __name__ == "__main__":
    main()
