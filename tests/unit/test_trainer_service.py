"""The running service measured over HTTP, with answers made here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("torch", reason="torch is an extra")
pytest.importorskip("torchmetrics", reason="an extra of the trainer")

from shared.errors import InvalidRequest, NotFound, TusouError, Unavailable
from tests.trainer_rig import jpeg
from workers.trainer.data.example import Example
from workers.trainer.evaluation.client import Service, open_service
from workers.trainer.evaluation.page import report_page
from workers.trainer.evaluation.service import evaluate_service

Answer = Callable[[httpx.Request], httpx.Response]
# Product -> category and photos; p's second photo and q's are one file.
SHOP = {"p": ("shoe", ["p1", "p2", "same"]), "q": ("shoe", ["q1", "same"]), "r": ("hat", ["r1"])}


def _examples(folder: Path) -> list[Example]:
    for n, name in enumerate(sorted({name for _, names in SHOP.values() for name in names})):
        (folder / f"{name}.jpg").write_bytes(jpeg((n * 40, 9, 9)))
    return [
        Example(folder / f"{name}.jpg", category, product)
        for product, (category, names) in SHOP.items()
        for name in names
    ]


def _job(
    state: str = "succeeded",
    hits: tuple[str, ...] = (),
    categories: dict[str, float] | None = None,
    **result: Any,
) -> dict[str, Any]:
    """Hits are `product` or `product-photo`."""
    found = [
        {
            "product": {"id": name[0], "category": SHOP[name[0]][0]},
            "image_id": name,
            "score": 0.9 - 0.1 * rank,
        }
        for rank, name in enumerate(hits)
    ]
    told = [{"name": name, "score": share} for name, share in (categories or {}).items()]
    item = {"hits": found, "categories": told}
    return {
        "id": "j",
        "state": state,
        "error": None,
        "reasons": [{"code": "too_dark"}] if state == "rejected" else [],
        "result": {
            "items": [item],
            "main_item": 0,
            "model": "abcdef",
            "index": {"partial": False},
            **result,
        },
    }


def _shop(search: Answer) -> Service:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/searches":
            return search(request)
        product = request.url.path.rpartition("/")[2]
        if product not in SHOP:
            return httpx.Response(404, json={"code": "not_found", "detail": "there is no such product"})
        images = [{"id": f"{product}-{name}", "source": f"{name}.jpg"} for name in SHOP[product][1]]
        return httpx.Response(200, json={"images": images})

    return Service(httpx.Client(transport=httpx.MockTransport(answer), base_url="http://shop.test"))


def test_the_figures_are_those_of_the_service_s_answers(tmp_path: Path) -> None:
    """It always answers p, q: right for four of five photos by product at some rank, and so on by hand."""
    service = _shop(lambda _: httpx.Response(200, json=_job(hits=("p", "q"))))

    report = evaluate_service(service, tmp_path, _examples(tmp_path))

    by_product, by_category = report.retrieval_by_product, report.retrieval_by_category
    assert by_product is not None
    assert by_category is not None
    assert (by_product.queries, by_product.r1, by_product.r5) == (5, 0.6, 1.0)
    assert by_product.mrr == pytest.approx((3 + 2 / 2) / 5)
    assert (by_category.queries, by_category.r1) == (5, 1.0)
    assert by_category.ndcg > by_product.ndcg > 0
    assert report.facts["fingerprint"] == "abcdef"


def _excluded(request: httpx.Request) -> dict[str, list[str]]:
    body = request.content.decode("latin-1")
    told: dict[str, list[str]] = json.loads(body[body.index('{"image_ids"') :].split("\r\n")[0])
    return told


def test_categories_are_measured_as_the_labels_of_a_model_are(tmp_path: Path) -> None:
    """Only the search that leaves the photo's product out tells; a shoe is a bag by halves, a hat a shoe."""

    def search(request: httpx.Request) -> httpx.Response:
        left_out = _excluded(request)["product_ids"]
        if not left_out:
            return httpx.Response(200, json=_job(categories={"trap": 1.0}))
        shares = {"shoe": 0.6, "bag": 0.4} if left_out != ["r"] else {"shoe": 0.9, "hat": 0.1}
        return httpx.Response(200, json=_job(categories=shares))

    report = evaluate_service(_shop(search), tmp_path, _examples(tmp_path))

    found = report.classification
    assert found is not None
    assert [one.label for one in found.labels] == ["bag", "hat", "shoe"]
    assert (found.accuracy, found.unanswered) == (pytest.approx(5 / 6), 0)
    assert found.confusion == ((0, 0, 0), (0, 0, 1), (0, 0, 5))
    assert found.calibration.ece == pytest.approx((5 * 0.4 + 0.9) / 6, abs=1e-6)
    assert (found.labels[1].roc_area, found.labels[0].roc_area) == (1.0, None)
    assert [(m.label, m.taken_for, round(m.probability, 2)) for m in report.mistakes] == [
        ("hat", "shoe", 0.9)
    ]
    assert "neighbour" in report.probabilities
    assert "neighbour" in report_page(report)


