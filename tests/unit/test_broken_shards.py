"""Broken shards wait to be tried again, each for itself, twice as long after every failure."""

from __future__ import annotations

from workers.indexer.broken import FIRST_WAIT_S, LONGEST_WAIT_S, BrokenShards

ONE, OTHER = ("index", 0), ("index", 1)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_each_wait_is_twice_the_last_up_to_the_longest() -> None:
    shards = BrokenShards(Clock())
    waits = [shards.note(ONE, "gone").wait_s for _ in range(8)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert (waits[0], waits[-1]) == (FIRST_WAIT_S, LONGEST_WAIT_S)


def test_a_shard_is_due_again_when_its_wait_is_over_and_others_always_are() -> None:
    clock = Clock()
    shards = BrokenShards(clock)
    shards.note(ONE, "gone")
    assert not shards.due(ONE)
    assert shards.due(OTHER)
    clock.now += FIRST_WAIT_S
    assert shards.due(ONE)


def test_a_mended_shard_begins_anew() -> None:
    shards = BrokenShards(Clock())
    shards.note(ONE, "gone")
    shards.note(ONE, "gone")
    shards.mended(ONE)
    assert shards.due(ONE)
    assert shards.reasons() == {}
    again = shards.note(ONE, "gone again")
    assert (again.tries, again.wait_s, shards.reasons()) == (1, FIRST_WAIT_S, {ONE: "gone again"})


def test_shards_that_moved_elsewhere_are_forgotten() -> None:
    shards = BrokenShards(Clock())
    shards.note(ONE, "gone")
    shards.note(OTHER, "gone")
    shards.keep_only({OTHER})
    assert shards.reasons() == {OTHER: "gone"}
