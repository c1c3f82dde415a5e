"""A gateway with keys on: the page asks for one."""

from __future__ import annotations

from selenium.webdriver import Keys

from tests.e2e.page.driver import Page
from tests.e2e.page.server import Answer, PageServer
from tests.e2e.page.stories import found, hit


def test_a_search_key_is_asked_for_and_kept_for_the_tab(page: Page, server: PageServer) -> None:
    """Given keys are on, When I give the right one, I expect hits with images, and not to be asked again."""
    server.key = "ts_right"
    page.open().choose()
    page.shown("#key-dialog #key").send_keys("ts_right", Keys.ENTER)
    server.answers.put(Answer(found(hit())))
    page.says("#headline", "1 match")
    assert server.searches[-1].headers["Authorization"] == "Bearer ts_right"
    page.waits_for("return document.querySelector('.card img')?.naturalWidth > 0")
    page.browser.refresh()
    server.answers.put(Answer(found(hit(), hit())))
    page.choose()
    page.says("#headline", "2 matches")
    assert page.script("return localStorage.length") == 0


def test_a_wrong_key_is_told_and_asked_for_again(page: Page, server: PageServer) -> None:
    server.key = "ts_right"
    page.open().choose()
    page.shown("#key").send_keys("ts_wrong", Keys.ENTER)
    page.says("#key-refused", "That key was not accepted.")
    page.shown("#key").send_keys("ts_right", Keys.ENTER)
    server.answers.put(Answer(found(hit())))
    page.says("#headline", "1 match")


def test_without_a_key_the_photo_waits_for_one(page: Page, server: PageServer) -> None:
    server.key = "ts_right"
    page.open().choose()
    page.click("#key-dialog .plain")
    page.says("#headline", "A search key is needed")
    page.click("#problem .primary")
    assert page.is_shown("#key-dialog")


def test_a_key_can_be_forgotten(page: Page, server: PageServer) -> None:
    server.key = "ts_right"
    page.open().choose()
    page.shown("#key").send_keys("ts_right", Keys.ENTER)
    page.click("#forget-key")
    assert page.script("return sessionStorage.length") == 0