def test_a_photo_without_categories_is_an_answer_that_is_missing(tmp_path: Path) -> None:
    def search(request: httpx.Request) -> httpx.Response:
        if _excluded(request)["product_ids"] == ["r"]:
            return httpx.Response(200, json=_job("rejected"))
        return httpx.Response(200, json=_job(categories={"shoe": 1.0}))

    report = evaluate_service(_shop(search), tmp_path, _examples(tmp_path))

    found = report.classification
    assert found is not None
    assert (found.pictures, found.unanswered, found.accuracy) == (6, 1, pytest.approx(5 / 6))
    assert "without an answer" in report_page(report)


def test_wrong_first_hits_are_shown(tmp_path: Path) -> None:
    service = _shop(lambda _: httpx.Response(200, json=_job(hits=("r-r1", "q-q1", "p-p1"))))

    report = evaluate_service(service, tmp_path, _examples(tmp_path))

    first = report.misses_by_product[0]
    assert (first.label, first.found_label, first.score) == ("shoe", "hat", 0.9)
    assert first.found.endswith("r1.jpg")
    assert first.thumbnail != first.found_thumbnail


def test_a_catalog_that_has_grown_gives_no_figure_above_one(tmp_path: Path) -> None:
    """It knows four photos of p, the manifest three."""
    hits = ("p-p1", "p-p2", "p-same", "p-new")
    service = _shop(lambda _: httpx.Response(200, json=_job(hits=hits)))

    report = evaluate_service(service, tmp_path, _examples(tmp_path))

    assert report.retrieval_by_product is not None
    assert report.retrieval_by_product.map <= 1


def test_what_answers_and_is_no_tusou_is_told(tmp_path: Path) -> None:
    with pytest.raises(TusouError, match="no Tusou"):
        evaluate_service(_shop(lambda _: httpx.Response(200, text="<html>")), tmp_path, _examples(tmp_path))


@pytest.mark.parametrize("url", ["localhost:1", "ftp://shop.test", "http://", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest, match="no address"):
        open_service(url, "default")


def test_a_photo_is_never_found_with_itself_or_a_copy(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []

    def search(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=_job())

    evaluate_service(_shop(search), tmp_path, _examples(tmp_path))

    excluded = [_excluded(request) for request in asked]
    assert {"image_ids": ["p-same", "q-same"], "product_ids": []} in excluded
    assert {"image_ids": ["p-p1"], "product_ids": ["p"]} in excluded
    assert {"image_ids": ["p-same", "q-same"], "product_ids": ["q"]} in excluded
    assert {"image_ids": ["r-r1"], "product_ids": []} in excluded


def test_a_busy_service_is_asked_again_when_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []
    monkeypatch.setattr("workers.trainer.evaluation.client.time.sleep", paused.append)
    date = {"Retry-After": "Fri, 27 Nov 2026 12:00:00 GMT"}  # as a proxy may say it
    answers = [httpx.Response(429, headers={"Retry-After": "2"}), httpx.Response(503, headers=date)]
    service = _shop(lambda _: answers.pop(0) if answers else httpx.Response(200, json=_job(hits=("p", "q"))))

    report = evaluate_service(service, tmp_path, _examples(tmp_path))

    assert report.retrieval_by_category is not None
    assert sorted(paused) == [1.0, 2.0]


def test_a_service_that_stays_busy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.trainer.evaluation.client.time.sleep", lambda _: None)
    with pytest.raises(TusouError, match="429"):
        evaluate_service(_shop(lambda _: httpx.Response(429)), tmp_path, _examples(tmp_path))


def test_a_rejected_photo_finds_nothing(tmp_path: Path) -> None:
    report = evaluate_service(
        _shop(lambda _: httpx.Response(200, json=_job("rejected"))), tmp_path, _examples(tmp_path)
    )
    assert report.retrieval_by_product is not None
    assert report.retrieval_by_product.r10 == 0
    assert (report.facts["rejected photos"], report.facts["rejected as too_dark"]) == (6, 6)
    assert report.classification is None


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, json=_job("failed")), TusouError),
        (httpx.Response(429, text="later"), TusouError),
        (httpx.ConnectError("no route"), Unavailable),
    ],
)
def test_a_service_in_trouble_gives_no_figures(
    tmp_path: Path, answer: httpx.Response | httpx.ConnectError, error: type[TusouError]
) -> None:
    def search(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, httpx.ConnectError):
            raise answer
        return answer

    with pytest.raises(error):
        evaluate_service(_shop(search), tmp_path, _examples(tmp_path))


def test_photos_that_the_catalog_has_not_are_left_out_and_counted(tmp_path: Path) -> None:
    """A photo of a bad row, and a product that was deleted since."""
    service = _shop(lambda _: httpx.Response(200, json=_job(hits=("p", "q"))))
    strange = [Example(tmp_path / "new.jpg", "shoe", "p"), Example(tmp_path / "s1.jpg", "shoe", "gone")]

    report = evaluate_service(service, tmp_path, [*strange, *_examples(tmp_path)])

    assert (report.facts["photos"], report.facts["photos not in the catalog"]) == (6, 2)
    with pytest.raises(NotFound, match="none of these photos"):
        evaluate_service(service, tmp_path, strange)


def test_a_refusal_is_told_by_its_sentence(tmp_path: Path) -> None:
    problem = {"type": "about:blank", "code": "not_found", "detail": "there is no product 'p'"}
    service = _shop(lambda _: httpx.Response(404, json=problem))
    with pytest.raises(TusouError) as told:
        evaluate_service(service, tmp_path, _examples(tmp_path))
    assert told.value.detail == "POST /v1/searches gave 404: there is no product 'p'"
