"""The gate: a suspect gets its turn, and nobody waits for it longer than its patience."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from workers.vision.gate import Gate

PATIENCE_S = 10.0


class Visitor:
    """A thread that asks for one way in; `went_in` is None until it is told."""

    def __init__(self, way_in: Callable[[], AbstractContextManager[bool]]) -> None:
        self._way_in = way_in
        self._told = threading.Event()
        self._leave = threading.Event()
        self._entered = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._way_in() as entered:
            self._entered = entered
            self._told.set()
            self._leave.wait(PATIENCE_S)

    def told(self, within: float = PATIENCE_S) -> bool:
        return self._told.wait(within)

    def entered(self) -> bool:
        assert self.told(), "neither let in nor sent away"
        return self._entered

    def leave(self) -> None:
        self._leave.set()
        self._thread.join(PATIENCE_S)


def until(this: Callable[[], object]) -> None:
    """Until a thread has come to the gate."""
    patience = time.monotonic() + PATIENCE_S
    while not this():
        assert time.monotonic() < patience
        time.sleep(0.001)


@contextmanager
def visiting(way_in: Callable[[], AbstractContextManager[bool]]) -> Iterator[Visitor]:
    visitor = Visitor(way_in)
    try:
        yield visitor
    finally:
        visitor.leave()


def test_ordinary_work_runs_together_and_a_suspect_has_nobody_beside_it() -> None:
    gate = Gate(patience=PATIENCE_S)
    with visiting(gate.together) as one, visiting(gate.bulk) as two:
        assert one.entered()
        assert two.entered()
        with visiting(lambda: gate.alone("s")) as suspect:
            assert not suspect.told(0.02)
            two.leave()
            assert not suspect.told(0.02)
            one.leave()
            assert suspect.entered()
            with visiting(gate.together) as search:
                assert not search.told(0.02)
                suspect.leave()
                assert search.entered()


def test_a_search_goes_in_while_a_suspect_waits_for_bulk() -> None:
    gate = Gate(patience=PATIENCE_S)
    with visiting(gate.bulk) as chunk, visiting(lambda: gate.alone("s")) as suspect:
        assert chunk.entered()
        assert not suspect.told(0.02)
        with visiting(gate.together) as search:
            assert search.entered()
        chunk.leave()
        assert suspect.entered()


def test_a_suspect_that_waits_for_bulk_gives_up() -> None:
    gate = Gate(patience=0.02)
    with visiting(gate.bulk) as chunk, visiting(lambda: gate.alone("s")) as suspect:
        assert chunk.entered()
        assert not suspect.entered()


def test_a_suspect_that_waits_for_searches_gives_up_and_lets_the_newcomers_in() -> None:
    gate = Gate(patience=0.05)
    with visiting(gate.together) as long, visiting(lambda: gate.alone("s")) as suspect:
        assert long.entered()
        assert not suspect.told(0.01)
        with visiting(gate.together) as newcomer:
            assert newcomer.entered()
        assert not suspect.entered()


def test_no_bulk_begins_while_a_suspect_waits_or_has_given_up_lately() -> None:
    gate = Gate(patience=0.05)
    with visiting(gate.bulk) as running:
        assert running.entered()
        with visiting(lambda: gate.alone("s")) as suspect:
            until(lambda: gate._suspects or suspect.told(0))
            with gate.bulk() as entered:
                assert not entered
            assert not suspect.entered()
        with gate.bulk() as entered:
            assert not entered
    with gate.alone("s") as entered:
        assert entered, "its chance has come"
    with gate.bulk() as entered:
        assert entered


def test_bulk_does_not_wait_for_ever_for_a_suspect_that_another_process_has_run() -> None:
    gate = Gate(patience=0.01, hold_back=0.0)
    with gate.bulk(), gate.alone("s") as entered:
        assert not entered
    with gate.bulk() as entered:
        assert entered


def test_between_two_suspects_whoever_waited_goes_in() -> None:
    gate = Gate(patience=PATIENCE_S)
    with visiting(lambda: gate.alone("first")) as first:
        assert first.entered()
        with visiting(lambda: gate.alone("second")) as second, visiting(gate.together) as search:
            until(lambda: gate._suspects and gate._newcomers)
            first.leave()
            assert search.entered()
            assert not second.told(0.02)
            search.leave()
            assert second.entered()


def test_a_closed_gate_sends_everybody_away_at_once() -> None:
    gate = Gate(patience=PATIENCE_S)
    with visiting(gate.bulk) as inside, visiting(lambda: gate.alone("s")) as suspect:
        assert inside.entered()
        gate.close()
        assert not suspect.entered()
        for way_in in (gate.together, gate.bulk, lambda: gate.alone("t")):
            with way_in() as entered:
                assert not entered
    assert gate.closes_within(0)
