"""/docs in a browser: it shows every call, and complains of nothing."""

from __future__ import annotations

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.gateway_rig import SPEC
from tests.integration.gateway.conftest import Running


def test_the_page_of_the_api_shows_every_call(running: Running, browser: Chrome) -> None:
    browser.get(f"http://127.0.0.1:{running.server.port}/docs")
    calls = sum(len(methods) for methods in SPEC["paths"].values())
    WebDriverWait(browser, 20).until(lambda b: len(b.find_elements(By.CSS_SELECTOR, "details")) == calls)
    search = browser.find_element(By.XPATH, "//details[.//code='/v1/searches']")
    search.find_element(By.TAG_NAME, "summary").click()
    assert "min_score" in search.text
    assert "multipart/form-data" in search.text
    assert browser.get_log("browser") == []
