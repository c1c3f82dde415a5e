"""What may stand between a photo and its products, and what the page offers then."""

from __future__ import annotations

from tests.e2e.page.driver import Page
from tests.e2e.page.server import Answer, PageServer
from tests.e2e.page.stories import found, hit, job, rejected


def test_a_rejected_photo_is_shown_with_the_advice_to_retake_it(page: Page, server: PageServer) -> None:
    server.answers.put(Answer(rejected("Hold the phone still.")))
    page.open().choose()
    page.says(".reasons", "Hold the phone still.")
    assert page.is_shown("#photo img")
    assert page.read("#rejected button") == "Take another photo"


def test_advice_is_asked_again_when_the_language_changes(page: Page, server: PageServer) -> None:
    server.answers.put(Answer(rejected("Hold the phone still.")))
    page.open().choose()
    page.says(".reasons", "Hold the phone still.")
    server.answers.put(Answer(rejected("请握稳手机。")))
    page.click("#language")
    page.says(".reasons", "请握稳手机。")
    assert server.polls[-1].headers["Accept-Language"] == "zh-CN"


def test_a_failed_search_tells_why_and_can_be_tried_again(page: Page, server: PageServer) -> None:
    error = {"code": "index_unavailable", "detail": "No index worker answered.", "retryable": True}
    server.answers.put(Answer(job("failed", error=error)))
    page.open().choose()
    page.says("#headline", "The catalogue does not answer")
    assert page.texts("#problem button") == ["Try again", "Choose another photo"]
    assert page.read("#problem p") == "No index worker answered."
    server.answers.put(Answer(found(hit())))
    page.click("#problem .primary")
    page.says("#headline", "1 match")
    assert server.searches[0].image == server.searches[1].image


def test_a_busy_server_is_not_asked_again_before_its_time(page: Page, server: PageServer) -> None:
    busy = {"code": "overloaded", "detail": "Too many searches are waiting.", "retryable": True}
    server.answers.put(Answer(busy, 429, {"Retry-After": "600"}))
    page.open().choose()
    page.says("#headline", "Busy right now")
    assert not page.shown("#problem .primary").is_enabled()
    assert page.read("#problem .primary").startswith("Try again in ")


def test_a_photo_that_a_retry_cannot_help_is_not_offered_one(page: Page, server: PageServer) -> None:
    server.answers.put(Answer({"code": "unsupported_format", "detail": "Send JPEG."}, 415))
    page.open().choose()
    page.says("#problem button", "Choose another photo")


def test_an_answer_in_part_says_so(page: Page, server: PageServer) -> None:
    server.answers.put(Answer(found(hit(), partial=True)))
    page.open().choose()
    assert "did not answer in time" in page.read("#outcome .note")
    assert page.is_shown(".card")


def test_a_doubtful_match_says_so(page: Page, server: PageServer) -> None:
    server.answers.put(Answer(found(hit(0.2), no_confident_match=True)))
    page.open().choose()
    assert "No confident match" in page.read("#outcome .note")
    assert page.is_shown(".card")


def test_no_hits_is_an_answer_too(page: Page, server: PageServer) -> None:
    server.answers.put(Answer(found(no_confident_match=True)))
    page.open().choose()
    page.says("#headline", "Nothing here looks like it")
