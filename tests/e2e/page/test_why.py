"""A reader asks why a product was found, and sees what matched in both pictures."""

from __future__ import annotations

from tests.e2e.page.driver import Page
from tests.e2e.page.server import Answer, PageServer
from tests.e2e.page.stories import found, hit, job

ADDRESS = "/v1/jobs/01J9/explanations/1?item=0"
EXPLAINED = {
    "query_url": "/v1/images/over-the-photo?sig=good",
    "result_url": "/v1/images/over-the-product?sig=good",
    "method": "occlusion",
    "score": 0.81,
}
SIDES = "return [...document.querySelectorAll('#why img')].map((image) => image.getBoundingClientRect().top)"


def test_why_shows_what_matched_in_both_pictures_side_by_side(page: Page, server: PageServer) -> None:
    """Given a server that needs a moment, I expect the page to ask again until it is told."""
    server.answers.put(Answer(found(hit() | {"explanation_url": ADDRESS})))
    page.open().choose()
    page.click(".why")
    page.says("#why-body", "Looking at both pictures…")
    server.answers.put(Answer(job("running"), 202))
    server.answers.put(Answer(EXPLAINED))
    page.waits_for(
        "return [...document.querySelectorAll('#why img')].filter((i) => i.naturalWidth).length === 2"
    )
    assert [image.get_attribute("src").partition("/v1")[2] for image in page.all("#why img")] == [
        address.partition("/v1")[2] for address in (EXPLAINED["query_url"], EXPLAINED["result_url"])
    ]
    assert len(set(page.script(SIDES))) == 1
    assert page.texts("#why figcaption") == ["Your photo", "The product"]
    assert [asked.path for asked in server.polls] == [ADDRESS, ADDRESS]
    assert server.searches[0].fields["explain"] == "true"
    assert page.complaints() == []


def test_why_is_told_in_chinese(page: Page, server: PageServer) -> None:
    server.answers.put(Answer(found(hit() | {"explanation_url": ADDRESS})))
    page.open(languages="zh-CN").choose()
    page.says(".why", "为什么？")
    server.answers.put(Answer(EXPLAINED))
    page.click(".why")
    page.says("#why-heading", "为什么相似")
    page.until(lambda: page.texts("#why figcaption") == ["您的照片", "商品图"], "the pictures have no names")


def test_an_explanation_that_cannot_be_had_says_why_and_closes(page: Page, server: PageServer) -> None:
    gone = {"code": "image_gone", "detail": "The image is gone.", "retryable": False}
    server.answers.put(Answer(found(hit() | {"explanation_url": ADDRESS})))
    page.open().choose()
    page.click(".why")
    server.answers.put(Answer(gone, 410))
    page.says("#why-body", "The image is gone.")
    page.click("#why .plain")
    assert not page.is_shown("#why")
    page.says("#headline", "1 match")


def test_the_key_goes_to_no_other_host(page: Page, server: PageServer) -> None:
    """An explanation at another host's address has no link."""
    server.answers.put(Answer(found(hit() | {"explanation_url": "https://elsewhere.example/why"})))
    page.open().choose()
    page.shown(".card")
    assert page.all(".why") == []
