"""What the demo tells its processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.demo import environment
from shared.settings import Settings

PHOTOS = Path("queries")


def test_the_descriptor_starts_without_measuring_batches() -> None:
    """Measuring embeds hundreds of pictures before the worker is ready."""
    assert environment(Settings(model="descriptor"), PHOTOS)["TUSOU_IMPORT_BATCH"] == "1"


@pytest.mark.parametrize(
    "settings", [Settings(model="resnet50"), Settings(model="descriptor", import_batch=8)]
)
def test_a_network_or_a_chosen_batch_is_left_as_it_is(settings: Settings) -> None:
    assert "TUSOU_IMPORT_BATCH" not in environment(settings, PHOTOS)
