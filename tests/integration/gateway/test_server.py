"""The gateway behind its real HTTP server: bodies that lie, drip or stop, and a clean end."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from services.gateway.http import server as server_module
from shared.db.tables import jobs, objects
from tests.gateway_rig import NOWHERE, png
from tests.integration.gateway.conftest import Running
from tests.integration.gateway.raw_http import CHUNKED, FORM, TIMEOUT_S, Client, chunk, form, head


def stored(running: Running) -> int:
    return len(running.gateway.rows(jobs)) + len(running.gateway.rows(objects))


def test_a_small_chunked_body_is_fine(running: Running) -> None:
    body = form(png())
    client = running.client()
    client.send(head("POST /v1/searches", **CHUNKED), chunk(body[:50]), chunk(body[50:]), b"0\r\n\r\n")
    assert client.answer().status == 202
    client.close()


def test_a_chunked_body_over_the_calls_limit_is_413(running: Running) -> None:
    client = running.client()
    client.send(head("POST /v1/searches", **CHUNKED), chunk(form(b"x" * 180_000)), b"0\r\n\r\n")
    answer = client.answer()
    assert (answer.status, answer.code) == (413, "too_large")
    assert stored(running) == 0
    client.close()


def test_a_body_over_every_limit_is_413_before_it_has_come(running: Running) -> None:
    for headers, body in (({**FORM, "Content_Length": 10**9}, b""), (CHUNKED, chunk(b"x" * 400_000))):
        client = running.client()
        client.send(head("POST /v1/imports", **headers), body)
        answer = client.answer()
        assert (answer.status, answer.code) == (413, "too_large")
        client.close()
    assert stored(running) == 0


@pytest.mark.parametrize(
    "rest",
    [chunk(form(png())), chunk(form(png()))[:-20], b"", b"0\r\n"],
    ids=["no last chunk", "half a chunk", "no chunk", "no end"],
)
def test_a_chunked_body_that_stops_early_is_never_accepted(running: Running, rest: bytes) -> None:
    client = running.client()
    client.send(head("POST /v1/searches", **CHUNKED), rest)
    client.socket.shutdown(socket.SHUT_WR)
    assert client.socket.recv(1000) == b""
    assert stored(running) == 0
    client.close()


def test_chunks_that_are_none_are_400(running: Running) -> None:
    client = running.client()
    client.send(head("POST /v1/searches", **CHUNKED), b"zz\r\nhello\r\n0\r\n\r\n")
    answer = client.answer()
    assert (answer.status, answer.code) == (400, "bad_request")
    client.close()


@pytest.mark.parametrize("start", [b"", b"5;", b"0\r\nA: "], ids=["size", "extension", "trailer"])
def test_lines_between_chunks_that_never_end_are_400(running: Running, start: bytes) -> None:
    """What came of them is copied with each byte that comes: 20 MB of them took half a minute of the loop."""
    client = running.client()
    client.send(head("POST /v1/searches", **CHUNKED), start, b"5" * 100_000)
    answer = client.answer()
    assert (answer.status, answer.code) == (400, "bad_request")
    client.close()


@pytest.mark.parametrize(
    "request_",
    [head("GET http://[::1/v1/jobs"), head("POST /v1/searches", Content_Length="9" * 5000)],
    ids=["address", "length"],
)
def test_what_python_refuses_to_read_is_400(running: Running, request_: bytes) -> None:
    client = running.client()
    client.send(request_)
    answer = client.answer()
    assert (answer.status, answer.code) == (400, "bad_request")
    client.close()


def test_clients_that_fall_silent_hold_nobody_up(running: Running) -> None:
    """More of them than there are request threads, each in the middle of a body."""
    drips = [running.client() for _ in range(running.gateway.settings.gateway_threads + 18)]
    for client in drips:
        client.send(head("POST /v1/searches", **FORM, Content_Length=1000), b"--")
    assert [running.get().status for _ in range(5)] == [200] * 5
    for client in drips:
        client.close()
    assert stored(running) == 0


def test_a_client_that_drips_too_long_is_408(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "BODY_S", 0.2)
    client = running.client()
    client.send(head("POST /v1/searches", **FORM, Content_Length=1000))
    turn = threading.Event()
    while not select.select([client.socket], [], [], 0)[0]:
        client.send(b"-")
        turn.wait(0.02)
    answer = client.answer()
    assert (answer.status, answer.code) == (408, "too_slow")
    assert answer.headers["connection"] == "close"
    client.close()


def test_a_forwarding_header_reaches_the_guard(running: Running) -> None:
    """Waitress would remove it, and a proxy's callers would look like this machine's."""
    for name in ("X_Forwarded_For", "Forwarded", "X_Forwarded_Host", "Via"):
        client = running.client()
        client.send(head("GET /v1/jobs", **{name: "for=203.0.113.9"}))
        assert client.answer().status == 401, name
        client.close()
    assert running.get("/v1/jobs").status == 200


def test_without_a_host_nobody_is_on_this_machine(running: Running) -> None:
    client = running.client()
    client.send(b"GET /v1/jobs HTTP/1.0\r\n\r\n")
    assert client.answer().status == 401
    client.close()


def test_an_id_reaches_the_gateway_as_it_was_sent(running: Running) -> None:
    for sent, status in (("a%2Fb%2F%2Fc", 200), ("%E5%95%86", 200), ("a%FFb", 422), ("a%00b", 422)):
        client = running.client()
        body = b'{"title": "x"}'
        client.send(
            head(f"PUT /v1/products/{sent}", Content_Type="application/json", Content_Length=len(body)), body
        )
        assert client.answer().status == status, sent
        client.close()
    told = json.loads(running.get("/v1/products").body)["products"]
    assert [product["id"] for product in told] == ["a/b//c", "商"]


def test_stopping_answers_who_waits_and_takes_no_more(running: Running) -> None:
    client = running.client()
    body = form(png())
    client.send(head("POST /v1/searches", **FORM, Prefer="wait=60", Content_Length=len(body)), body)
    turn = threading.Event()
    while not running.gateway.deps.waiters._events:
        turn.wait(0.01)
    running.server.stop()
    assert client.answer().status == 202
    running.thread.join(TIMEOUT_S)
    with pytest.raises(ConnectionRefusedError):
        running.client()
    client.close()


def test_the_process_serves_until_sigterm_and_ends_with_zero(tmp_path: Path, migrated: Path) -> None:
    """Every real part: settings from the environment, the folder store, a broker that is away."""
    (tmp_path / "tusou.db").write_bytes(migrated.read_bytes())
    variables = {"TUSOU_HOME": str(tmp_path), "TUSOU_PORT": "0", "TUSOU_REDIS_URL": NOWHERE}
    program = subprocess.Popen(
        [sys.executable, "-m", "services.gateway"],
        env={**os.environ, **variables},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stderr is not None
    line = next(line for line in program.stderr if "serving on" in line)
    port = int(json.loads(line)["event"].rpartition(":")[2])
    client = Client(port)
    client.send(head("GET /healthz"))
    assert client.answer().status == 200
    client.close()
    program.send_signal(signal.SIGTERM)
    program.stderr.read()
    assert program.wait(TIMEOUT_S) == 0


def test_the_process_refuses_an_older_schema_and_says_what_to_do(tmp_path: Path) -> None:
    variables = {"TUSOU_HOME": str(tmp_path), "TUSOU_PORT": "0", "TUSOU_REDIS_URL": NOWHERE}
    run = subprocess.run(
        [sys.executable, "-m", "services.gateway"],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "tusou migrate" in run.stderr
    assert run.stdout == ""
    assert "Traceback" not in run.stderr
