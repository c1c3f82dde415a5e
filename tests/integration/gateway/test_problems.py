"""Errors as problems, the headers of every answer, and the log line of every request."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import structlog

from services.gateway.http import problems
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
    answer = gateway.client.get("/v1/searches")
    assert "POST" in answer.headers["Allow"]
    assert answer.json["detail"] == f"/v1/searches takes {answer.headers['Allow']}, not GET"


def test_a_404_of_an_address_says_where_the_addresses_are(gateway: Gateway) -> None:
    detail = gateway.client.get("/v1/nothing").json["detail"]
    assert detail == "there is nothing at /v1/nothing; /docs names every call"


def test_a_413_says_whether_the_body_or_its_parts_are_too_much(gateway: Gateway) -> None:
    def refused(**options: Any) -> str:
        answer = gateway.client.post("/v1/searches", **options)
        assert answer.status_code == 413
        return str(answer.json["detail"])

    form = "multipart/form-data"
    assert "more than 200 parts" in refused(data={f"f{i}": "1" for i in range(1000)}, content_type=form)
    assert "of more than 500000 bytes" in refused(data={"filters": "x" * 600_000}, content_type=form)
    assert refused(data=b"x" * 20_000_000, content_type="application/json").startswith("the body is larger")


def test_json_that_is_nested_too_deep_is_told_in_our_words(gateway: Gateway) -> None:
    answer = gateway.client.post("/v1/searches", data=b"[" * 200_000, content_type="application/json")
    assert answer.json["detail"] == "body: this JSON is nested too deep"


def test_a_refused_value_is_told_without_the_validators_own_words(gateway: Gateway) -> None:
    answer = gateway.search(crop="[0, 0, 0, 0]")
    assert answer.json["detail"] == "crop: crop is x0, y0, x1, y1 with x0 < x1 and y0 < y1"


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


def test_a_form_that_was_cut_short_says_so(gateway: Gateway) -> None:
    answer = gateway.client.post(
        "/v1/searches",
        data=b"--tusou\r\nContent-Disposition: form-data; name=limit",
        content_type="multipart/form-data; boundary=tusou",
    )
    assert answer.status_code == 422
    assert "cut short" in answer.json["detail"]


@pytest.mark.parametrize("path", ["/v1/searches", "/v1/images", "/v1/imports"])
@pytest.mark.parametrize(
    "disposition", ["form-data", 'form-data; filename="a.png"', 'form-data; name="a\x17"']
)
def test_a_part_without_a_readable_name_is_refused(gateway: Gateway, path: str, disposition: str) -> None:
    """Werkzeug calls it None."""
    gateway.make_catalog()
    answer = gateway.client.post(
        path,
        data=f"--tusou\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n--tusou--\r\n".encode(),
        content_type="multipart/form-data; boundary=tusou",
    )
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"limit": ' + b"9" * 5_000 + b"}", "body: a number has at most 4300 digits here"),
        (b'{"a": "\xff"}', "body: this is not JSON: it is not UTF-8"),
        ('{"limit": 5}'.encode("utf-16"), "body: this is not JSON: it is not UTF-8"),
        (b'{"limit": NaN}', "body: this is not JSON: NaN is no JSON number"),
        (
            b'{"image_url": "ftp://x"}',
            "image_url: an address begins with http:// or https:// and holds no space",
        ),
        (b'{"image_id": "a b"}', "image_id: an image's id is 1 to 64 letters, digits, _ and -"),
        (
            b'{"product_id": "p", "filters": {"price": {"currency": "EURO"}}}',
            "filters.price.currency: a currency has three letters, such as EUR",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words(gateway: Gateway, body: bytes, detail: str) -> None:
    """Not in those of Python, nor as a regular expression."""
    answer = gateway.client.post("/v1/searches", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["detail"]) == (422, detail)


def test_an_answer_does_not_repeat_all_that_was_sent(gateway: Gateway) -> None:
    gateway.make_catalog()
    long = "x" * 100_000
    answers = [
        gateway.client.get(f"/v1/jobs/{long}"),
        gateway.client.get(f"/v1/images/{long}"),
        gateway.client.get(f"/{long}"),
        gateway.client.post("/v1/searches", json={long: 1}),
        gateway.client.post("/v1/searches", json={f"f{n}": 1 for n in range(10_000)}),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 422, 422]
    assert all(len(answer.get_data()) < 20_000 for answer in answers)
    assert answers[0].json["detail"].startswith("there is no job xxx")


@pytest.mark.parametrize("host", ["a b", "[::1", "a/b", "a:b:c", "x:99999999", "%%%", "<script>"])
def test_a_host_that_is_none_is_named(gateway: Gateway, host: str) -> None:
    answer = gateway.client.get("/v1/jobs", headers={"Host": host})
    assert answer.status_code == 401
    assert answer.json["detail"].startswith("The Host header is no host, or host and port. Without keys")
    assert gateway.client.get("/v1/jobs", headers={"Host": "[::1]:8000"}).status_code == 200
    elsewhere = gateway.client.get("/v1/jobs", headers={"Host": "shop.example:8000"})
    assert elsewhere.json["detail"].startswith("Without keys")


def test_a_body_of_another_type_says_what_may_be_sent(gateway: Gateway) -> None:
    answer = gateway.client.post("/v1/searches", data=b"x", content_type="text/plain")
    assert answer.status_code == 415
    assert "multipart/form-data or application/json" in answer.json["detail"]


def test_products_of_a_catalog_that_is_not_there_are_404(gateway: Gateway) -> None:
    gateway.make_catalog()
    assert gateway.client.get("/v1/products?catalog=nope").status_code == 404
    detail = gateway.client.get("/v1/products?catalog=.x").json["detail"]
    assert detail.startswith("catalog: a catalog's name")


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/products"])
@pytest.mark.parametrize("body", [b'[1.5,"\\ud800"]', b'"a\\u0000"', b"[" * 5_000, b"[1e999,1]", b"{}", b"7"])
def test_a_cursor_that_no_page_gave_is_refused(gateway: Gateway, path: str, body: bytes) -> None:
    gateway.make_catalog()
    answer = gateway.client.get(path, query_string={"after": base64.urlsafe_b64encode(body).decode()})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "after")
