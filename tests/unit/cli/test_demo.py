"""What the demo tells its processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.demo import environment
from shared.settings import Settings

PHOTOS = Path("queries")


@pytest.mark.parametrize(("model", "batch"), [("descriptor", "1"), ("tiny", "4")])
def test_a_model_that_comes_with_us_starts_without_measuring_batches(model: str, batch: str) -> None:
    """Measuring embeds hundreds of pictures before the worker is ready."""
    assert environment(Settings(model=model), PHOTOS)["TUSOU_IMPORT_BATCH"] == batch


@pytest.mark.parametrize("settings", [Settings(model="resnet50"), Settings(model="tiny", import_batch=8)])
def test_a_network_or_a_chosen_batch_is_left_as_it_is(settings: Settings) -> None:
    assert "TUSOU_IMPORT_BATCH" not in environment(settings, PHOTOS)
