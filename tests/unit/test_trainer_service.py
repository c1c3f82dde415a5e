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

from shared.errors import TusouError, Unavailable
from tests.trainer_rig import jpeg
from workers.trainer.data.example import Example
from workers.trainer.evaluation.service import Service, evaluate_service

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


def _job(state: str = "succeeded", hits: tuple[str, ...] = ()) -> dict[str, Any]:
    found = [{"product": {"id": product, "category": SHOP[product][0]}} for product in hits]
    return {"id": "j", "state": state, "error": None, "result": {"items": [{"hits": found}]}}


def _shop(search: Answer) -> Service:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/searches":
            return search(request)
        product = request.url.path.rpartition("/")[2]
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
    assert (by_category.queries, by_category.r1) == (5, 1.0)


def test_a_photo_is_never_found_with_itself_or_a_copy(tmp_path: Path) -> None:
    asked: list[str] = []

    def search(request: httpx.Request) -> httpx.Response:
        asked.append(request.content.decode("latin-1"))
        return httpx.Response(200, json=_job())

    evaluate_service(_shop(search), tmp_path, _examples(tmp_path))

    excluded = [json.loads(body[body.index('{"image_ids"') :].split("\r\n")[0]) for body in asked]
    assert {"image_ids": ["p-same", "q-same"], "product_ids": []} in excluded
    assert {"image_ids": ["p-p1"], "product_ids": ["p"]} in excluded
    assert {"image_ids": ["p-same", "q-same"], "product_ids": ["q"]} in excluded
    assert {"image_ids": ["r-r1"], "product_ids": []} in excluded


def test_a_busy_service_is_asked_again_when_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []
    monkeypatch.setattr("workers.trainer.evaluation.service.time.sleep", paused.append)
    answers = [httpx.Response(429, headers={"Retry-After": "2"}), httpx.Response(503)]
    service = _shop(lambda _: answers.pop(0) if answers else httpx.Response(200, json=_job(hits=("p", "q"))))

    report = evaluate_service(service, tmp_path, _examples(tmp_path))

    assert report.retrieval_by_category is not None
    assert paused == [2.0, 1.0]


def test_a_service_that_stays_busy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.trainer.evaluation.service.time.sleep", lambda _: None)
    with pytest.raises(TusouError, match="429"):
        evaluate_service(_shop(lambda _: httpx.Response(429)), tmp_path, _examples(tmp_path))


def test_a_rejected_photo_finds_nothing(tmp_path: Path) -> None:
    report = evaluate_service(
        _shop(lambda _: httpx.Response(200, json=_job("rejected"))), tmp_path, _examples(tmp_path)
    )
    assert report.retrieval_by_product is not None
    assert report.retrieval_by_product.r10 == 0


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


def test_a_photo_that_the_catalog_lacks_is_named(tmp_path: Path) -> None:
    service = _shop(lambda _: httpx.Response(200, json=_job()))
    strange = [*_examples(tmp_path), Example(tmp_path / "new.jpg", "shoe", "p")]
    with pytest.raises(TusouError, match=r"new\.jpg of p"):
        evaluate_service(service, tmp_path, strange)
