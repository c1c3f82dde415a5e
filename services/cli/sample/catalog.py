"""Writes the sample catalogue: a shop to try Tusou with, the same for a seed (to the byte by one Pillow)."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from services.cli.sample.manifest import write_manifest
from services.cli.sample.painters import paint_all
from services.cli.sample.products import products as make_products
from services.cli.sample.queries import query_files

# Raise it when the drawings change, so that folders with older ones are drawn anew.
_EDITION = 1


@dataclass(frozen=True, slots=True)
class Query:
    """A phone-like photo, its file within the folder, and the product it shows."""

    file: str
    product_id: str
    category: str


@dataclass(frozen=True, slots=True)
class Sample:
    folder: Path
    manifest: Path
    queries: tuple[Query, ...]


def write_sample(
    folder: Path,
    *,
    seed: int = 7,
    products: int = 240,
    progress: Callable[[int, int], None] | None = None,
) -> Sample:
    """Writes products.csv, images/, queries/ and queries.json, or finds them complete from an earlier call.

    `progress` is told how many products are drawn, and of how many. Raises ValueError for less than one,
    OSError where the folder cannot be written, RuntimeError if a process that draws is killed.
    """
    if products < 1:
        raise ValueError("a catalogue has at least one product")
    made_of = {"edition": _EDITION, "seed": seed, "products": products}
    marker = folder / "sample.json"
    if not _is_complete(marker, made_of):
        marker.unlink(missing_ok=True)
        _write(folder, seed, products, progress)
        marker.write_text(json.dumps(made_of), encoding="utf-8")
    rows = json.loads((folder / "queries.json").read_text(encoding="utf-8"))
    return Sample(folder, folder / "products.csv", tuple(Query(**row) for row in rows))


def _is_complete(marker: Path, made_of: dict[str, int]) -> bool:
    try:
        return bool(json.loads(marker.read_text(encoding="utf-8")) == made_of)
    except (FileNotFoundError, ValueError):
        return False


def _write(folder: Path, seed: int, count: int, progress: Callable[[int, int], None] | None) -> None:
    for name in ("images", "queries"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    images: dict[int, tuple[str, ...]] = {}
    with closing(paint_all(folder, seed, count)) as painting:
        for painted in painting:
            images[painted.place] = painted.images
            if progress is not None:
                progress(len(images), count)
    catalogue = list(make_products(seed, count))
    write_manifest(folder / "products.csv", ((p, images[place]) for place, p in enumerate(catalogue)))
    queries = [
        Query(file, catalogue[place].id, catalogue[place].category)
        for place, file in query_files(seed, count).items()
    ]
    text = json.dumps([asdict(query) for query in queries], indent=1)
    (folder / "queries.json").write_text(text, encoding="utf-8")
