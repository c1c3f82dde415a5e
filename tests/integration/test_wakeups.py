"""Hints through a real Valkey."""

from __future__ import annotations

import logging

import pytest

from shared.wakeups import JOB_DONE, Listener, Notifier
from tests.deployment import until
from tests.servers.valkey import Valkey


def test_a_listener_outlives_a_surprise_of_whoever_it_wakes(
    valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    woken: list[str] = []

    def wake(job_id: str) -> None:
        woken.append(job_id)
        if len(woken) == 1:
            raise RuntimeError("a surprise")

    notifier = Notifier(valkey.url)
    listener = Listener(valkey.url, JOB_DONE, wake)

    def woken_again() -> bool:
        notifier.job_done("a")  # a hint that nobody listens to is lost
        return len(woken) > 1

    with caplog.at_level(logging.ERROR):
        until(woken_again, within=20, what="a second hint")
    listener.close()
    notifier.close()
    assert "a hint was not taken" in caplog.text
