"""Changes, applied to a shard's row sets: new rows join the head, old ones die or change columns in place."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shared.catalog.filters import Columns
from shared.vectors.codec import Rows
from workers.indexer.engine.head import Head
from workers.indexer.engine.port import Change, Delete, Drop, Patch, Upsert
from workers.indexer.engine.row_set import RowSet
from workers.indexer.engine.sealed import Segment
from workers.indexer.engine.vocabulary import EncodedColumns, Vocabularies


class Writer:
    """One thread at a time; nothing it does is seen before the row sets' columns are frozen.

    Dead rows stay where they are and may be killed or written again: no reader looks at them.
    """

    def __init__(self, segments: Collection[Segment], head: Head, words: Vocabularies) -> None:
        self._row_sets: tuple[RowSet, ...] = (*segments, head)
        self._head = head
        self._words = words

    def apply(self, change: Change) -> None:
        match change:
            case Upsert(rows=rows, columns=columns):
                self._upsert(rows, columns)
            case Drop(image_ids=gone):
                self._drop(set(gone))
            case Delete(product_id=product_id):
                self._delete(product_id)
            case Patch(product_id=product_id, columns=columns):
                self._write_columns({product_id: columns})

    def _upsert(self, rows: Rows, columns: Mapping[str, Columns]) -> None:
        # A later row takes the place of an earlier one of the same key.
        latest = {key: i for i, key in enumerate(zip(rows.image_ids, rows.items.tolist(), strict=True))}
        if len(latest) < len(rows):
            rows = rows.take(sorted(latest.values()))
        images = set(rows.image_ids)
        for row_set in self._row_sets:
            for row in row_set.images.find(images):
                if (row_set.images[row], int(row_set.items[row])) in latest:
                    row_set.columns.kill(row)
        encoded = self._write_columns(columns)
        self._head.append(rows, [encoded[product_id] for product_id in rows.product_ids])

    def _drop(self, image_ids: Collection[str]) -> None:
        for row_set in self._row_sets:
            for row in row_set.images.find(image_ids):
                row_set.columns.kill(row)

    def _delete(self, product_id: str) -> None:
        for row_set in self._row_sets:
            for row in row_set.products.find([product_id]):
                row_set.columns.kill(row)

    def _write_columns(self, columns: Mapping[str, Columns]) -> dict[str, EncodedColumns]:
        """Into all rows that the products have; returns them as they stand there."""
        encoded = {product_id: self._words.encode(theirs) for product_id, theirs in columns.items()}
        for row_set in self._row_sets:
            for row in row_set.products.find(encoded.keys()):
                row_set.columns.write(row, encoded[row_set.products[row]])
        return encoded
