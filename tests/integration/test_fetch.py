"""Fetching by URL from real hosts on loopback: forbidden sides stay unvisited, bad hosts cost little."""

import gzip
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.loopback import Answer, LoopbackHost, loopback_host, ok, redirect, says
from workers.vision.fetch import (
    FetchCode,
    Fetched,
    Fetcher,
    FetchLimits,
    FetchProblem,
    HostPool,
    NotModified,
    host_of,
)
from workers.vision.fetch.connection import client_context
from workers.vision.lane import Lane

JPEG = b"\xff\xd8\xff\xe0 not really \xff\xd9"
CONTEXT = client_context()
KIB = 1024

ALLOWED = ip_address("127.0.0.1")
FORBIDDEN = "127.0.0.2"  # loopback too, but nobody allows it


def fetcher(names: dict[str, list[str]] | None = None, **limits: Any) -> Fetcher:
    """One that may connect to 127.0.0.1 on any port, and knows a few names."""
    known = names or {}

    def look_up(host: str, _: object) -> list[Any]:
        return [ip_address(text) for text in known.get(host, [host])]

    merged = {"seconds": 10, "ports": None} | limits
    return Fetcher(FetchLimits(**merged), lambda a: a == ALLOWED, resolve=look_up, context=CONTEXT)


def code_of(outcome: object) -> FetchCode:
    assert isinstance(outcome, FetchProblem), outcome
    assert outcome.detail.isprintable()
    return outcome.code


@pytest.fixture
def forbidden() -> Iterator[LoopbackHost]:
    """A host on the forbidden side; the test fails if anyone connects to it."""
    with loopback_host(says(ok(JPEG)), address=FORBIDDEN) as host:
        yield host
        assert host.connections == 0


# what a good host gives


def test_the_bytes_come_as_they_are_with_their_validators():
    packed = gzip.compress(JPEG)
    headers = ('ETag: "abc"', "Last-Modified: Mon, 23 Nov 2026 08:00:00 GMT", "Content-Encoding: gzip")
    with loopback_host(says(ok(packed, *headers))) as host:
        outcome = fetcher().fetch(host.url("/a b.jpg?w=1"))
    assert outcome == Fetched(packed, '"abc"', "Mon, 23 Nov 2026 08:00:00 GMT")
    request = host.requests[0].decode()
    assert request.startswith("GET /a%20b.jpg?w=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{host.port}\r\n" in request
    assert "Accept-Encoding: identity\r\n" in request
    assert "Cookie" not in request


def test_chunked_and_unlabelled_bodies_are_read():
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n" + JPEG[:4]
    chunked += b"\r\n%x\r\n" % (len(JPEG) - 4) + JPEG[4:] + b"\r\n0\r\n\r\n"
    for answer in (chunked, b"HTTP/1.0 200 OK\r\n\r\n" + JPEG, b"HTTP/1.1 200 OK\r\n\r\n" + JPEG):
        with loopback_host(says(answer)) as host:
            assert fetcher().fetch(host.url()) == Fetched(JPEG, None, None)


def test_validators_are_sent_and_304_is_not_modified():
    with loopback_host(says(b"HTTP/1.1 304 Not Modified\r\n\r\n")) as host:
        outcome = fetcher().fetch(host.url(), etag='"abc"', last_modified="Mon, 23 Nov 2026 08:00:00 GMT")
        assert outcome == NotModified()
        assert b'If-None-Match: "abc"\r\n' in host.requests[0]
        assert b"If-Modified-Since: Mon, 23 Nov 2026 08:00:00 GMT\r\n" in host.requests[0]
        assert code_of(fetcher().fetch(host.url())) == FetchCode.FAILED


def test_a_validator_that_would_split_the_request_is_neither_kept_nor_sent():
    with loopback_host(says(ok(JPEG, "ETag: a\x80b", "Last-Modified: " + "x" * 300))) as host:
        outcome = fetcher().fetch(host.url(), etag="a\r\nX-Evil: 1")
        assert outcome == Fetched(JPEG, None, None)
        assert b"X-Evil" not in host.requests[0]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, forbidden: LoopbackHost):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, forbidden.url("/"))
    with loopback_host(says(ok(JPEG))) as host:
        assert isinstance(fetcher().fetch(host.url()), Fetched)


