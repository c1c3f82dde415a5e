"""A process dies by `kill -9` at each step of each story, and its successor finishes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults import mortal
from tests.faults.long import each_on_some_database
from tests.faults.points import PROCESSES, kill_points, story_of
from tests.faults.stories import STORIES
from tests.faults.truth import Truth

# Within a transaction, which these points say by their name, it would hold locks: its successor waits for it.
KEEPERS_POINTS = [
    point
    for point in kill_points()
    if PROCESSES.get(story_of(point)) == "keeper" and not point.endswith("written")
]
# Longer than the keepers of this story leave a row that they have claimed (`first_due`).
PAUSE_S = 1.1

pytestmark = pytest.mark.xdist_group("kill points")


@pytest.fixture
def truth(database_url: str, tmp_path: Path) -> Truth:
    made = Truth(database_url, tmp_path / "home")
    mortal.run(made.begin)
    return made


def test_every_story_with_kill_points_is_told_and_belongs_to_a_process() -> None:
    assert {story_of(point) for point in kill_points()} == STORIES.keys() == PROCESSES.keys()


@pytest.mark.parametrize(
    ("database_url", "point"), each_on_some_database(kill_points()), indirect=["database_url"]
)
def test_a_death_at_any_step_loses_nothing_and_leaves_nothing_twice(truth: Truth, point: str) -> None:
    story = STORIES[story_of(point)]
    mortal.run(story.begin, truth)
    assert mortal.dies_at(point, story.go_on, truth), f"{point} is never reached"
    mortal.run(truth.lapse)
    mortal.run(story.go_on, truth)
    mortal.run(story.check, truth)


@pytest.mark.parametrize(
    ("database_url", "point"), each_on_some_database(KEEPERS_POINTS), indirect=["database_url"]
)
def test_a_keeper_that_is_paused_at_any_step_and_wakes_beside_its_successor_changes_nothing(
    truth: Truth, point: str
) -> None:
    story = STORIES[story_of(point)]
    mortal.run(story.begin, truth)
    with mortal.paused_at(point, story.go_on, truth):
        mortal.run(truth.lapse)
        mortal.run(story.go_on, truth)
        before = mortal.run(truth.everything)
        time.sleep(PAUSE_S if story_of(point) == "resend" else 0.0)
    assert mortal.run(truth.everything) == before
    mortal.run(story.check, truth)
