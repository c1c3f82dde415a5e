"""When a batch waits for more, decided on a clock that the test moves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.vision.batching.lanes import LaneQueue

PATIENCE = 0.003


def _lane(*arrivals: float, limit: int = 8) -> LaneQueue[float]:
    """A lane in which one entry arrived and was taken at each of these times but the last, which waits."""
    lane: LaneQueue[float] = LaneQueue(limit, PATIENCE)
    for at in arrivals[:-1]:
        lane.put([at], at)
        lane.take()
    lane.put([arrivals[-1]], arrivals[-1])
    return lane


def _every(gap: float, count: int, start: float = 100.0) -> list[float]:
    return [start + gap * number for number in range(count)]


def test_the_first_search_of_all_starts_at_once() -> None:
    assert _lane(100.0).closes_in(100.0) == 0


def test_a_lone_client_is_never_kept_waiting() -> None:
    """It asks again 40 ms later: nobody else will come within 3 ms."""
    arrivals = _every(0.04, 20)

    assert _lane(*arrivals).closes_in(arrivals[-1]) == 0


def test_in_dense_traffic_a_batch_waits_for_the_next() -> None:
    arrivals = _every(0.0005, 20)

    assert 0 < _lane(*arrivals).closes_in(arrivals[-1]) <= PATIENCE


def test_dense_traffic_is_noticed_however_long_the_silence_before_it() -> None:
    """A night without searches must not count as one very long gap."""
    arrivals = [0.0, *_every(0.0002, 10, start=50_000.0)]

    assert _lane(*arrivals).closes_in(arrivals[-1]) > 0


def test_a_batch_stops_waiting_when_the_burst_is_over() -> None:
    """Two usual gaps without an arrival: whoever is still out there waits for an answer."""
    arrivals = _every(0.0005, 20)

    assert _lane(*arrivals).closes_in(arrivals[-1] + 0.0015) == 0


def test_the_oldest_waits_no_longer_than_its_patience() -> None:
    arrivals = _every(0.0005, 20)
    lane = _lane(*arrivals, limit=100)
    for at in _every(0.0005, 6, start=arrivals[-1] + 0.0005):
        lane.put([at], at)

    assert lane.closes_in(arrivals[-1] + PATIENCE) == 0


def test_a_full_batch_starts_at_once() -> None:
    arrivals = _every(0.0005, 20)

    assert _lane(*arrivals, limit=1).closes_in(arrivals[-1]) == 0


def test_what_failed_goes_next_by_itself_and_at_once() -> None:
    arrivals = _every(0.0005, 20)
    lane = _lane(*arrivals)
    lane.put_again([1.0, 2.0])

    assert lane.closes_in(arrivals[-1]) == 0
    assert lane.take() == [1.0, 2.0]
    assert lane.take() == arrivals[-1:]


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 5))
def test_batches_keep_the_order_and_the_limit_and_lose_nothing(sizes: list[int], limit: int) -> None:
    lane: LaneQueue[int] = LaneQueue(limit, PATIENCE)
    entries = iter(range(1000))
    for at, size in enumerate(sizes):
        lane.put([next(entries) for _ in range(size)], float(at))

    taken = []
    while lane:
        batch = lane.take()
        assert 0 < len(batch) <= limit
        taken.extend(batch)

    assert taken == list(range(sum(sizes)))
