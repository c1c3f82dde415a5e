"""Threads that hosts may hold up: half of them, and a quarter more for a moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest

from workers.vision.places import NoPlaceError, Places


def test_half_of_the_threads_fetch_and_a_quarter_waits_until_one_of_them_is_done() -> None:
    places, release = Places(4, patience=60), threading.Event()
    held = threading.Barrier(3)
    inside: list[str] = []

    def hang() -> None:
        with places.place():
            held.wait(60)
            release.wait(60)
            inside.append("held")

    def wait() -> None:
        with places.place():
            inside.append("waited")

    with ThreadPoolExecutor(4) as threads:
        hanging = [threads.submit(hang) for _ in range(2)]
        held.wait(60)
        rest = [threads.submit(wait) for _ in range(2)]
        # Whichever of the two came first waits; the other is sent away at once.
        sent_away = next(iter(as_completed(rest, 60)))
        assert isinstance(sent_away.exception(), NoPlaceError)
        assert inside == []
        release.set()
        for future in hanging:
            future.result(60)
    assert sorted(inside) == ["held", "held", "waited"]


def test_who_waits_gives_up_soon_and_takes_no_place_with_it() -> None:
    places = Places(2, patience=0)
    with places.place(), pytest.raises(NoPlaceError), places.place():
        pass
    with places.place():
        pass


def test_a_single_thread_fetches_too() -> None:
    with Places(1, patience=0).place():
        pass
