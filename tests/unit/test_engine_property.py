"""Random histories of a shard, played to the FAISS engine and to the exact one, which is right by its
simplicity: changes, searches, sealing, restarts from the newest snapshot and from older ones."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from tests.engine_rows import FINGERPRINT, Store, clustered, near, rows_of
from workers.indexer.engine.faiss_engine import FaissEngine, FaissEngines
from workers.indexer.engine.memory_engine import MemoryEngine, MemoryEngines
from workers.indexer.engine.options import FaissOptions
from workers.indexer.engine.port import Change, Columns, Delete, Drop, Filters, Hit, Patch, ShardQuery, Upsert

DIM = 16
POOL = clustered(600, DIM, 12, np.random.default_rng(0))
NEAR_POOL = [near(vector, np.random.default_rng(i)) for i, vector in enumerate(POOL)]
TIE = 1e-4

VECTORS = st.integers(0, len(POOL) - 1)
PRODUCTS = st.integers(0, 19).map("p{}".format)
IMAGES = st.integers(0, 29).map("i{}".format)
SOME = st.sampled_from(["a", "b", "c"])
LABELS = st.lists(st.sampled_from(["x", "y", "z"]), unique=True, max_size=2).map(tuple)
COLUMN_POOL = [
    Columns(category, brand, color, labels, "in_stock", price, currency, rating)
    for category, (brand, color), labels, (price, currency), rating in product(
        [None, "a", "b"],
        [("a", "a"), ("b", "a"), (None, "b"), ("c", "c")],
        [(), ("x",), ("x", "y")],
        [(None, None), (1.0, "EUR"), (9.99, "EUR"), (9.99, "USD")],
        [None, 3.5, 4.6],
    )
]
# Drawn by one number, so that long histories stay within what hypothesis draws for an example.
COLUMNS = st.integers(0, len(COLUMN_POOL) - 1).map(lambda i: COLUMN_POOL[i])
ANY_OF = st.lists(SOME, max_size=2, unique=True).map(tuple)
FILTERS = st.builds(
    Filters,
    category=ANY_OF,
    brand=st.just(()) | ANY_OF,
    labels=LABELS,
    price_max=st.none() | st.sampled_from([1.0, 10.0]),
    currency=st.just("EUR"),
    rating_min=st.none() | st.just(4.6),
) | st.builds(Filters, color=ANY_OF)
ROW = st.tuples(PRODUCTS, IMAGES, st.integers(0, 2), VECTORS)
QUERIES = st.builds(
    ShardQuery,
    vector=VECTORS.map(lambda i: NEAR_POOL[i]),
    limit=st.sampled_from([1, 3, 10, 100]),
    group_by=st.sampled_from(["product", "image"]),
    min_score=st.none() | st.sampled_from([0.3, 0.9]),
    filters=st.just(Filters()) | FILTERS,
    exclude_images=st.frozensets(IMAGES, max_size=3),
    exclude_products=st.frozensets(PRODUCTS, max_size=3),
)
# Asked in turn, one after every step of a history.
STANDING = [
    ShardQuery(NEAR_POOL[0], limit=10),
    ShardQuery(NEAR_POOL[50], limit=5, group_by="image", filters=Filters(color=("a",))),
    ShardQuery(NEAR_POOL[100], limit=3, filters=Filters(category=("a", "b"), labels=("x",))),
    ShardQuery(
        NEAR_POOL[150], limit=10, exclude_products=frozenset({"p1", "s75"}), exclude_images=frozenset({"i2"})
    ),
    ShardQuery(NEAR_POOL[200], limit=20, filters=Filters(price_max=10.0, currency="EUR"), min_score=0.1),
]


class ShardHistories(RuleBasedStateMachine):
    """`snapshots` are (position in the history, manifest); a replica may start from any of them."""

    engines: FaissEngines
    seeded = 0  # rows the shard begins with, beside those of the few products that the rules change
    snapshots = Bundle("snapshots")

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(Path(tempfile.mkdtemp()))
        self.history: list[Change] = []
        self.asked = 0
        self.truth: MemoryEngine = MemoryEngines().open(DIM, FINGERPRINT)
        self.engine: FaissEngine = self.engines.open(DIM, FINGERPRINT)

    def teardown(self) -> None:
        shutil.rmtree(self.store.folder)

    @initialize(columns=st.lists(COLUMNS, min_size=5, max_size=5))
    def begin(self, columns: list[Columns]) -> None:
        if self.seeded:
            rows = [(f"s{i // 2}", f"s{i}", 0, POOL[i]) for i in range(self.seeded)]
            self.change(Upsert(rows_of(*rows), {row[0]: columns[i % 5] for i, row in enumerate(rows)}))
            self.restart((1, self.store.keep(self.engine.seal(self.store.folder))))

    @rule(rows=st.lists(ROW, min_size=1, max_size=6), columns=st.tuples(COLUMNS, COLUMNS))
    def upsert(self, rows: list[tuple[str, str, int, int]], columns: tuple[Columns, ...]) -> None:
        new = rows_of(*((product_id, image, item, POOL[i]) for product_id, image, item, i in rows))
        self.change(Upsert(new, {row[0]: columns[i % 2] for i, row in enumerate(rows)}))

    @rule(product_id=PRODUCTS, columns=COLUMNS)
    def patch(self, product_id: str, columns: Columns) -> None:
        self.change(Patch(product_id, columns))

    @rule(product_id=PRODUCTS)
    def delete(self, product_id: str) -> None:
        self.change(Delete(product_id))

    @rule(first=st.integers(0, 200), count=st.integers(1, 100))
    def delete_many(self, first: int, count: int) -> None:
        """So that segments come over a quarter of dead rows."""
        self.change(*(Delete(f"s{i}") for i in range(first, first + count)))

    @rule(image_ids=st.lists(IMAGES, max_size=4))
    def drop(self, image_ids: list[str]) -> None:
        self.change(Drop(tuple(image_ids)))

    @rule(target=snapshots, taken_up=st.sampled_from([True, True, False]))
    def seal(self, taken_up: bool) -> tuple[int, dict[str, object]]:
        snapshot = len(self.history), self.store.keep(self.engine.seal(self.store.folder))
        if taken_up:
            self.restart(snapshot)
        return snapshot

    @rule(snapshot=snapshots)
    def start_from_any(self, snapshot: tuple[int, dict[str, object]]) -> None:
        self.restart(snapshot)

    def restart(self, snapshot: tuple[int, dict[str, object]]) -> None:
        position, manifest = snapshot
        self.engine = self.engines.load(manifest, self.store.files, FINGERPRINT)
        self.engine.apply(self.history[position:])

    @rule(query=QUERIES)
    def search(self, query: ShardQuery) -> None:
        self.same_products_exactly(query)
        self.nothing_wrong_compressed(query)

    @invariant()
    def standing_queries_are_answered(self) -> None:
        self.asked += 1
        self.search(STANDING[self.asked % len(STANDING)])

    def same_products_exactly(self, query: ShardQuery) -> None:
        """The same products; where scores differ by less than TIE, in any order."""
        found, expected = self.engine.search(replace(query, exact=True)), self.truth.search(query)
        assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected], abs=TIE)
        if expected:
            clear = expected[-1].score + TIE if len(expected) == query.limit else -1.0
            assert groups(query, expected, clear) <= groups(query, found)
            assert groups(query, found, clear) <= groups(query, expected)

    def nothing_wrong_compressed(self, query: ShardQuery) -> None:
        """As many hits as there can be, each of a live and allowed row, one a group, its true score."""
        found = self.engine.search(query)
        every = self.truth.search(replace(query, limit=10_000))
        best = {group(query, hit): hit.score for hit in every}
        assert len(groups(query, found)) == len(found)
        assert groups(query, found) <= best.keys()
        if query.min_score is None:
            assert len(found) == min(query.limit, len(every))
        scores = [hit.score for hit in found]
        assert scores == sorted(scores, reverse=True)
        rows = self.truth.freeze().rows
        for hit in found:
            row = rows[hit.image_id, hit.item]
            assert row.product_id == hit.product_id
            assert hit.score == pytest.approx(float(row.vector.astype(float) @ query.vector), abs=1e-2)
            assert hit.score <= best[group(query, hit)] + TIE

    @invariant()
    def as_many_rows_live(self) -> None:
        assert self.engine.rows() == self.truth.rows()

    def change(self, *changes: Change) -> None:
        self.history.extend(changes)
        self.truth.apply(changes)
        self.engine.apply(changes)


class ExactHistories(ShardHistories):
    engines = FaissEngines()


class CompressedHistories(ShardHistories):
    """Sealed segments of 200 rows and more have an IVF index, and every search of them goes through it."""

    engines = FaissEngines(FaissOptions(exact_below=200, scan_below=0))
    seeded = 500


def group(query: ShardQuery, hit: Hit) -> str:
    return hit.product_id if query.group_by == "product" else hit.image_id


def groups(query: ShardQuery, hits: list[Hit], above: float = -2.0) -> set[str]:
    return {group(query, hit) for hit in hits if hit.score > above}


BUDGET = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestExactHistories = ExactHistories.TestCase
TestExactHistories.settings = BUDGET
TestCompressedHistories = CompressedHistories.TestCase
TestCompressedHistories.settings = BUDGET
