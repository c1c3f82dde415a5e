"""Errors as problems, the headers of every answer, and the log line of every request."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from services.gateway import problems
from shared import errors
from tests.gateway_rig import Gateway

MEMBERS = {"type", "title", "status", "code", "detail", "retryable"}


def every_error() -> list[type[errors.TusouError]]:
    return [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.TusouError)]


@pytest.mark.parametrize("kind", every_error())
def test_every_error_has_a_status_that_fits_whether_a_retry_helps(kind: type[errors.TusouError]) -> None:
    error = kind("x", "y") if kind is errors.FingerprintMismatch else kind("x")  # type: ignore[call-arg]
    status = problems.status_of(error)
    assert 400 <= status < 600
    assert not (error.retryable and status not in (429, 503))


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/v2/searches", 404, "not_found"),
        ("GET", "/v1/searches", 405, "method_not_allowed"),
        ("PUT", "/v1/jobs", 405, "method_not_allowed"),
        ("POST", "/v1/jobs/abc:explode", 404, "not_found"),
        ("GET", "/v1/jobs/a/b", 404, "not_found"),
        ("POST", "/", 405, "method_not_allowed"),
    ],
)
def test_what_is_not_there_is_a_problem_too(
    gateway: Gateway, method: str, path: str, status: int, code: str
) -> None:
    answer = gateway.client.open(path, method=method)
    assert answer.content_type == "application/problem+json"
    assert set(answer.json) == MEMBERS
    assert (answer.status_code, answer.json["status"], answer.json["code"]) == (status, status, code)


def test_a_405_names_what_is_allowed(gateway: Gateway) -> None:
    assert "POST" in gateway.client.get("/v1/searches").headers["Allow"]


def test_the_unexpected_leaves_no_trace_in_the_answer(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(*_: Any) -> None:
        raise RuntimeError("secret of the house")

    gateway.make_catalog()
    monkeypatch.setattr(gateway.store, "put", explode)
    answer = gateway.search()
    assert (answer.status_code, answer.json["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "secret of the house" in caplog.text


def test_every_answer_carries_the_security_headers(gateway: Gateway) -> None:
    for path in ("/", "/v1/jobs", "/nothing", "/healthz", "/static/page.js", "/openapi.json"):
        headers = gateway.client.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"], path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Access-Control-Allow-Origin" not in headers


def test_answers_about_jobs_are_not_kept_by_caches(gateway: Gateway) -> None:
    assert gateway.client.get("/v1/jobs").headers["Cache-Control"] == "no-store"


def test_head_and_options_are_sane(gateway: Gateway) -> None:
    head = gateway.client.head("/v1/jobs")
    assert (head.status_code, head.data) == (200, b"")
    options = gateway.client.options("/v1/searches")
    assert options.status_code == 200
    assert set(options.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_each_request_is_one_log_line_with_its_route_and_outcome(gateway: Gateway) -> None:
    with structlog.testing.capture_logs() as lines:
        gateway.client.get("/v1/jobs/nobody")
    (line,) = [line for line in lines if line.get("action") == "http"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/jobs/<word:job_id>", 404)
    assert (line["outcome"], line["tenant"]) == ("not_found", "default")
    assert line["ms"] >= 0


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/products", "/v1/index", "/v1/models", "/v1/images/abc"])
def test_without_its_database_the_gateway_says_503_and_come_back(
    gateway: Gateway, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise errors.Unavailable("the database does not answer", code="database_unavailable")

    monkeypatch.setattr(gateway.db, "read", away)
    answer = gateway.client.get(path)
    assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
    assert (answer.json["retryable"], answer.headers["Retry-After"]) == (True, "1")
