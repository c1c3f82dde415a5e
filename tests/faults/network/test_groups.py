"""Groups of shards die, freeze and come back: answers are partial and say so, or there is none."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.deployment import until
from tests.faults.fleet import Member, timed
from tests.faults.network.conftest import World
from tests.faults.shop import missing, photo

pytestmark = pytest.mark.xdist_group("network")

# `partial_after` is a second; a slow machine takes its time with everything else.
ANSWERED_WITHIN_S = 6.0
WHOLE_WITHIN_S = 10.0


@contextmanager
def killed(member: Member) -> Iterator[None]:
    member.kill()
    yield
    member.start()


@contextmanager
def frozen(member: Member) -> Iterator[None]:
    member.signal(signal.SIGSTOP)
    yield
    member.signal(signal.SIGCONT)


def shards_of(world: World, group: str) -> list[int]:
    shards = world.shop.get("/v1/index")["indexes"][0]["shards"]
    return [shard["shard"] for shard in shards if shard["group"] == group]


def answer(world: World) -> dict[str, Any]:
    return world.shop.end(world.shop.accepted(photo(2)))


@pytest.mark.parametrize("away", [killed, frozen])
def test_without_one_group_answers_name_what_is_missing_until_it_is_back(world: World, away: Any) -> None:
    two = world.fleet.of("indexer")[1]
    held = shards_of(world, "g2")
    assert len(held) == 1
    with away(two):
        for _ in range(3):  # asked while the group still looks alive, and once it is known to be away
            began = time.monotonic()
            assert missing(answer(world)) == held
            assert time.monotonic() - began < ANSWERED_WITHIN_S
    if away is killed:
        until(two.ready, within=60, what="a new process")
    with timed(f"a group {away.__name__}"):
        until(lambda: not missing(answer(world)), within=WHOLE_WITHIN_S, what="a whole answer")


def test_with_every_group_frozen_a_search_fails_and_says_so(world: World) -> None:
    one, two = world.fleet.of("indexer")
    with frozen(one), frozen(two):
        job = answer(world)
    assert (job["state"], job["error"]["code"]) == ("failed", "index_unavailable")
    assert job["error"]["retryable"]
    with timed("all groups frozen"):
        until(lambda: world.shop.match(photo(2)) == "p2", within=WHOLE_WITHIN_S, what="a whole answer")
