"""Which products are photographed."""

from __future__ import annotations

from services.cli.sample.seeded import seeded
from services.cli.sample.shapes.registry import SHAPES

_PRODUCTS_PER_EXTRA_PHOTO = 40


def query_files(seed: int, count: int) -> dict[int, str]:
    """Places in a catalogue of `count` products -> the photo's file: one of each category, then some more."""
    kinds = len(SHAPES)
    rng = seeded(f"{seed}/queries")
    more = rng.sample(range(kinds), min(kinds, count // _PRODUCTS_PER_EXTRA_PHOTO))
    files: dict[int, str] = {}
    for kind in (*range(min(kinds, count)), *more):
        place = rng.choice([i for i in range(kind, count, kinds) if i not in files])
        files[place] = f"queries/{len(files) + 1:02d}-{SHAPES[kind].category}.jpg"
    return files
