"""The port in plain dictionaries and one matrix product: exact, slow, and the judge of other engines."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.catalog.filters import Columns
from shared.vectors.codec import CorruptBlock, Rows, decode_block, encode_block
from workers.indexer.engine.checks import check_changes, check_files, check_manifest, check_query
from workers.indexer.engine.columns_file import read_columns, write_columns
from workers.indexer.engine.port import (
    Change,
    Delete,
    Drop,
    Hit,
    Patch,
    SealedFile,
    SealedFiles,
    ShardQuery,
    Upsert,
)

Key = tuple[str, int]  # (image, item)


@dataclass(frozen=True, eq=False)
class Row:
    product_id: str
    box: NDArray[np.float32]
    vector: NDArray[np.float16]


class MemoryView:
    """One state of a shard; nothing in it changes. Columns are there exactly for products with rows."""

    def __init__(self, dim: int, fingerprint: str, rows: dict[Key, Row], columns: dict[str, Columns]) -> None:
        products = {row.product_id for row in rows.values()}
        self.dim = dim
        self.fingerprint = fingerprint
        self.rows = rows
        self.columns = {product: columns[product] for product in products}
        vectors = [row.vector for row in rows.values()]
        self.matrix = np.array(vectors, dtype=np.float64).reshape(len(rows), dim)

    def after(self, changes: Sequence[Change]) -> MemoryView:
        rows, columns = dict(self.rows), dict(self.columns)
        for change in changes:
            match change:
                case Upsert(rows=new, columns=theirs):
                    for i, key in enumerate(zip(new.image_ids, new.items.tolist(), strict=True)):
                        rows[key] = Row(new.product_ids[i], new.boxes[i].copy(), new.vectors[i].copy())
                    columns.update(theirs)
                case Drop(image_ids=gone):
                    rows = {key: row for key, row in rows.items() if key[0] not in gone}
                case Delete(product_id=product):
                    rows = {key: row for key, row in rows.items() if row.product_id != product}
                case Patch(product_id=product, columns=theirs):
                    columns[product] = theirs
        return MemoryView(self.dim, self.fingerprint, rows, columns)

    def search(self, query: ShardQuery) -> list[Hit]:
        scores = np.clip(self.matrix @ query.vector.astype(np.float64), -1.0, 1.0).tolist()
        hits = [
            Hit(score, row.product_id, image_id, item, _box(row.box))
            for score, ((image_id, item), row) in zip(scores, self.rows.items(), strict=True)
            if (query.min_score is None or score >= query.min_score)
            and image_id not in query.exclude_images
            and row.product_id not in query.exclude_products
            and query.filters.allow(self.columns[row.product_id])
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.product_id, hit.image_id, hit.item))
        groups: dict[str, Hit] = {}
        for hit in hits:
            groups.setdefault(hit.product_id if query.group_by == "product" else hit.image_id, hit)
        return list(groups.values())[: query.limit]

    def seal(self, workspace: Path, *, purge: bool = False) -> SealedFiles:
        """It holds no dead row anyway."""
        workspace.mkdir(parents=True, exist_ok=True)
        token = secrets.token_hex(8)
        rows, columns = workspace / f"{token}.rows", workspace / f"{token}.columns"
        rows.write_bytes(encode_block(self._as_rows(), self.fingerprint))
        write_columns(columns, self.columns.items())
        manifest = {
            "engine": "memory",
            "dim": self.dim,
            "fingerprint": self.fingerprint,
            "rows": rows.name,
            "columns": columns.name,
        }
        return SealedFiles(manifest, (SealedFile(rows.name, rows), SealedFile(columns.name, columns)))

    def _as_rows(self) -> Rows:
        return Rows(
            [row.product_id for row in self.rows.values()],
            [image_id for image_id, _ in self.rows],
            np.array([item for _, item in self.rows], dtype=np.int16),
            np.array([row.box for row in self.rows.values()], dtype=np.float32).reshape(-1, 4),
            self.matrix.astype(np.float16),
        )


class MemoryEngine:
    """A ShardEngine that copies the whole shard for every call of `apply`."""

    def __init__(self, view: MemoryView) -> None:
        self.dim = view.dim
        self.fingerprint = view.fingerprint
        self._view = view
        self._applying = threading.Lock()

    def apply(self, changes: Sequence[Change]) -> None:
        check_changes(changes, self.dim)
        with self._applying:
            self._view = self._view.after(changes)

    def search(self, query: ShardQuery) -> list[Hit]:
        check_query(query, self.dim)
        return self._view.search(query)

    def rows(self) -> int:
        return len(self._view.rows)

    def stats(self) -> dict[str, Any]:
        view = self._view
        return {
            "rows": len(view.rows),
            "dead": 0,
            "head": len(view.rows),
            "bytes": view.matrix.nbytes,
            "segments": [],
        }

    def freeze(self) -> MemoryView:
        return self._view

    def seal(self, workspace: Path, *, purge: bool = False) -> SealedFiles:
        return self._view.seal(workspace, purge=purge)


class MemoryEngines:
    """The EngineFactory."""

    def open(self, dim: int, fingerprint: str) -> MemoryEngine:
        return MemoryEngine(MemoryView(dim, fingerprint, {}, {}))

    def load(self, manifest: Mapping[str, Any], files: Mapping[str, Path], fingerprint: str) -> MemoryEngine:
        check_manifest(manifest, "memory", fingerprint)
        check_files([manifest["rows"], manifest["columns"]], files)
        data = files[manifest["rows"]].read_bytes()
        rows = decode_block(data, fingerprint=fingerprint, dim=manifest["dim"])
        columns = read_columns(files[manifest["columns"]])
        if not columns.keys() >= set(rows.product_ids):
            raise CorruptBlock("a row's product has no columns")
        empty = MemoryView(manifest["dim"], fingerprint, {}, {})
        return MemoryEngine(empty.after([Upsert(rows, columns)]))


def _box(box: NDArray[np.float32]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box.tolist()
    return x0, y0, x1, y1
