"""A photo goes in, products come out."""

from __future__ import annotations

import base64
import json
from io import BytesIO

import pytest
from PIL import Image
from selenium.webdriver import ActionChains, Keys

from tests.e2e.page.driver import GIVE_FILE, Page
from tests.e2e.page.server import Answer, PageServer
from tests.e2e.page.stories import drawing, found, hit, job

SAMPLES_ANSWERED = """
const answered = ({name, responseEnd}) => name.endsWith('/v1/samples') && responseEnd > 0;
return performance.getEntriesByType('resource').some(answered);
"""


def test_a_chosen_photo_becomes_cards_of_products(page: Page, server: PageServer) -> None:
    """Given a photo, When its search succeeds, I expect each hit's title, price, rating, stock and score."""
    server.answers.put(Answer(found(hit(0.81), hit(0.79, "cup", title="Mug", availability="out_of_stock"))))
    page.open().choose()
    page.says("#headline", "2 matches")
    assert page.read(".card .title") == "Canvas tote bag"
    assert page.read(".card .price") == "€39.90"
    assert page.read(".card .rating") == "4.6 (212)"
    assert page.read(".card .stock") == "In stock"
    assert page.read(".card .score") == "0.81"
    assert page.shown(".card .stars").get_attribute("aria-label") == "4.6 out of 5, 212 ratings"
    assert page.shown("a.card").get_attribute("href") == "https://shop.example/p/sku-1"
    assert "noopener" in (page.shown("a.card").get_attribute("rel") or "")
    assert page.read("#seen .chip") == "bag93%"


def test_a_search_is_sent_as_the_contract_wants_it(page: Page, server: PageServer) -> None:
    server.answers.put(Answer(found(hit())))
    page.open().choose()
    page.says("#headline", "1 match")
    [search] = server.searches
    assert search.path == "/v1/searches"
    assert search.image == drawing("query")
    assert search.fields == {"limit": "24", "explain": "true"}
    assert search.headers["Prefer"] == "wait=20"
    assert search.headers["Accept-Language"] == "en"
    assert "Authorization" not in search.headers


def test_progress_is_told_until_the_job_is_finished(page: Page, server: PageServer) -> None:
    """Given a 202, When the polls say queued, running and succeeded, I expect a sentence for each."""
    page.open().choose()
    page.says("#headline", "Recognising")
    assert page.is_shown(".skeleton")
    server.answers.put(Answer(job("queued"), 202))
    page.says("#headline", "Waiting for a free moment")
    server.answers.put(Answer(job("running")))
    page.says("#headline", "Searching")
    server.answers.put(Answer(found(hit())))
    page.says("#headline", "1 match")
    assert not page.is_shown(".skeleton")
    assert {poll.path for poll in server.polls} == {"/v1/jobs/01J9?wait=20"}


def test_a_poll_that_fails_for_a_moment_is_made_again(page: Page, server: PageServer) -> None:
    page.open().choose()
    server.answers.put(Answer(job("queued"), 202))
    server.answers.put(Answer({"code": "overloaded", "retryable": True}, 429, {"Retry-After": "0"}))
    server.answers.put(Answer(found(hit())))
    page.says("#headline", "1 match")


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_a_photo_may_be_pasted_or_dropped(page: Page, server: PageServer, kind: str) -> None:
    server.answers.put(Answer(found(hit())))
    page.open().script(GIVE_FILE, kind, "shoe.png", base64.b64encode(drawing("shoe")).decode())
    page.says("#headline", "1 match")
    assert server.searches[0].image == drawing("shoe")


def test_a_sample_photo_is_searched_by_a_click(page: Page, server: PageServer) -> None:
    server.samples = [{"url": "/v1/samples/0.jpg", "label": "A red bag"}]
    server.answers.put(Answer(found(hit())))
    page.open().click("#samples button")
    page.says("#headline", "1 match")
    assert server.searches[0].image == drawing("/v1/samples/0.jpg")


@pytest.mark.parametrize("samples", [None, []])
def test_without_samples_there_is_no_strip(
    page: Page, server: PageServer, samples: list[dict[str, str]] | None
) -> None:
    server.samples = samples
    page.open().waits_for(SAMPLES_ANSWERED)
    assert not page.is_shown("#samples")


def test_a_heavy_photo_is_made_smaller_before_it_leaves(page: Page, server: PageServer) -> None:
    """Given a photo of more than 2 MB, I expect a JPEG whose long side is 1600 pixels."""
    heavy = BytesIO()
    Image.new("RGB", (2400, 1800)).save(heavy, "BMP")
    server.answers.put(Answer(found(hit())))
    page.open().choose(heavy.getvalue(), "phone.bmp")
    page.says("#headline", "1 match")
    sent = Image.open(BytesIO(server.searches[0].image))
    assert (sent.format, sent.size) == ("JPEG", (1600, 1200))


def test_a_file_that_is_no_photo_is_not_sent(page: Page, server: PageServer) -> None:
    page.open().choose(b"hello", "notes.txt")
    assert "not a photo" in page.read("#not-a-photo")
    assert server.searches == []


def test_a_part_of_the_photo_can_be_searched(page: Page, server: PageServer) -> None:
    """Given an answer, When a box is dragged over the right half, I expect a search with that crop."""
    server.answers.put(Answer(found(hit(), hit())))
    page.open().choose()
    page.says("#headline", "2 matches")
    page.click("#select-part")
    photo = page.shown("#photo")
    width, height = photo.size["width"], photo.size["height"]
    drag = ActionChains(page.browser).move_to_element(photo).click_and_hold()
    drag.move_by_offset(width // 4, height // 4).release().perform()
    server.answers.put(Answer(found(hit())))
    page.click("#search-part")
    page.says("#headline", "1 match")
    crop = json.loads(server.searches[1].fields["crop"])
    assert crop == pytest.approx([0.5, 0.5, 0.75, 0.75], abs=0.02)


def test_the_part_can_be_chosen_with_keys_alone(page: Page, server: PageServer) -> None:
    server.answers.put(Answer(found(hit(), hit())))
    page.open().choose()
    page.says("#headline", "2 matches")
    page.click("#select-part")
    server.answers.put(Answer(found(hit())))
    keys = ActionChains(page.browser).send_keys(Keys.ARROW_LEFT)
    keys.key_down(Keys.SHIFT).send_keys(Keys.ARROW_DOWN).key_up(Keys.SHIFT).send_keys(Keys.ENTER).perform()
    page.says("#headline", "1 match")
    assert json.loads(server.searches[1].fields["crop"]) == pytest.approx([0.18, 0.2, 0.78, 0.82])
