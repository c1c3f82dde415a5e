"""The README's picture of the page: `python -m tests.e2e.page.screenshot docs/screenshot.png [LANGUAGE]`.

A real deployment with the whole sample catalogue, the page in headless Chromium, a click on a sample photo.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image
from selenium.webdriver import Chrome

from services.cli import importing
from services.cli.sample.catalog import write_sample
from tests.deployment import client_of, deployed
from tests.e2e.page.driver import Page
from tests.servers.chromium import find_chromium, open_browser

WIDTH, HEIGHT = 1280, 900  # two rows of cards
PHOTO = "12-headphones.jpg"

# Images below the screen's edge are loaded only when somebody scrolls there.
ALL_DRAWN = """
const shown = [...document.images].filter((image) => image.getBoundingClientRect().top < innerHeight);
return shown.every((image) => image.complete && image.naturalWidth > 0)
  && document.getAnimations().every((animation) => animation.playState === 'finished');
"""


def take(picture: Path, language: str) -> None:
    """Write the PNG `picture`, WIDTH x HEIGHT, of the page in `language`."""
    with tempfile.TemporaryDirectory(prefix="tusou-screenshot-") as scratch:
        folder = Path(scratch)
        sample = write_sample(folder / "sample")
        queries = str(sample.folder / "queries")
        with (
            deployed(folder / "home", data_folder=sample.folder, TUSOU_SAMPLES_FOLDER=queries) as stack,
            open_browser(find_chromium(), folder / "profile") as browser,
        ):
            job = importing.run(client_of(stack), sample.manifest, quiet=True, base="")
            assert job["state"] == "succeeded", job
            _search(Page(browser, stack.url, folder), language)
            browser.save_screenshot(str(picture))
    _shrink(picture)


def _search(page: Page, language: str) -> None:
    _set_screen(page.browser)
    # The second time is shown: the first search of a process is slower than all later ones.
    for _ in range(2):
        page.open(languages=language)
        page.click(f"#samples img[src$='{PHOTO}']")
        page.shown(".card:not(.skeleton)")
        page.waits_for(ALL_DRAWN)
    page.script("document.activeElement.blur()")


def _set_screen(browser: Chrome) -> None:
    screen = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})


def _shrink(picture: Path) -> None:
    """64 levels a channel where it is not nearly white: nobody sees it, and the file is a third smaller."""
    with Image.open(picture) as shot:
        rounded = shot.convert("RGB").point(lambda level: level if level >= 244 else (level + 2) // 4 * 4)
    rounded.save(picture, optimize=True)


if __name__ == "__main__":
    take(Path(sys.argv[1]), *(sys.argv[2:] or ["en"]))
