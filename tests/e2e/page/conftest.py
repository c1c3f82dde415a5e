"""The fake gateway, the page it serves, and the browser that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.e2e.page.driver import Page
from tests.e2e.page.server import PageServer, serving
from tests.servers.absent import NotInstalled, missing
from tests.servers.chromium import find_chromium, open_browser


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One browser for all tests here: they share no origin, and starting it takes longer than a test."""
    try:
        chromium = find_chromium()
    except NotInstalled as absent:
        missing(absent.name, absent.reason)
    with open_browser(chromium, tmp_path_factory.mktemp("browser") / "profile") as chrome:
        yield chrome


@pytest.fixture
def server() -> Iterator[PageServer]:
    with serving() as started:
        yield started


@pytest.fixture
def page(browser: Chrome, server: PageServer, tmp_path: Path) -> Iterator[Page]:
    page = Page(browser, server.url, tmp_path)
    page.forget_everything()
    yield page
    browser.get("about:blank")  # ends what the page still waits for
