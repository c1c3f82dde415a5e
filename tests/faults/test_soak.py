"""The crash harness, shortly, on each stack: half a minute of strikes. `tests.faults.soak` runs hours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.harness import Outcome, Soak, soak
from tests.faults.journal import Journal, Write, standing
from tests.faults.schedule import schedule
from tests.faults.soak import tell

SECONDS = 20.0
EVERY_S = 2.0


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("stack", "seed"), [("embedded", 5), ("production", 5)])
def test_nothing_is_missing_phantom_duplicate_malformed_or_unfinished(
    tmp_path: Path, stack: str, seed: int
) -> None:
    tmp_path.chmod(0o755)
    outcome = soak(Soak(seed, SECONDS, stack, EVERY_S), tmp_path / "home")
    tell(outcome)
    assert outcome.good, outcome.counts()
    assert outcome.operations > 50
    assert outcome.kills > 0


def test_a_seed_gives_the_same_strikes_again_and_another_gives_others() -> None:
    names = {"processes": ["vision-0", "indexer-0"], "servers": ["broker"], "seconds": 600, "every_s": 3}
    assert schedule(1, **names) == schedule(1, **names) != schedule(2, **names)
    assert {strike.victim for strike in schedule(1, **names)} == {"vision-0", "indexer-0", "broker"}
    assert any(strike.arm for strike in schedule(1, **names))


def test_the_oracle_folds_writes_in_the_order_of_acceptance() -> None:
    put = Write({"title": "a", "price": 1}, (1, 2), whole=True)
    assert standing([put, Write({"price": 2})]) == standing([Write({"title": "a", "price": 2}, (1, 2))])
    assert standing([put, Write({"price": 2}, (3,))]) == standing([Write({"title": "a", "price": 2}, (3,))])
    assert standing([put, Write(None)]) is None
    assert standing([put, Write(None), Write({"title": "b"})]) == standing([Write({"title": "b"})])


def test_one_key_that_gave_two_jobs_is_a_duplicate() -> None:
    journal = Journal()
    for job_id in ("j1", "j1", "j2"):
        journal.promised(job_id, "search", "key")
    assert len(journal.duplicate) == 1
    assert journal.operations == 1


@pytest.mark.parametrize("name", Outcome.FAULTS)
def test_one_entry_of_any_list_makes_a_bad_end(name: str) -> None:
    outcome = Outcome(1, "embedded", 1.0)
    assert outcome.good
    getattr(outcome, name).append("x")
    assert not outcome.good
    assert outcome.counts()[name] == 1
