"""An index worker dies 200 times, at its kill points and at any other moment; each successor stands again."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from tests.faults import mortal
from tests.faults.index_lives import History, live, stand_again, write
from tests.faults.long import LONG
from tests.faults.points import PROCESSES, kill_points, story_of
from tests.faults.truth import Truth

pytestmark = [pytest.mark.xdist_group("index deaths"), pytest.mark.timeout(600)]

# In all 200; in the long run on each.
DEATHS = {"sqlite": 200, "postgres": 200} if LONG else {"sqlite": 130, "postgres": 70}
READY_WITHIN_S = 30.0
AT_A_POINT = 0.6  # of the deaths; the others come at any moment
MOST_TIMES = 2  # that a point is passed before; there are two shards
LIFE_S = 0.1  # about as long as one takes here that nobody ends
NEW_MACHINE = 0.1  # of the lives begin without their predecessor's cache
# What an index worker passes when it follows, seals and goes over; searches have their own stories.
POINTS = [
    point
    for point in kill_points()
    if PROCESSES[story_of(point)] == "indexer" and story_of(point) not in ("lookup", "answer")
]


def dies(truth: Truth, chance: random.Random, points: Iterator[str]) -> str | None:
    """Where it died; None where it lived on to its end."""
    if chance.random() < AT_A_POINT:
        point = next(points)
        return point if mortal.dies_at(f"{point}:{chance.randint(1, MOST_TIMES)}", live, truth) else None
    return "any moment" if mortal.dies_after(chance.uniform(0, LIFE_S), live, truth) else None


@pytest.mark.parametrize(("database_url", "deaths"), DEATHS.items(), indirect=["database_url"])
def test_no_death_of_an_index_worker_loses_doubles_or_invents_a_row(
    database_url: str, deaths: int, tmp_path: Path
) -> None:
    truth = Truth(database_url, tmp_path / "home")
    mortal.run(truth.begin)
    chance, points = random.Random(7), cycle(POINTS)
    history = History(chance)
    died: list[str] = []
    while len(died) < deaths:
        mortal.run(write, truth, history.next_writes())
        if chance.random() < NEW_MACHINE:
            shutil.rmtree(truth.home / "indexer", ignore_errors=True)
        where = dies(truth, chance, points)
        if where is not None:
            died.append(where)
            assert mortal.run(stand_again, truth, history.holds) < READY_WITHIN_S
    assert set(died) == {"any moment", *POINTS}
    mortal.run(live, truth)
    mortal.run(truth.check_index, set(history.holds))
    mortal.run(truth.check_orphans)
