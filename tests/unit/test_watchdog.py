"""The watchdog: patient up to its limit, then once and for all."""

from __future__ import annotations

import logging
import os
import threading

import pytest

from workers.vision.batching.watchdog import Watchdog, end_process


def test_a_model_within_its_limit_is_left_alone() -> None:
    assert not Watchdog(lambda: 120.0, limit_s=120, on_stuck=pytest.fail).check()


def test_a_stuck_model_is_told_and_acted_upon(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[str] = []

    with caplog.at_level(logging.CRITICAL):
        assert Watchdog(lambda: 121.0, limit_s=120, on_stuck=lambda: calls.append("stuck")).check()

    assert calls == ["stuck"]
    assert "121 s" in caplog.text


def test_the_thread_looks_by_itself_and_ends_after_it_acted() -> None:
    acted = threading.Event()
    times = iter([0.0, 0.0, 5.0])
    dog = Watchdog(lambda: next(times), limit_s=1, on_stuck=acted.set, every_s=0.001)

    dog.start()

    assert acted.wait(10)
    dog.stop()


def test_a_stopped_watchdog_looks_no_more() -> None:
    looked = threading.Event()

    def stuck_for() -> float:
        looked.set()
        return 0.0

    dog = Watchdog(stuck_for, limit_s=1, on_stuck=pytest.fail, every_s=0.001)
    dog.start()
    assert looked.wait(10)

    dog.stop()

    assert "watchdog" not in [thread.name for thread in threading.enumerate()]


def test_the_process_ends_without_waiting_for_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)

    end_process()

    assert codes == [70]
