"""The catalogue's products as a CSV file that an import reads."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from services.cli.sample.products import Product

COLUMNS = (
    "id",
    "title",
    "description",
    "price",
    "currency",
    "rating",
    "rating_count",
    "brand",
    "color",
    "category",
    "availability",
    "labels",
    "url",
    "images",
)


def write_manifest(path: Path, rows: Iterable[tuple[Product, tuple[str, ...]]]) -> None:
    """One row for each product and the names of its images; several labels or images stand with | between."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for product, images in rows:
            lists = {"labels": "|".join(product.labels), "images": "|".join(images)}
            writer.writerow([lists[name] if name in lists else getattr(product, name) for name in COLUMNS])
