"""Writes the sample catalogue: a shop to try Tusou with, drawn by ourselves and the same for every seed."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from services.cli.sample.paint import Task, paint
from services.cli.sample.products import Product, products as make_products
from services.cli.sample.shapes import SHAPES

# Raise it when the drawings change, so that folders of older ones are drawn anew.
_EDITION = 1
_MARKER = "sample.json"
_COLUMNS = (
    "id", "title", "description", "price", "currency", "rating", "rating_count", "brand", "color", "category",
    "availability", "labels", "url", "images",
)  # fmt: skip
_PRODUCTS_PER_EXTRA_QUERY = 40
# Starting a process costs as much as drawing about this many products.
_WORTH_A_PROCESS = 30


@dataclass(frozen=True, slots=True)
class Query:
    """A phone-like photo and the product it shows."""

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
    """Writes products.csv, images/, queries/ and queries.json, or finds them already there.

    `progress` is told how many products are done, and of how many. Raises ValueError for fewer than one product
    and OSError where the folder cannot be written.
    """
    if products < 1:
        raise ValueError("a catalogue has at least one product")
    made_of = {"edition": _EDITION, "seed": seed, "products": products}
    marker = folder / _MARKER
    if not _is_complete(marker, made_of):
        marker.unlink(missing_ok=True)
        _write(folder, list(make_products(seed, products)), _pick(seed, products), progress)
        marker.write_text(json.dumps(made_of), encoding="utf-8")
    rows = json.loads((folder / "queries.json").read_text(encoding="utf-8"))
    return Sample(folder, folder / "products.csv", tuple(Query(**row) for row in rows))


def _is_complete(marker: Path, made_of: dict[str, int]) -> bool:
    try:
        return bool(json.loads(marker.read_text(encoding="utf-8")) == made_of)
    except (FileNotFoundError, ValueError):
        return False


def _pick(seed: int, count: int) -> dict[int, str]:
    """The products that are photographed, by place in the catalogue: one of each category, then some more."""
    kinds = len(SHAPES)
    rng = random.Random(f"{seed}/queries")
    order = list(range(min(kinds, count))) + rng.sample(range(kinds), min(kinds, count // _PRODUCTS_PER_EXTRA_QUERY))
    picked: dict[int, str] = {}
    for kind in order:
        free = [i for i in range(kind, count, kinds) if i not in picked]
        number = len(picked) + 1
        picked[rng.choice(free)] = f"queries/{number:02d}-{SHAPES[kind].category}.jpg"
    return picked


def _write(
    folder: Path,
    products: Sequence[Product],
    picked: dict[int, str],
    progress: Callable[[int, int], None] | None,
) -> None:
    for name in ("images", "queries"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    tasks = [Task(folder, product, picked.get(i)) for i, product in enumerate(products)]
    images: list[tuple[str, ...]] = []
    with _painters(len(tasks)) as run:
        for names in run(tasks):
            images.append(names)
            if progress is not None:
                progress(len(images), len(tasks))
    _write_manifest(folder / "products.csv", products, images)
    queries = [Query(file, products[i].id, products[i].category) for i, file in picked.items()]
    text = json.dumps([asdict(query) for query in queries], indent=1)
    (folder / "queries.json").write_text(text, encoding="utf-8")


@contextmanager
def _painters(count: int) -> Iterator[Callable[[Sequence[Task]], Iterator[tuple[str, ...]]]]:
    """Paints tasks in order, in as many processes as are worth it."""
    workers = min(os.cpu_count() or 1, 8, count // _WORTH_A_PROCESS)
    if workers < 2:
        yield lambda tasks: map(paint, tasks)
        return
    # spawn: the caller may have threads, which a forked child would find frozen
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield lambda tasks: pool.map(paint, tasks, chunksize=4)


def _write_manifest(path: Path, products: Sequence[Product], images: Sequence[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for product, names in zip(products, images, strict=True):
            fields = {name: getattr(product, name) for name in _COLUMNS if name not in ("labels", "images")}
            row = fields | {"labels": "|".join(product.labels), "images": "|".join(names)}
            writer.writerow([row[name] for name in _COLUMNS])
