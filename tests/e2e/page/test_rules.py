"""What holds in every state of the page."""

from __future__ import annotations

import pytest

from tests.e2e.page.driver import Page
from tests.e2e.page.server import Answer, PageServer
from tests.e2e.page.stories import found, hit


def test_nothing_is_loaded_from_outside_and_no_rule_is_broken(page: Page, server: PageServer) -> None:
    """Under the gateway's content policy, I expect a whole search without one complaint of the browser."""
    server.samples = [{"url": "/v1/samples/0.jpg", "label": "A red bag"}]
    server.answers.put(Answer(found(hit(), box=[0.1, 0.1, 0.6, 0.6])))
    page.open().choose()
    page.says("#headline", "1 match")
    loaded = page.script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert [name for name in loaded if not name.startswith((server.url, f"blob:{server.url}"))] == []
    assert page.complaints() == []


@pytest.mark.parametrize("width", [390, 1280])
def test_no_state_is_wider_than_the_screen(page: Page, server: PageServer, width: int) -> None:
    """Neither a phone nor a desk has to scroll sideways, not even for a title of one long word."""
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    server.answers.put(Answer(found(*[hit(title="x" * 400, brand="y" * 400)] * 3, label="z" * 400)))
    page.open().choose()
    page.says("#headline", "3 matches")
    assert page.script("return document.documentElement.scrollWidth") <= width