# redirects


def test_three_redirects_are_followed_and_a_fourth_is_not():
    def answer(connection: socket.socket, head: bytes) -> None:
        step = int(head.split(b" ")[1].strip(b"/"))
        connection.sendall(
            ok(JPEG) if step == 0 else redirect(f"/{step - 1}", (301, 302, 303, 307, 308)[step])
        )

    with loopback_host(answer) as host:
        assert isinstance(fetcher().fetch(host.url("/3")), Fetched)
        assert host.connections == 4
        assert code_of(fetcher().fetch(host.url("/4"))) == FetchCode.FAILED
        assert host.connections == 8


def test_a_redirect_loop_ends():
    with loopback_host(says(redirect("/again"))) as host:
        assert code_of(fetcher().fetch(host.url("/again"))) == FetchCode.FAILED
        assert host.connections == 4


@pytest.mark.parametrize(
    "location",
    [
        "http://{forbidden}/a.jpg",
        "//{forbidden}/a.jpg",
        "http://inside.example:{port}/a.jpg",
        "http://user@{forbidden}/",
        "http://[::ffff:7f00:2]:{port}/",
        "http://0x7f000002:{port}/",
        "file:///etc/passwd",
        "http://[",
        "http://127.0.0.1:22:22/",
    ],
)
def test_a_redirect_to_the_forbidden_side_is_not_followed(location: str, forbidden: LoopbackHost):
    target = location.format(forbidden=f"{FORBIDDEN}:{forbidden.port}", port=forbidden.port)
    with loopback_host(says(redirect(target))) as host:
        outcome = fetcher({"inside.example": [FORBIDDEN]}).fetch(host.url())
        assert code_of(outcome) == FetchCode.BLOCKED
        assert host.connections == 1


@pytest.mark.parametrize("hops", [0, 1, 2])
def test_every_hop_is_checked_like_the_first(hops: int, forbidden: LoopbackHost):
    """Some redirects on the allowed side, then one to the forbidden one, by name and by address."""
    for end in (f"http://{FORBIDDEN}:{forbidden.port}/", f"http://inside.example:{forbidden.port}/"):

        def answer(connection: socket.socket, head: bytes, end: str = end) -> None:
            step = int(head.split(b" ")[1].strip(b"/"))
            connection.sendall(redirect(end if step == 0 else f"/{step - 1}"))

        with loopback_host(answer) as host:
            outcome = fetcher({"inside.example": [FORBIDDEN]}).fetch(host.url(f"/{hops}"))
            assert code_of(outcome) == FetchCode.BLOCKED
            assert host.connections == hops + 1


def test_a_redirect_in_raw_utf8_is_followed():
    def answer(connection: socket.socket, head: bytes) -> None:
        connection.sendall(ok(JPEG) if b"%E5%9B%BE" in head else redirect("/图.jpg"))

    with loopback_host(answer) as host:
        assert isinstance(fetcher().fetch(host.url()), Fetched)


# the forbidden side


