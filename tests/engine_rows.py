"""Rows, vectors and comparisons for the tests of the engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.vectors.codec import Rows, to_unit_f16
from workers.indexer.engine.port import Columns, Hit, SealedFiles, Upsert

FINGERPRINT = "3f2a91c0d7be"
BOX = (0.1, 0.2, 0.8, 0.9)


def unit(*numbers: float) -> NDArray[np.float32]:
    """A query: (dim,) float32 of unit length, rounded as stored vectors are."""
    return to_unit_f16(np.array(numbers)).astype(np.float32)


def rows_of(*rows: tuple[str, str, int, Sequence[float] | NDArray[Any]]) -> Rows:
    """(product, image, item, vector of any length) each."""
    products, images, items, vectors = zip(*rows, strict=True)
    return Rows(
        list(products),
        list(images),
        np.array(items, dtype=np.int16),
        np.tile(np.array(BOX, dtype=np.float32), (len(rows), 1)),
        to_unit_f16(np.array(vectors)),
    )


def upsert(
    *rows: tuple[str, str, int, Sequence[float] | NDArray[Any]], columns: Mapping[str, Columns] | None = None
) -> Upsert:
    """Products without columns in `columns` get empty ones."""
    given = columns or {}
    return Upsert(rows_of(*rows), {row[0]: given.get(row[0], Columns()) for row in rows})


def clustered(count: int, dim: int, clusters: int, random: np.random.Generator) -> NDArray[np.float16]:
    """(count, dim) unit vectors around so many centres, as embeddings of a shop's photos lie."""
    centres = random.standard_normal((clusters, dim)) / dim**0.5
    spread = 0.8 * random.standard_normal((count, dim)) / dim**0.5
    return to_unit_f16(centres[random.integers(0, clusters, count)] + spread)


def near(vector: NDArray[Any], random: np.random.Generator) -> NDArray[np.float32]:
    """A query at a cosine of about 0.9 from the vector."""
    noise = 0.5 * random.standard_normal(vector.shape) / len(vector) ** 0.5
    return to_unit_f16(vector + noise).astype(np.float32)


class Store:
    """Keeps every sealed file by name, as the object store does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, Path] = {}

    def keep(self, sealed: SealedFiles) -> dict[str, Any]:
        """Takes the new files and returns the manifest; a reused name must be known already."""
        for file in sealed.files:
            if file.path is None:
                assert file.name in self.files
            else:
                assert file.name not in self.files
                self.files[file.name] = file.path
        return sealed.manifest


def products(hits: Sequence[Hit]) -> list[str]:
    return [hit.product_id for hit in hits]


def images(hits: Sequence[Hit]) -> list[str]:
    return [hit.image_id for hit in hits]
