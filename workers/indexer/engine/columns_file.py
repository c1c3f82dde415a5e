"""The columns of a snapshot: JSON lines, one product a line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from shared.catalog.filters import Columns
from shared.vectors.codec import CorruptBlock


def write_columns(path: Path, products: Iterable[tuple[str, Columns]]) -> None:
    with path.open("w", encoding="utf-8") as lines:
        for product_id, columns in products:
            lines.write(json.dumps({"product_id": product_id, **asdict(columns)}) + "\n")


def read_columns(path: Path) -> dict[str, Columns]:
    """By product id. Raises CorruptBlock for a line that `write_columns` did not write."""
    products: dict[str, Columns] = {}
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                fields = json.loads(line)
                product_id = fields.pop("product_id")
                products[product_id] = Columns(**(fields | {"labels": tuple(fields["labels"])}))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise CorruptBlock(f"line {number} of the columns cannot be read") from error
    return products
