"""The way to an image host is bad: the fetch ends in its time with a reason, and never with half an image."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.faults.network.link import Link
from tests.integration.loopback import loopback_host, ok, says
from workers.vision.fetch import FetchCode, Fetched, Fetcher, FetchLimits, FetchProblem

PHOTO = bytes(range(256)) * 400
LIMITS = FetchLimits(seconds=1.0, ports=None)
ENDS_WITHIN_S = 5.0


@pytest.fixture
def link() -> Iterator[Link]:
    with loopback_host(says(ok(PHOTO))) as host, Link(host.port) as way:
        yield way


Fault = Callable[[Link], AbstractContextManager[None]]

FAULTS: dict[str, Fault] = {
    "frozen": lambda link: link.frozen(),
    "reset": lambda link: link.reset(),
    "cut in the middle of the request": lambda link: link.cut_after(10),
    "a bit at a time": lambda link: link.drip(20_000),
    "too late": lambda link: link.latency(2.0),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fetch_over_a_bad_way_fails_in_its_time_and_the_next_one_succeeds(link: Link, fault: Fault) -> None:
    fetcher = Fetcher(LIMITS, lambda _: True)
    url = f"http://127.0.0.1:{link.port}/a.jpg"
    with fault(link):
        began = time.monotonic()
        problem = fetcher.fetch(url)
        assert time.monotonic() - began < ENDS_WITHIN_S
    assert isinstance(problem, FetchProblem)
    assert problem.code is FetchCode.FAILED
    assert fetcher.fetch(url) == Fetched(PHOTO, None, None)
