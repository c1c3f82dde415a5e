"""Liveness, readiness, metrics, and the pages."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import insert

from services.gateway.resources import health
from shared.db.engine import now
from shared.db.tables import replicas, workers
from shared.errors import StoreUnavailable, Unavailable
from tests.gateway_rig import Gateway, png
from tests.integration.gateway.conftest import Open


def with_workers(gateway: Gateway) -> None:
    gateway.make_catalog()
    with gateway.db.write() as c:
        c.execute(insert(workers).values(process="v", kind="vision", stats={}, seen_at=now()))
        c.execute(insert(replicas).values(process="i", group="g1", state={}, seen_at=now()))


def test_with_everything_there_it_is_ready(gateway: Gateway) -> None:
    with_workers(gateway)
    answer = gateway.client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")
    assert set(answer.json["parts"].values()) == {"ok"}


def test_without_workers_or_broker_it_is_degraded_and_names_them(gateway: Gateway) -> None:
    gateway.make_catalog()
    gateway.dispatcher.away = True
    answer = gateway.client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    away = {name for name, said in answer.json["parts"].items() if said != "ok"}
    assert away == {"broker", "vision_workers", "index_workers"}
    assert "g1" in answer.json["parts"]["index_workers"]


@pytest.mark.parametrize("part", ["database", "object_store"])
def test_without_database_or_object_store_it_is_503(
    gateway: Gateway, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise StoreUnavailable("away") if part == "object_store" else Unavailable("away")

    monkeypatch.setattr(gateway.store if part == "object_store" else gateway.db, "ping", away)
    answer = gateway.client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (503, "down")
    assert answer.json["parts"][part].startswith("away")
    assert gateway.client.get("/healthz").json == {"status": "alive"}


def test_a_part_that_hangs_is_away_and_asked_once(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    release, asked = threading.Event(), []

    def hang() -> None:
        asked.append(1)
        release.wait(30)

    monkeypatch.setattr(health, "CHECK_S", 0.05)
    monkeypatch.setattr(gateway.store, "ping", hang)
    answers = [gateway.client.get("/readyz") for _ in range(3)]
    release.set()
    assert [answer.status_code for answer in answers] == [503] * 3
    assert len(asked) == 1


def test_metrics_count_requests_by_outcome(gateway: Gateway) -> None:
    gateway.client.get("/v1/jobs/nobody")
    text = gateway.client.get("/metrics").text
    assert 'tusou_steps_total{action="http",outcome="not_found"}' in text


def test_the_pages_bring_nothing_from_outside(gateway: Gateway) -> None:
    for path in ("/", "/docs"):
        answer = gateway.client.get(path)
        assert (answer.status_code, answer.mimetype) == (200, "text/html")
        assert "https://" not in answer.text
        assert "http://" not in answer.text
    assert gateway.client.get("/static/docs.js").mimetype == "text/javascript"


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/", "/static/nothing.js"]
)
def test_nothing_beside_the_pages_files_is_served(gateway: Gateway, path: str) -> None:
    assert gateway.client.get(path).status_code == 404


def test_samples_are_the_photos_of_a_folder(open_gateway: Open, tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    folder.mkdir()
    (folder / "red_dress.jpg").write_bytes(png())
    (folder / "notes.txt").write_text("no photo")
    (tmp_path / "outside.jpg").write_bytes(b"secret")
    gateway = open_gateway(samples_folder=folder)
    told = gateway.client.get("/v1/samples").json["samples"]
    assert told == [{"url": "/v1/samples/red_dress.jpg", "label": "red dress"}]
    assert gateway.client.get(told[0]["url"]).data == png()
    for name in ("notes.txt", "..%2Foutside.jpg", "%2e%2e/outside.jpg", "nothing.jpg"):
        assert gateway.client.get(f"/v1/samples/{name}").status_code == 404


def test_without_a_folder_there_are_no_samples(gateway: Gateway) -> None:
    assert gateway.client.get("/v1/samples").json == {"samples": []}
    assert gateway.client.get("/v1/samples/a.jpg").status_code == 404
