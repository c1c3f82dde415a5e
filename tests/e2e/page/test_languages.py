"""The page speaks English and Chinese."""

from __future__ import annotations

import pytest

from tests.e2e.page.driver import Page
from tests.e2e.page.server import Answer, PageServer
from tests.e2e.page.stories import found, hit

SHAPE_OF_WORDS = """
const done = arguments[0];
const shapeOf = (word) => (typeof word === 'object' ? shape(word) : typeof word);
const shape = (table) =>
  Object.fromEntries(Object.entries(table).map(([name, word]) => [name, shapeOf(word)]));
import('/static/words.js').then(({WORDS}) => done(Object.values(WORDS).map(shape)));
"""


@pytest.mark.parametrize(
    ("languages", "heading"),
    [("zh-CN,zh", "拍一张，找同款"), ("en-GB,en", "Find it by photo"), ("fr-FR,fr", "Find it by photo")],
)
def test_the_page_speaks_the_readers_language(page: Page, languages: str, heading: str) -> None:
    page.open(languages=languages).says("h1", heading)


def test_a_chosen_language_is_kept(page: Page) -> None:
    page.open().click("#language")
    page.says("h1", "拍一张，找同款")
    assert page.script("return document.documentElement.lang") == "zh-CN"
    page.open()
    page.says("h1", "拍一张，找同款")


def test_hits_are_told_in_the_language_chosen_after_they_came(page: Page, server: PageServer) -> None:
    server.answers.put(Answer(found(hit(price={"amount": "1290", "currency": "CNY"}))))
    page.open().choose()
    page.says(".card .price", "CN¥1,290.00")
    page.click("#language")
    page.says(".card .price", "¥1,290.00")
    page.says("#headline", "1 件相似商品")


def test_both_languages_have_the_same_words(page: Page) -> None:
    """Given two tables, I expect the same names in both, and functions where the other has functions."""
    page.open()
    english, chinese = page.browser.execute_async_script(SHAPE_OF_WORDS)
    assert english == chinese
