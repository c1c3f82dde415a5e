"""Whatever a shop's data holds, its cards read well and run nothing."""

from __future__ import annotations

from tests.e2e.page.driver import Page
from tests.e2e.page.server import Answer, PageServer
from tests.e2e.page.stories import found, hit


def test_null_fields_of_a_product_leave_a_card_that_reads_well(page: Page, server: PageServer) -> None:
    bare = hit()
    bare["product"] = dict.fromkeys(bare["product"]) | {"id": "SKU-1"}
    server.answers.put(Answer(found(bare)))
    page.open().choose()
    assert page.read(".card").split("\n") == ["SKU-1", "0.81"]
    assert not page.is_shown("a.card")


def test_what_a_product_says_never_becomes_markup(page: Page, server: PageServer) -> None:
    """Given markup in every text of a product, I expect to read it as it stands, and nothing to run."""
    markup = "<img src=x onerror='window.hurt=1'><b>&amp;"
    hostile = hit(title=markup, brand=markup, availability=markup, url="javascript:window.hurt=1")
    server.answers.put(Answer(found(hostile, label=markup, categories=[{"name": "2" + markup}])))
    page.open().choose()
    page.says(".card .title", markup)
    assert page.read(".card .brand-name") == markup
    assert markup in page.read("#seen")
    assert page.script("return document.querySelectorAll('.card b, #seen img, .card [onerror]').length") == 0
    assert page.all("a.card") == []
    assert page.script("return window.hurt ?? null") is None


def test_an_image_of_another_host_is_not_loaded(page: Page, server: PageServer) -> None:
    elsewhere = hit() | {"image_url": "https://elsewhere.example/x.jpg"}
    server.answers.put(Answer(found(elsewhere)))
    page.open().choose()
    page.shown(".card .tile svg")
    assert page.all(".card img") == []
    assert page.complaints() == []  # the content policy had nothing to stop
