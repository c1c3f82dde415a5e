"""A pool of threads that hosts share: one that hangs holds its share and no more."""

import threading
from concurrent.futures import Future

import pytest

from workers.vision.fetch import HostPool
from workers.vision.lane import Lane


@pytest.fixture
def release() -> threading.Event:
    return threading.Event()


def test_a_hanging_host_holds_its_share_of_the_threads_only(release: threading.Event):
    pool = HostPool(threads=4, per_host=2)
    hanging = [pool.submit(Lane.IMPORT, "slow", release.wait, 60) for _ in range(100)]
    quick: list[Future[int]] = [pool.submit(Lane.IMPORT, f"quick-{n % 3}", int, n) for n in range(300)]
    assert [future.result(60) for future in quick] == list(range(300))
    assert sum(future.running() for future in hanging) == 2
    release.set()
    pool.shutdown()
    assert all(future.result() for future in hanging)


def test_a_host_has_no_more_threads_than_it_is_trusted_with(release: threading.Event):
    """And all of its share once it is trusted, whatever waits in between."""
    trusted: set[str] = set()
    pool = HostPool(threads=4, per_host=3, share=lambda _, host: 3 if host in trusted else 1)
    first = threading.Event()
    pool.submit(Lane.IMPORT, "slow", first.wait, 60)
    hanging = [pool.submit(Lane.IMPORT, "slow", release.wait, 60) for _ in range(10)]
    assert [pool.submit(Lane.IMPORT, "quick", int, n).result(60) for n in range(20)] == list(range(20))
    assert sum(future.running() for future in hanging) == 0
    trusted.add("slow")
    first.set()
    while sum(future.running() for future in hanging) < 3:
        threading.Event().wait(0.001)
    assert pool.submit(Lane.IMPORT, "quick", int, 7).result(60) == 7
    release.set()
    pool.shutdown()


def test_hosts_that_are_not_trusted_hold_half_of_the_threads_however_many_they_are(
    release: threading.Event,
):
    pool = HostPool(threads=4, per_host=3, share=lambda _, host: 3 if host == "quick" else 1)
    hanging = [pool.submit(Lane.IMPORT, f"slow-{n}", release.wait, 60) for n in range(20)]
    assert [pool.submit(Lane.WRITE, None, int, n).result(60) for n in range(20)] == list(range(20))
    assert [pool.submit(Lane.IMPORT, "quick", int, n).result(60) for n in range(20)] == list(range(20))
    assert sum(future.running() for future in hanging) == 2
    release.set()
    pool.shutdown()
    assert all(future.result() for future in hanging)


def test_hosts_take_turns_and_each_is_served_in_order(release: threading.Event):
    done: list[str] = []
    pool = HostPool(threads=1, per_host=1)
    pool.submit(Lane.IMPORT, "first", release.wait, 60)
    for name in ("a1", "a2", "a3", "b1", "b2", "c1"):
        pool.submit(Lane.IMPORT, name[0], done.append, name)
    release.set()
    pool.shutdown()
    assert done == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_smaller_lane_goes_first_and_has_shares_of_its_own(release: threading.Event):
    done: list[str] = []
    pool = HostPool(threads=2, per_host=1)
    pool.submit(Lane.IMPORT, "slow", release.wait, 60)
    blocked = pool.submit(Lane.IMPORT, "slow", done.append, "import")
    written = pool.submit(Lane.WRITE, "slow", done.append, "write")
    written.result(60)
    assert (done, blocked.done()) == (["write"], False), "what an import holds of a host is not a write's"
    release.set()
    pool.shutdown()

    pool = HostPool(threads=1, per_host=1)
    pool.submit(Lane.IMPORT, None, (again := threading.Event()).wait, 60)
    for lane in (Lane.IMPORT, Lane.WRITE):
        pool.submit(lane, None, done.append, lane.name)
    again.set()
    pool.shutdown()
    assert done[-2:] == ["WRITE", "IMPORT"]


def test_calls_without_a_host_are_not_limited():
    pool = HostPool(threads=3, per_host=1)
    together = threading.Barrier(3)
    futures = [pool.submit(Lane.IMPORT, None, together.wait, 60) for _ in range(3)]
    assert sorted(future.result(60) for future in futures) == [0, 1, 2]
    pool.shutdown()


def test_a_failing_call_gives_its_place_back():
    pool = HostPool(threads=2, per_host=1)
    failures = [pool.submit(Lane.IMPORT, "a", int, "x") for _ in range(5)]
    assert all(isinstance(future.exception(60), ValueError) for future in failures)
    assert pool.submit(Lane.IMPORT, "a", int, "7").result(60) == 7
    pool.shutdown()


def test_a_closed_pool_cancels_what_waits_and_takes_nothing_more(release: threading.Event):
    pool = HostPool(threads=2, per_host=1)
    running = pool.submit(Lane.IMPORT, "a", release.wait, 60)
    while not running.running():
        threading.Event().wait(0.001)
    waiting = [pool.submit(Lane.IMPORT, "a", int) for _ in range(3)]
    pool.shutdown(wait=False, cancel_futures=True)
    assert all(future.cancelled() for future in waiting)
    with pytest.raises(RuntimeError):
        pool.submit(Lane.IMPORT, "a", int)
    release.set()
    pool.shutdown()
    assert running.result() is True


def test_a_cancelled_call_does_not_run(release: threading.Event):
    pool = HostPool(threads=1, per_host=1)
    pool.submit(Lane.IMPORT, "a", release.wait, 60)
    called: list[int] = []
    future = pool.submit(Lane.IMPORT, "b", called.append, 1)
    assert future.cancel()
    release.set()
    pool.shutdown()
    assert called == []