@pytest.mark.parametrize(
    "host",
    ["127.0.0.2", "2130706434", "0x7f000002", "0177.0.0.2", "127.2", "[::ffff:127.0.0.2]", "[::ffff:7f00:2]",
     "[::127.0.0.2]", "[64:ff9b::7f00:2]", "[2002:7f00:2::]", "user@127.0.0.2", "127.0.0.1@127.0.0.2",
     "127.0.0.1%00@127.0.0.2", "127.0.0.1\\@127.0.0.2", "①②⑦.0.0.2", "127。0。0。2", "inside.example",
     "mixed.example", "127.0.0.2.", "127.0.0.02", "0x7f.0.0.2", "017700000002",
     "127.0.0.2%2e", "１２７.0.0.2",
     "[::ffff:127.0.0.2%25lo]", "[0:0:0:0:0:ffff:7f00:2]", "[64:ff9b:1::7f00:2]", "[2001:0:7f00:2::]",
     "[::1%25lo]", "[fe80::1%25eth0]", "[::]", "0.0.0.0", "0", "six.example", "six-and-four.example",
     "mapped.example", "nat64.example"],
)  # fmt: skip
def test_no_spelling_reaches_the_forbidden_side(host: str, forbidden: LoopbackHost):
    names = {
        "inside.example": [FORBIDDEN],
        "mixed.example": ["127.0.0.1", FORBIDDEN],
        "six.example": ["::1"],
        "six-and-four.example": ["127.0.0.1", "::1"],
        "mapped.example": ["::ffff:7f00:2"],
        "nat64.example": ["64:ff9b::7f00:2"],
    }
    outcome = fetcher(names).fetch(f"http://{host}:{forbidden.port}/a.jpg")
    assert code_of(outcome) == FetchCode.BLOCKED


def test_the_systems_resolver_is_checked_too(forbidden: LoopbackHost):
    """`localhost` and every spelling that a system's resolver takes for an address."""
    limits = FetchLimits(ports=None)
    for host in ("localhost", "127.0.0.2", "127.2", "0x7f.2"):
        outcome = Fetcher(limits, context=CONTEXT).fetch(f"http://{host}:{forbidden.port}/")
        assert code_of(outcome) == FetchCode.BLOCKED


def test_a_name_that_changes_sides_is_looked_up_once_per_connection(forbidden: LoopbackHost):
    """DNS rebinding: the first answer is public, every later one is not."""
    answers = iter([["127.0.0.1"], [FORBIDDEN], [FORBIDDEN]])

    def look_up(*_: object) -> list[Any]:
        return [ip_address(text) for text in next(answers)]

    def answer(connection: socket.socket, head: bytes) -> None:
        back = redirect(f"http://rebind.example:{forbidden.port}/") if b"/away" in head else ok(JPEG)
        connection.sendall(back)

    with loopback_host(answer) as host:
        rebound = Fetcher(FetchLimits(ports=None), lambda a: a == ALLOWED, resolve=look_up, context=CONTEXT)
        assert isinstance(rebound.fetch(host.url(host="rebind.example")), Fetched)
        assert code_of(rebound.fetch(host.url(host="rebind.example"))) == FetchCode.BLOCKED
    answers = iter([["127.0.0.1"], [FORBIDDEN]])
    with loopback_host(answer) as host:
        assert code_of(rebound.fetch(host.url("/away", host="rebind.example"))) == FetchCode.BLOCKED


def test_ports_other_than_the_webs_are_blocked_by_default():
    with loopback_host(says(ok(JPEG))) as host:
        assert code_of(Fetcher(FetchLimits(), lambda _: True).fetch(host.url())) == FetchCode.BLOCKED
        assert host.connections == 0


def test_a_redirect_to_another_port_is_blocked_too():
    with loopback_host(says(ok(JPEG))) as other, loopback_host(says(redirect(other.url()))) as host:
        assert code_of(fetcher(ports=frozenset({host.port})).fetch(host.url())) == FetchCode.BLOCKED
        assert (host.connections, other.connections) == (1, 0)


def test_the_next_address_is_tried_when_one_does_not_answer():
    with loopback_host(says(ok(JPEG))) as host:
        names = {"two.example": ["127.0.0.3", "127.0.0.1"]}
        patient = Fetcher(
            FetchLimits(ports=None),
            lambda a: a.is_loopback,
            resolve=lambda name, _: [ip_address(text) for text in names[name]],
            context=CONTEXT,
        )
        assert isinstance(patient.fetch(host.url(host="two.example")), Fetched)


# bad hosts


