"""The pace of searches: work counts once, however many share it, and rest not at all."""

from __future__ import annotations

import pytest

from workers.vision.pace import HALVED_AFTER_S, Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_before_the_first_search_there_is_none(clock: Clock) -> None:
    pace = Pace(clock)
    with pace.search():
        clock.now += 1
        assert pace.service_s() == 0.0


def test_rest_between_searches_does_not_count(clock: Clock) -> None:
    pace = Pace(clock)
    for _ in range(2):
        with pace.search():
            clock.now += 0.5
        clock.now += 60
    assert pace.service_s() == pytest.approx(0.5)


def test_searches_side_by_side_share_their_time(clock: Clock) -> None:
    pace = Pace(clock)
    with pace.search():
        clock.now += 1
        with pace.search():
            clock.now += 1
    assert pace.service_s() == pytest.approx(1.0)


def test_what_was_long_ago_counts_less_and_less(clock: Clock) -> None:
    pace = Pace(clock)
    with pace.search():
        clock.now += HALVED_AFTER_S + 1
    for _ in range(100):
        with pace.search():
            clock.now += 1
    assert pace.service_s() < 1.5
