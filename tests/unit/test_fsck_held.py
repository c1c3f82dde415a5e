"""Which images a shard's index holds, by its log alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from shared.fsck import held
from shared.fsck.blocks import read_ids
from shared.index.log import EntryKind
from shared.vectors.codec import Rows, encode_block


def brings(seq: int, *rows: tuple[str, str], dropped: tuple[str, ...] = ()) -> Any:
    """An inline entry with a vector for each (product, image)."""
    n = len(rows)
    products, images = [product for product, _ in rows], [image for _, image in rows]
    vectors = np.tile(np.array([1, 0], np.float16), (n, 1))
    block = encode_block(
        Rows(products, images, np.zeros(n, np.int16), np.zeros((n, 4), np.float32), vectors), "model"
    )
    return SimpleNamespace(seq=seq, kind=EntryKind.INLINE, body={"dropped": list(dropped)}, inline=block)


def deletes(seq: int, *products: str) -> Any:
    return SimpleNamespace(seq=seq, kind=EntryKind.DELETE, body={"products": list(products)}, inline=None)


def followed(*entries: Any, snapshot: dict[tuple[str, int], str] | None = None, after: int = 0) -> Any:
    rows = dict(snapshot or {})
    shard: Any = SimpleNamespace(entries=list(entries))
    its = held.Held(rows=rows)
    assert held.follow(shard, its, after, lambda entry: read_ids(entry.inline))
    return {image: product for (image, _), product in its.rows.items()}


def test_what_came_after_its_product_s_delete_is_held() -> None:
    assert followed(brings(1, ("p", "old"), ("q", "other")), deletes(2, "p"), brings(3, ("p", "new"))) == {
        "other": "q",
        "new": "p",
    }


def test_an_entry_drops_before_it_brings() -> None:
    assert followed(brings(1, ("p", "a"), ("p", "b")), brings(2, ("p", "a"), dropped=("a", "b"))) == {
        "a": "p"
    }


def test_what_a_snapshot_holds_is_deleted_and_dropped_too() -> None:
    snapshot = {("a", 0): "p", ("b", 0): "q", ("c", 0): "r"}
    entries = (deletes(7, "r"), deletes(8, "p"), brings(9, dropped=("b",)))
    assert followed(*entries, snapshot=snapshot, after=7) == {"c": "r"}


def test_an_image_that_went_to_another_product_outlives_its_former_one() -> None:
    assert followed(brings(1, ("p", "a")), brings(2, ("q", "a")), deletes(3, "p")) == {"a": "q"}