def drips(head: bytes, drop: bytes, pause: float = 0.05) -> Answer:
    """A host that goes on for ever, a drop at a time: a timeout that each byte renews never ends it."""

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(drop)
            time.sleep(pause)

    return answer


def hangs(connection: socket.socket, _: bytes) -> None:
    connection.recv(1)  # until the guest leaves


@pytest.mark.parametrize(
    "answer",
    [
        hangs,
        drips(b"HTTP/1.1 200 OK\r\n", b"X"),
        drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    ],
    ids=["hangs", "a-header", "headers", "body", "chunks", "chunk-size", "continue", "endless"],
)
def test_a_host_that_never_finishes_fails_at_the_deadline(answer: Answer):
    with loopback_host(answer) as host:
        assert code_of(fetcher(seconds=0.5).fetch(host.url())) == FetchCode.FAILED


def test_the_deadline_covers_all_redirects_together():
    def answer(connection: socket.socket, _: bytes) -> None:
        time.sleep(0.1)
        connection.sendall(redirect("/again"))

    with loopback_host(answer) as host:
        outcome = fetcher(seconds=0.5, max_redirects=100).fetch(host.url())
        assert code_of(outcome) == FetchCode.FAILED
        assert host.connections < 10


def test_a_name_server_that_hangs_fails_at_the_deadline(monkeypatch: pytest.MonkeyPatch):
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: release.wait(60) and [])
    outcome = Fetcher(FetchLimits(seconds=0.2), context=CONTEXT).fetch("http://shop.example/")
    release.set()
    assert code_of(outcome) == FetchCode.FAILED


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
    ],
)
def test_ten_gigabytes_end_at_the_limit(head: bytes):
    sent = 0

    def answer(connection: socket.socket, _: bytes) -> None:
        nonlocal sent
        connection.sendall(head)
        while True:
            sent += connection.send(b"x" * 64 * KIB)

    with loopback_host(answer) as host:
        assert code_of(fetcher(max_bytes=1024 * KIB).fetch(host.url())) == FetchCode.TOO_LARGE
    assert sent < 32 * 1024 * KIB, "the rest is what the kernel's buffers hold"


def test_an_image_of_exactly_the_limit_passes():
    with loopback_host(says(ok(b"x" * 1000))) as host:
        assert isinstance(fetcher(max_bytes=1000).fetch(host.url()), Fetched)
        assert code_of(fetcher(max_bytes=999).fetch(host.url())) == FetchCode.TOO_LARGE


@pytest.mark.parametrize("page", [b"<!doctype html>", b"\n  <html>", b"<?xml version='1.0'?><svg/>"])
def test_a_page_is_no_image_and_is_not_read_to_its_end(page: bytes):
    with loopback_host(
        drips(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + page, b"x" * 100)
    ) as host:
        assert code_of(fetcher().fetch(host.url())) == FetchCode.NOT_IMAGE


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x16\x03\x01 nonsense",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\n\r\n",
        b"HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 302 Found\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + JPEG,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/9.9 abc\r\n\r\n",
    ],
)
def test_a_broken_answer_is_a_failed_fetch(answer: bytes):
    with loopback_host(says(answer)) as host:
        assert code_of(fetcher().fetch(host.url())) == FetchCode.FAILED


def test_a_port_nobody_listens_on_is_a_failed_fetch():
    with loopback_host(says()) as host:
        url = host.url()
    assert code_of(fetcher().fetch(url)) == FetchCode.FAILED


def test_a_name_without_an_address_is_a_failed_fetch():
    assert code_of(fetcher({"none.example": []}).fetch("http://none.example/")) == FetchCode.FAILED


