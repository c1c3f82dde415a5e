"""The page of the API, as a real gateway serves it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from services.gateway.http.server import Server
from tests.e2e.page.driver import Page
from tests.gateway_rig import NOWHERE, Gateway

# Every call opened: how wide the page is, and the narrowest cell of prose and name of a call.
WIDTHS = """
document.querySelectorAll('details').forEach((call) => { call.open = true; });
const widths = (css) => [...document.querySelectorAll(css)].filter((one) => one.textContent.length > 30)
  .map((one) => one.getBoundingClientRect().width);
return [document.documentElement.scrollWidth, widths('td:last-child'), widths('summary > span')];
"""


@pytest.fixture
def docs(browser: Chrome, tmp_path: Path) -> Iterator[Page]:
    gateway = Gateway(f"sqlite:///{tmp_path / 'tusou.db'}", redis_url=NOWHERE, port=0)
    server = Server(gateway.app, gateway.settings)
    thread = threading.Thread(target=server.run, args=(gateway.deps.waiters.close,))
    thread.start()
    page = Page(browser, f"http://127.0.0.1:{server.port}/docs", tmp_path)
    page.forget_everything()
    yield page
    browser.get("about:blank")
    server.stop()
    thread.join()
    gateway.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_calls_can_be_read_on_a_phone_and_on_a_desk(docs: Page, width: int) -> None:
    """Nothing goes beyond the screen, and no text stands in a column of a few letters."""
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    docs.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    docs.open()
    docs.until(lambda: len(docs.all("details")) > 20, "the calls are not drawn")
    whole, cells, names = docs.script(WIDTHS)
    assert whole <= width
    assert min(cells) >= 240
    assert min(names) >= 200
