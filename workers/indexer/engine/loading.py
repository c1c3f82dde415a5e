"""The files of a snapshot as the sealed segments of a shard."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.vectors.codec import CorruptBlock, Rows, decode_block
from workers.indexer.engine.build import build_index
from workers.indexer.engine.checks import check_files
from workers.indexer.engine.columns import FilterColumns, Mask
from workers.indexer.engine.columns_file import read_columns
from workers.indexer.engine.ivf import IvfIndex
from workers.indexer.engine.options import FaissOptions
from workers.indexer.engine.record import FLAT, FLAT_INDEX, SegmentRecord
from workers.indexer.engine.sealed import Segment
from workers.indexer.engine.vocabulary import NOTHING, EncodedColumns, Vocabularies

# Of a dead row whose product is gone.
NO_COLUMNS: EncodedColumns = (NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, math.nan, math.nan)


def load_segments(
    manifest: Mapping[str, Any], files: Mapping[str, Path], words: Vocabularies, options: FaissOptions
) -> list[Segment]:
    """Raises CorruptBlock when files and manifest do not fit together; a missing index is built again."""
    records = [SegmentRecord.from_json(fields) for fields in manifest["segments"]]
    truth = [name for record in records for name in (record.vectors, record.ids)]
    check_files([manifest["columns"], manifest["alive"], *truth], files)
    products = read_columns(files[manifest["columns"]])
    encoded = {product_id: words.encode(columns) for product_id, columns in products.items()}
    masks = _alive(files[manifest["alive"]].read_bytes(), [record.rows for record in records])
    segments = []
    for record, alive in zip(records, masks, strict=True):
        ids = decode_block(files[record.ids].read_bytes(), fingerprint=manifest["fingerprint"], dim=0)
        if len(ids) != record.rows:
            raise CorruptBlock(f"{record.ids} has {len(ids)} rows, not {record.rows}")
        vectors = _map(files[record.vectors], record.rows, manifest["dim"])
        columns = _columns(ids, alive, encoded)
        record, index = _index(record, vectors, files, options)
        segments.append(Segment(record, vectors, ids, columns, index, options))
    return segments


def _map(path: Path, rows: int, dim: int) -> NDArray[np.float16]:
    if path.stat().st_size != rows * dim * 2:
        raise CorruptBlock(f"{path.name} does not hold {rows} × {dim} numbers")
    return np.memmap(path, np.float16, mode="r", shape=(rows, dim))


def _alive(data: bytes, rows: list[int]) -> list[Mask]:
    starts = np.cumsum([0, *((count + 7) // 8 for count in rows)]).tolist()
    if len(data) != starts[-1]:
        raise CorruptBlock(f"{len(data)} bytes of live rows, not {starts[-1]}")
    bits = np.frombuffer(data, dtype=np.uint8)
    return [
        np.unpackbits(bits[start:], count=count, bitorder="little").astype(np.bool_)
        for start, count in zip(starts[:-1], rows, strict=True)
    ]


def _columns(ids: Rows, alive: Mask, encoded: Mapping[str, EncodedColumns]) -> FilterColumns:
    for row in np.flatnonzero(alive).tolist():
        if ids.product_ids[row] not in encoded:
            raise CorruptBlock(f"product {ids.product_ids[row]!r} has a live row and no columns")
    columns = FilterColumns()
    columns.append([encoded.get(product_id, NO_COLUMNS) for product_id in ids.product_ids], alive)
    return columns


def _index(
    record: SegmentRecord, vectors: NDArray[np.float16], files: Mapping[str, Path], options: FaissOptions
) -> tuple[SegmentRecord, IvfIndex | None]:
    """The index is a cache: built again where it is missing, of other rows, or not for this FAISS to read."""
    if record.built.type == FLAT:
        return record, None
    path = files.get(record.index) if record.index else None
    if path:
        try:
            index: IvfIndex | None = IvfIndex.read(path, record.built, options.threads)
        except RuntimeError:
            index = None
        if index and index.fits(vectors):
            return record, index
    built = build_index(vectors, options)
    return replace(record, index=None, built=built.record if built else FLAT_INDEX), built