LINES = ["HTTP/1.1 200 OK", "HTTP/1.1 302 Found", "Location: /", "Content-Length: 5", "Content-Length: -1"]
LINES += ["Transfer-Encoding: chunked", "5", "hello", "0", "", ":", "X: \0", "<"]
SPICE = st.sampled_from([line.encode() + b"\r\n" for line in LINES])


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SPICE | st.binary(max_size=6), max_size=8).map(b"".join))
def test_whatever_a_host_says_nothing_is_raised(said: bytes):
    with loopback_host(says(said)) as host:
        assert isinstance(fetcher().fetch(host.url()), Fetched | FetchProblem)


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of `shop.example` that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example"]
    try:
        subprocess.run([*command, "-out", made, "-keyout", key], check=True, capture_output=True)
    except FileNotFoundError:
        if os.environ.get("CI"):
            raise
        pytest.skip("openssl is not installed")
    return made, key


@pytest.fixture
def tls_host(certificate: tuple[Path, Path]) -> Iterator[LoopbackHost]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with loopback_host(says(ok(JPEG)), tls=context) as host:
        yield host


def tls_fetcher(authorities: Path | None, **limits: Any) -> Fetcher:
    return Fetcher(
        FetchLimits(**({"ports": None} | limits)),
        lambda a: a == ALLOWED,
        resolve=lambda *_: [ALLOWED],
        context=client_context(str(authorities) if authorities else None),
    )


def test_https_verifies_the_hosts_name(tls_host: LoopbackHost, certificate: tuple[Path, Path]):
    trusting = tls_fetcher(certificate[0])
    assert trusting.fetch(tls_host.url(scheme="https", host="shop.example")) == Fetched(JPEG, None, None)
    wrong = trusting.fetch(tls_host.url(scheme="https", host="other.example"))
    assert code_of(wrong) == FetchCode.FAILED
    assert len(tls_host.requests) == 1


def test_https_refuses_an_unknown_authority(tls_host: LoopbackHost):
    outcome = tls_fetcher(None).fetch(tls_host.url(scheme="https", host="shop.example"))
    assert code_of(outcome) == FetchCode.FAILED
    assert tls_host.requests == []


def test_a_tls_handshake_that_hangs_fails_at_the_deadline():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://shop.example:{silent.getsockname()[1]}/"
        assert code_of(tls_fetcher(None, seconds=0.3).fetch(url)) == FetchCode.FAILED


def test_a_host_that_drips_over_tls_fails_at_the_deadline(certificate: tuple[Path, Path]):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with loopback_host(drips(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), tls=context) as host:
        outcome = tls_fetcher(certificate[0], seconds=0.5).fetch(
            host.url(scheme="https", host="shop.example")
        )
        assert code_of(outcome) == FetchCode.FAILED


# hosts together


def test_a_host_that_hangs_is_soon_left_alone_and_others_are_served():
    """40 images of a hanging host among 200 of a good one, 8 threads, 4 for each host."""
    good_hosts = loopback_host(says(ok(JPEG)))
    with good_hosts as good, loopback_host(hangs) as bad:
        shared = fetcher(seconds=2, suspend_after=4, suspend_seconds=60)
        pool = HostPool(threads=8, per_host=4)

        def submit(host: LoopbackHost) -> Any:
            return pool.submit(Lane.IMPORT, host_of(host.url()), shared.fetch, host.url())

        hanging = [submit(bad) for _ in range(40)]
        served = [submit(good) for _ in range(200)]
        assert all(isinstance(future.result(60), Fetched) for future in served)
        assert all(code_of(future.result(60)) == FetchCode.FAILED for future in hanging)
        assert bad.connections <= 8, "4 that ran out of time, and 4 that had begun by then"
        pool.shutdown()


def test_a_silent_host_that_answers_again_is_served_again():
    awake = threading.Event()

    def answer(connection: socket.socket, head: bytes) -> None:
        (says(ok(JPEG)) if awake.is_set() else hangs)(connection, head)

    with loopback_host(answer) as host:
        patient = fetcher(seconds=1, suspend_after=1, suspend_seconds=0.1)
        assert code_of(patient.fetch(host.url())) == FetchCode.FAILED
        awake.set()
        time.sleep(0.2)
        assert isinstance(patient.fetch(host.url()), Fetched)
        assert isinstance(patient.fetch(host.url()), Fetched)
