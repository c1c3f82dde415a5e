"""Paints the catalogue's pictures into files; runs in worker processes, so it takes and gives plain values."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from services.cli.sample.products import Product
from services.cli.sample.scene.photo import photograph
from services.cli.sample.studio import shots

_SHOT_QUALITY = 88
_PHOTO_QUALITY = 84


@dataclass(frozen=True, slots=True)
class Task:
    """One product to paint; with `query`, also the photo somebody takes of it."""

    folder: Path
    product: Product
    query: str | None


def paint(task: Task) -> tuple[str, ...]:
    """Writes a product's pictures and returns their names within the folder."""
    product = task.product
    names: list[str] = []
    for number, picture in enumerate(shots(product.shape, product.design), start=1):
        names.append(f"images/{product.id}-{number}.jpg")
        picture.save(task.folder / names[-1], quality=_SHOT_QUALITY)
    if task.query is not None:
        rng = random.Random(f"{product.design.seed}/{task.query}")
        photo = photograph(product.shape, product.design, rng)
        photo.save(task.folder / task.query, quality=_PHOTO_QUALITY)
    return tuple(names)
