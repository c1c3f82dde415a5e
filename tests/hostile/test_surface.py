"""What the server shows to anybody: the same headers everywhere, and nothing to other sites."""

from __future__ import annotations

import socket

import pytest

from services.gateway.http.headers import SECURITY
from tests.hostile.conftest import Target

pytestmark = [pytest.mark.xdist_group("hostile"), pytest.mark.timeout(300)]

PAGES = (
    "/",
    "/docs",
    "/static/page.js",
    "/openapi.json",
    "/healthz",
    "/metrics",
    "/v1/jobs",
    "/v1/jobs/none",
    "/nothing",
)


def said(target: Target, request: bytes) -> bytes:
    """The head of the answer to bytes that are no request."""
    with socket.create_connection((target.stack.settings.host, target.stack.settings.port), 30) as connection:
        connection.sendall(request)
        return connection.makefile("rb").read(4096).partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize("path", PAGES)
def test_no_answer_is_meant_for_a_page_of_another_site(target: Target, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        answer = target.http.request(method, path, headers=asked)
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
        assert "server" not in answer.headers
        for name, value in SECURITY.items():
            assert name in answer.headers
            assert name == "Cache-Control" or answer.headers[name] == value


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/searches HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /v1/searches HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    ],
    ids=["length", "too large", "coding"],
)
def test_what_the_app_never_sees_is_answered_with_the_same_headers(target: Target, request_: bytes) -> None:
    head = said(target, request_)
    assert head.split(b" ")[1][:1] in (b"4", b"5"), head
    assert b"application/problem+json" in head
    for name, value in SECURITY.items():
        assert f"{name}: {value}".encode() in head


def test_the_pages_run_no_script_that_stands_in_them(target: Target) -> None:
    assert "unsafe" not in SECURITY["Content-Security-Policy"]
    for path in ("/", "/docs"):
        page = target.http.get(path).text
        assert "<script>" not in page
        assert " onclick=" not in page
        assert "style=" not in page
