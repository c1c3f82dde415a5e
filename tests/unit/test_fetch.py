"""Fetching by URL without a socket: which URLs and addresses are refused, and which hosts are left alone."""

import re
import socket
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.vision.fetch import FetchCode, Fetcher, FetchLimits, FetchProblem, host_of
from workers.vision.fetch.address import is_public
from workers.vision.fetch.connection import client_context
from workers.vision.fetch.health import HostHealth
from workers.vision.fetch.target import Target, parse_target

CONTEXT = client_context()  # loads the authorities once
WEB_PORTS = frozenset({80, 443})
at_any_speed = settings(deadline=None)  # the machine may be busy


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to connect fails the test."""

    def connect(*_: object) -> None:
        raise AssertionError("a connection was attempted")

    monkeypatch.setattr(socket.socket, "connect", connect)


FORBIDDEN = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254
    168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1
    192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
    255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1
    64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2
    2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:808:808::1 3fff::1 5f00::1 fc00::1
    fd00:ec2::254 fe80::1 fec0::1 ff02::1 4000::1 2a00:1450::5efe:7f00:1
    2a00:1450::200:5efe:a00:1
"""

PUBLIC = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.0.0.1 128.0.0.1
    172.15.255.255 172.32.0.0 192.167.0.1 192.169.0.1 198.17.0.1 198.20.0.1 223.255.255.255
    2001:200::1 2001:4860:4860::8888 2003::1 2400:cb00::1 2606:4700::1111 2a00:1450:4001::200e
