"""Headless Chromium, driven by Selenium, without a network."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.servers.absent import NotInstalled
from tests.servers.processes import send, wait_until_gone

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # Chromium refuses its sandbox as root, which build machines are
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--window-size=1280,900",
)


@dataclass(frozen=True)
class Chromium:
    browser: str
    driver: str


def find_chromium() -> Chromium:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        raise NotInstalled("Chromium", "not on the PATH (Debian: apt-get install chromium chromium-driver)")
    return Chromium(browser, driver)


@contextmanager
def open_browser(chromium: Chromium, profile: Path) -> Iterator[Chrome]:
    """A browser with an empty profile in the folder `profile`; all its processes are gone afterwards."""
    options = ChromeOptions()
    options.binary_location = chromium.browser
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    # The browser's own log, so that a test can ask what the page complained about.
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options=options, service=Service(executable_path=chromium.driver))
    processes = psutil.Process(browser.service.process.pid).children(recursive=True)
    try:
        yield browser
    finally:
        browser.quit()
        for process in wait_until_gone(processes, timeout_s=5.0):
            send(process, signal.SIGKILL)
