"""A function called again and again: no failure ends it, failures slow it down, a stop waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from shared.errors import Unavailable
from shared.runtime.loop import SLOWED_TO_S, Repeating

SOON = 10  # seconds: a wait that a working loop never needs


class Called:
    """Counts its calls and raises what it is told to, call by call."""

    def __init__(self, *errors: Exception, times: int = 1) -> None:
        self._errors: Iterator[Exception] = iter(errors)
        self._times = times
        self.count = 0
        self.enough = threading.Event()

    def __call__(self) -> None:
        self.count += 1
        if self.count >= self._times:
            self.enough.set()
        for error in self._errors:
            raise error


def test_it_is_called_again_and_again_until_it_is_stopped() -> None:
    called = Called(times=3)
    loop = Repeating("r", called, 0.001)
    loop.start()
    assert called.enough.wait(SOON)
    loop.stop()
    assert not loop.alive()


def test_a_wake_shortens_the_wait() -> None:
    called = Called()
    loop = Repeating("r", called, 3600.0)
    loop.start()
    assert called.count == 0
    loop.wake()
    assert called.enough.wait(SOON)
    loop.stop()


def test_it_begins_at_once_where_it_is_told_to() -> None:
    called = Called()
    loop = Repeating("r", called, 3600.0)
    loop.start(at_once=True)
    assert called.enough.wait(SOON)
    loop.stop()


def test_no_failure_ends_it_and_only_a_surprise_has_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    called = Called(Unavailable("the database is away"), RuntimeError("a surprise"), times=3)
    loop = Repeating("r", called, 0.001)
    with caplog.at_level(logging.WARNING):
        loop.start()
        assert called.enough.wait(SOON)
        loop.stop()
    told = [(record.levelname, record.getMessage(), record.exc_info is not None) for record in caplog.records]
    assert told == [("WARNING", "r waits: the database is away", False), ("ERROR", "r stumbled", True)]


@pytest.mark.parametrize(
    ("every", "pauses"),
    [(0.1, [0.2, 0.4, 0.8, 1.6, SLOWED_TO_S, SLOWED_TO_S]), (5.0, [5.0, 5.0, 5.0, 5.0, 5.0, 5.0])],
)
def test_a_quick_loop_slows_down_while_it_fails_and_a_slow_one_keeps_its_pace(
    every: float, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    called = Called(*[Unavailable("away")] * len(pauses), times=len(pauses) + 1)
    loop = Repeating("r", called, every)
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return called.enough.is_set()

    monkeypatch.setattr(loop._ended, "wait", wait)
    loop.start(at_once=True)
    assert called.enough.wait(SOON)
    loop.stop()
    assert waited[: len(pauses)] == pytest.approx(pauses)


def test_a_function_may_end_its_own_loop() -> None:
    loop = Repeating("r", lambda: loop.end(), 0.001)
    loop.start()
    loop.stop(SOON)
    assert not loop.alive()
