"""Every story that has kill points, one room for each kind of process."""

from __future__ import annotations

from tests.faults.stories import erasing, gateway, indexer, keeper, vision
from tests.faults.stories.story import Story

STORIES: dict[str, Story] = {
    **gateway.STORIES,
    **vision.STORIES,
    **indexer.STORIES,
    **keeper.STORIES,
    **erasing.STORIES,
}