"""


@pytest.mark.parametrize("text", FORBIDDEN.split())
def test_special_addresses_are_not_public(text: str):
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC.split())
def test_ordinary_addresses_are_public(text: str):
    assert is_public(ip_address(text))


@given(st.ip_addresses())
def test_nothing_is_public_that_the_standard_library_calls_private(address):
    if is_public(address):
        assert address.is_global
        assert not any((address.is_multicast, address.is_reserved, address.is_loopback))
        assert getattr(address, "ipv4_mapped", None) is None
        assert getattr(address, "sixtofour", None) is None
        assert getattr(address, "teredo", None) is None


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://shop.example", Target("http", "shop.example", 80, "/")),
        ("HTTPS://Shop.Example./a.jpg", Target("https", "shop.example.", 443, "/a.jpg")),
        ("https://shop.example:443/a?b=c#d", Target("https", "shop.example", 443, "/a?b=c")),
        ("http://8.8.8.8/a", Target("http", "8.8.8.8", 80, "/a")),
        ("http://[2606:4700::1111]/a", Target("http", "2606:4700::1111", 80, "/a")),
        (
            "http://shop.example/a b/ü%20?q=图",
            Target("http", "shop.example", 80, "/a%20b/%C3%BC%20?q=%E5%9B%BE"),
        ),
        ("http://bücher.example/", Target("http", "xn--bcher-kva.example", 80, "/")),
        ("http://shop.example?x", Target("http", "shop.example", 80, "/?x")),
        ("http://my_cdn.example/a", Target("http", "my_cdn.example", 80, "/a")),
    ],
)
def test_a_plain_url_is_taken_apart(url: str, target: Target):
    assert parse_target(url, WEB_PORTS) == target


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/",  # 127.0.0.1 as one number
        "http://017700000001/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.01/",
        "http://1.2.3.4.5/",
        "http://8.8.8.8./",
        "http://１２７.1/",
        "http://user@shop.example/",
        "http://user:password@shop.example/",
        "http://shop.example@127.0.0.1/",
        "http://@shop.example/",
        "http://shop.example\\@127.0.0.1/",
        "http://[::1/",
        "http://[::1%25lo]/",
        "http://[::1]x/",
        "http://[v1.x]/",
        "http://[127.0.0.1]/",
        "http://::1/",
        "http://shop.example:22/",
        "http://shop.example:8080/",
        "http://shop.example:99999/",
        "http://shop.example:x/",
        "http://sh op.example/",
        "http://shop.example\n/",
        "http://shop.example/\r\nHost: x",
        "http://shop.example/\0",
        "http://shop.example/\ud800",
        "http://sh\u2100p.example/",
        "http://a..b/",
        "http://.example/",
        "http://" + "a" * 64 + ".example/",
        "http://" + ".".join(["a" * 60] * 5) + "/",
        "http:///a.jpg",
        "http://",
        "//shop.example/",
        "shop.example/a.jpg",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "http://shop.example/" + "x" * 2000,
        "",
    ],
)
@pytest.mark.usefixtures("no_network")
def test_a_url_with_two_readings_is_blocked_before_any_look_up(url: str):
    def no_look_up(*_: object) -> list[object]:
        raise AssertionError("a host was looked up")

    outcome = Fetcher(FetchLimits(), resolve=no_look_up, context=CONTEXT).fetch(url)
    assert isinstance(outcome, FetchProblem)
    assert outcome.code == FetchCode.BLOCKED


@at_any_speed
@given(st.text() | st.text(st.sampled_from("htps:/@[]%.#?\\0123456789abcdefx \t")).map("http://".__add__))
def test_any_text_gives_a_printable_target_or_a_problem(url: str):
    target = parse_target(url, None)
    if isinstance(target, Target):
        assert re.fullmatch(r"[a-z0-9._:-]+", target.host)
        assert re.fullmatch(r"/[!-~]*", target.path)
        assert host_of(url) == target.netloc


@pytest.mark.parametrize("address", FORBIDDEN.split())
@pytest.mark.usefixtures("no_network")
def test_a_host_that_resolves_to_a_forbidden_address_is_not_connected_to(address: str):
    """Whatever else it resolves to."""
    for found in (["8.8.8.8", address], [address, "8.8.8.8"], [address]):
        answer = [ip_address(text) for text in found]
        fetcher = Fetcher(FetchLimits(), resolve=lambda *_, answer=answer: answer, context=CONTEXT)
        outcome = fetcher.fetch("http://shop.example/a.jpg")
        assert isinstance(outcome, FetchProblem)
        assert outcome.code == FetchCode.BLOCKED
        assert address not in outcome.detail


def test_host_of_counts_unusual_ports_apart():
    assert host_of("https://a.example:443/x") == host_of("http://A.example/y") == "a.example"
    assert host_of("http://a.example:8080/") == "a.example:8080"
    assert host_of("images/1.jpg") is None


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_host_that_never_answers_is_left_alone_and_then_tried_once():
    clock = Clock()
    health = HostHealth(suspend_after=3, suspend_seconds=30, clock=clock)
    for _ in range(3):
        assert health.may_try("a")
        health.timed_out("a")
    assert not health.may_try("a")
    assert health.may_try("b")
    clock.now = 30
    assert health.may_try("a")
    assert not health.may_try("a"), "one fetch at a time tries a silent host"
    health.answered("a")
    assert health.may_try("a")
    assert health.may_try("a")


def test_a_host_that_never_answered_gets_little_and_is_left_alone_sooner():
    health = HostHealth(suspend_after=16, suspend_seconds=30, clock=Clock())
    assert health.at_once("new.example", 8) == 2
    assert health.at_once("new.example", 1) == 1
    for _ in range(4):
        assert health.may_try("new.example")
        health.timed_out("new.example")
    assert not health.may_try("new.example")


def test_a_host_that_answered_gets_its_share_until_it_runs_out_of_time():
    health = HostHealth(suspend_after=16, suspend_seconds=30, clock=Clock())
    health.answered("a.example")
    assert health.at_once("a.example", 8) == 8
    for _ in range(15):
        health.timed_out("a.example")
        assert health.at_once("a.example", 8) == 2
        assert health.may_try("a.example"), "a pause of a good host costs it no half a minute"
    health.timed_out("a.example")
    assert not health.may_try("a.example")
    health.answered("a.example")
    assert health.at_once("a.example", 8) == 8


def test_a_silent_host_stays_suspended_while_it_stays_silent():
    clock = Clock()
    health = HostHealth(suspend_after=1, suspend_seconds=30, clock=clock)
    health.timed_out("a")
    clock.now = 30
    assert health.may_try("a")
    clock.now = 40
    health.timed_out("a")
    clock.now = 69
    assert not health.may_try("a")
    clock.now = 70
    assert health.may_try("a")


def test_an_answer_between_timeouts_starts_the_count_anew():
    health = HostHealth(suspend_after=2, suspend_seconds=30, clock=Clock())
    for _ in range(5):
        health.timed_out("a")
        assert health.may_try("a")
        health.answered("a")


def test_hosts_are_forgotten_when_there_are_too_many():
    health = HostHealth(suspend_after=1, suspend_seconds=30, clock=Clock())
    for number in range(10_001):
        health.timed_out(f"host-{number}")
    assert health.may_try("host-0")
    assert not health.may_try("host-10000")
