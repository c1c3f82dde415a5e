"""What every shard engine does, whichever adapter: the same tests for the exact one and for FAISS."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shared.errors import FingerprintMismatch
from shared.vectors.codec import CorruptBlock
from tests.engine_rows import (
    BOX,
    FINGERPRINT,
    Store,
    clustered,
    images,
    near,
    products,
    rows_of,
    unit,
    upsert,
)
from workers.indexer.engine.faiss_engine import FaissEngines
from workers.indexer.engine.memory_engine import MemoryEngines
from workers.indexer.engine.options import FaissOptions
from workers.indexer.engine.port import (
    Change,
    Columns,
    Delete,
    Drop,
    EngineFactory,
    Filters,
    Patch,
    ShardEngine,
    ShardQuery,
    Upsert,
)

EAST, NORTH, UP = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
QUERY = ShardQuery(unit(*EAST), limit=10)

DRESS = Columns(
    category="dress",
    brand="Acme",
    color="red",
    labels=("new", "sale"),
    availability="in_stock",
    price=39.9,
    currency="EUR",
    rating=4.6,
)
NOTHING_TOLD = Columns()


class EngineContract:
    """Subclasses name the engine."""

    engines: EngineFactory

    @pytest.fixture
    def engine(self) -> ShardEngine:
        return self.engines.open(3, FINGERPRINT)

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return Store(tmp_path)

    def reloaded(self, engine: ShardEngine, store: Store) -> ShardEngine:
        manifest = store.keep(engine.seal(store.folder))
        return self.engines.load(manifest, store.files, FINGERPRINT)

    def test_a_row_finds_itself_with_score_one_and_all_that_was_said_of_it(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("p", "i", 2, EAST))])
        (hit,) = engine.search(QUERY)
        assert (hit.product_id, hit.image_id, hit.item) == ("p", "i", 2)
        assert hit.score == pytest.approx(1.0, abs=1e-6)
        assert hit.box == pytest.approx(BOX, abs=1e-6)

    def test_an_empty_shard_has_no_hits(self, engine: ShardEngine) -> None:
        assert engine.search(QUERY) == []
        assert engine.rows() == 0

    def test_hits_come_best_first_and_no_more_than_the_limit(self, engine: ShardEngine) -> None:
        engine.apply([upsert(*((f"p{i}", f"i{i}", 0, (1.0, i, 0.0)) for i in (3, 0, 2, 1)))])
        assert products(engine.search(replace(QUERY, limit=3))) == ["p0", "p1", "p2"]

    def test_a_product_appears_once_with_its_best_image(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("p", "far", 0, NORTH), ("p", "near", 0, EAST), ("q", "middle", 0, (1, 1, 0)))])
        assert images(engine.search(QUERY)) == ["near", "middle"]

    def test_grouped_by_image_a_product_appears_with_each_image_and_each_image_once(
        self, engine: ShardEngine
    ) -> None:
        engine.apply([upsert(("p", "far", 0, NORTH), ("p", "near", 0, (1, 1, 0)), ("p", "near", 1, EAST))])
        hits = engine.search(replace(QUERY, group_by="image"))
        assert [(hit.image_id, hit.item) for hit in hits] == [("near", 1), ("far", 0)]

    def test_equal_scores_are_ordered_by_product_and_image(self, engine: ShardEngine) -> None:
        engine.apply(
            [upsert(*((p, i, 0, EAST) for p, i in [("b", "y"), ("a", "z"), ("a", "x"), ("c", "w")]))]
        )
        assert images(engine.search(replace(QUERY, limit=2))) == ["x", "y"]
        assert images(engine.search(replace(QUERY, group_by="image", limit=3))) == ["x", "z", "y"]

    def test_of_many_equal_rows_those_first_by_id_are_the_hits(self, engine: ShardEngine) -> None:
        engine.apply([upsert(*((f"p{i:02}", f"i{i}", 0, EAST) for i in reversed(range(60))))])
        assert products(engine.search(replace(QUERY, limit=3))) == ["p00", "p01", "p02"]

    def test_a_row_is_found_alike_however_much_the_shard_has_grown_since(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("first", "first", 0, EAST))])
        for step in range(5):
            later = ((f"p{step}-{i}", f"i{step}-{i}", 0, (0.0, 1.0, i)) for i in range(100))
            engine.apply([upsert(*later)])
            (hit,) = engine.search(replace(QUERY, limit=1))
            assert (hit.product_id, hit.item) == ("first", 0)
            assert hit.score == pytest.approx(1.0, abs=1e-6)
            assert hit.box == pytest.approx(BOX, abs=1e-6)

    def test_the_limit_is_reached_though_one_product_fills_the_top(self, engine: ShardEngine) -> None:
        """Over-fetch goes on until there are `limit` distinct products."""
        crowd = [("crowd", f"i{i:03}", 0, (1.0, i / 1000, 0.0)) for i in range(300)]
        others = [(f"p{i}", f"o{i}", 0, (0.5, 1.0, i / 10)) for i in range(5)]
        engine.apply([upsert(*crowd, *others)])
        assert products(engine.search(replace(QUERY, limit=4))) == ["crowd", "p0", "p1", "p2"]

    def test_all_products_come_when_there_are_fewer_than_the_limit(self, engine: ShardEngine) -> None:
        engine.apply([upsert(*((f"p{i % 3}", f"i{i}", 0, (1.0, i, 0.0)) for i in range(50)))])
        assert products(engine.search(replace(QUERY, limit=100))) == ["p0", "p1", "p2"]

    def test_a_row_of_the_same_image_and_item_is_replaced(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("p", "i", 0, EAST), ("p", "i", 1, UP))])
        engine.apply([upsert(("p", "i", 0, NORTH))])
        assert engine.rows() == 2
        assert engine.search(QUERY)[0].score == pytest.approx(0.0, abs=1e-6)

    def test_the_later_of_two_equal_keys_in_one_upsert_counts(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("p", "i", 0, NORTH), ("q", "j", 0, UP), ("p", "i", 0, EAST))])
        assert engine.rows() == 2
        assert engine.search(QUERY)[0].score == pytest.approx(1.0, abs=1e-6)

    def test_an_image_that_moves_to_another_product_leaves_the_first(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("p", "i", 0, EAST))])
        engine.apply([upsert(("q", "i", 0, EAST))])
        assert products(engine.search(QUERY)) == ["q"]

    def test_an_upsert_gives_its_columns_to_older_rows_of_the_product_too(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("p", "old", 0, EAST), columns={"p": NOTHING_TOLD})])
        engine.apply([upsert(("p", "new", 0, NORTH), columns={"p": DRESS})])
        hits = engine.search(replace(QUERY, group_by="image", filters=Filters(category=("dress",))))
        assert images(hits) == ["old", "new"]

    def test_an_upsert_without_columns_for_one_of_its_products_is_refused(self) -> None:
        with pytest.raises(ValueError, match="'q'"):
            Upsert(rows_of(("p", "i", 0, EAST), ("q", "j", 0, EAST)), {"p": DRESS})

    def test_dropped_images_go_and_the_product_stays(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("p", "i", 0, EAST), ("p", "i", 1, EAST), ("p", "j", 0, NORTH))])
        engine.apply([Drop(("i", "unknown"))])
        assert images(engine.search(replace(QUERY, group_by="image"))) == ["j"]
        assert engine.rows() == 1

    def test_a_deleted_product_is_gone_and_comes_back_only_with_new_rows(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("p", "i", 0, EAST), ("q", "j", 0, EAST))])
        engine.apply([Delete("p"), Delete("unknown")])
        assert products(engine.search(QUERY)) == ["q"]
        engine.apply([upsert(("p", "k", 0, NORTH))])
        assert images(engine.search(replace(QUERY, group_by="image"))) == ["j", "k"]

    def test_changes_of_one_call_apply_in_order(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("p", "i", 0, EAST)), Delete("p"), upsert(("p", "j", 0, EAST)), Drop(("j",))])
        assert engine.rows() == 0
        engine.apply([upsert(("p", "i", 0, EAST)), Patch("p", DRESS), Patch("p", NOTHING_TOLD)])
        assert engine.search(replace(QUERY, filters=Filters(category=("dress",)))) == []

    def test_a_patch_changes_what_filters_see_of_every_row(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("p", "i", 0, EAST), ("p", "j", 0, NORTH), columns={"p": DRESS})])
        engine.apply([Patch("p", replace(DRESS, price=9.0, labels=("last",)))])
        cheap = Filters(price_max=10.0, currency="EUR", labels=("last",))
        assert images(engine.search(replace(QUERY, group_by="image", filters=cheap))) == ["i", "j"]
        assert engine.search(replace(QUERY, filters=Filters(labels=("sale",)))) == []

    def test_a_patch_of_an_unknown_product_does_nothing(self, engine: ShardEngine) -> None:
        engine.apply([Patch("p", DRESS)])
        engine.apply([upsert(("p", "i", 0, EAST))])
        assert engine.search(replace(QUERY, filters=Filters(category=("dress",)))) == []

    @pytest.mark.parametrize(
        ("filters", "matches"),
        [
            (Filters(), True),
            (Filters(category=("shoe", "dress")), True),
            (Filters(category=("shoe",)), False),
            (Filters(brand=("Acme",), color=("red",)), True),
            (Filters(brand=("Acme",), color=("blue",)), False),
            (Filters(brand=("acme",)), False),
            (Filters(labels=("sale", "old")), True),
            (Filters(labels=("old",)), False),
            (Filters(availability=("in_stock",)), True),
            (Filters(availability=("out_of_stock",)), False),
            (Filters(price_min=39.9, price_max=39.9, currency="EUR"), True),
            (Filters(price_min=40.0, currency="EUR"), False),
            (Filters(price_max=39.89, currency="EUR"), False),
            (Filters(price_max=100.0, currency="USD"), False),
            (Filters(currency="EUR"), True),
            (Filters(currency="USD"), False),
            (Filters(rating_min=4.6, rating_max=4.6), True),
            (Filters(rating_min=4.7), False),
            (Filters(rating_max=4.5), False),
        ],
    )
    def test_filters_are_an_and_of_ors(self, engine: ShardEngine, filters: Filters, matches: bool) -> None:
        """And a product of which the shop told nothing passes only where nothing is asked."""
        engine.apply([upsert(("p", "i", 0, EAST), ("none", "j", 0, NORTH), columns={"p": DRESS})])
        found = products(engine.search(replace(QUERY, filters=filters)))
        assert ("p" in found) == matches == filters.allow(DRESS)
        assert ("none" in found) == (filters == Filters()) == filters.allow(NOTHING_TOLD)

    def test_a_filter_value_that_no_product_has_matches_nothing(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("p", "i", 0, EAST), columns={"p": DRESS})])
        assert engine.search(replace(QUERY, filters=Filters(category=("never seen",)))) == []

    def test_a_price_filter_without_currency_is_refused(self) -> None:
        with pytest.raises(ValueError, match="currency"):
            Filters(price_max=10.0)

    def test_excluded_images_count_before_grouping(self, engine: ShardEngine) -> None:
        """The product is then shown by its next image, not lost."""
        engine.apply([upsert(("p", "i", 0, EAST), ("p", "j", 0, (1, 1, 0)), ("q", "k", 0, NORTH))])
        hits = engine.search(replace(QUERY, exclude_images=frozenset({"i", "unknown"})))
        assert images(hits) == ["j", "k"]

    def test_excluded_products_make_room_for_the_next(self, engine: ShardEngine) -> None:
        engine.apply([upsert(*((f"p{i}", f"i{i}", 0, (1.0, i, 0.0)) for i in range(5)))])
        hits = engine.search(replace(QUERY, limit=2, exclude_products=frozenset({"p0", "p2"})))
        assert products(hits) == ["p1", "p3"]

    def test_no_hit_scores_below_min_score(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("p", "i", 0, EAST), ("q", "j", 0, (1, 1, 0)), ("r", "k", 0, NORTH))])
        assert products(engine.search(replace(QUERY, min_score=0.5))) == ["p", "q"]

    def test_opposite_vectors_score_minus_one(self, engine: ShardEngine) -> None:
        engine.apply([upsert(("p", "i", 0, (-1, 0, 0)))])
        assert engine.search(QUERY)[0].score == pytest.approx(-1.0, abs=1e-6)

    def test_a_change_of_another_dimension_is_refused_and_nothing_of_the_call_applied(
        self, engine: ShardEngine
    ) -> None:
        with pytest.raises(ValueError, match="2 dimensions in a shard of 3"):
            engine.apply([upsert(("p", "i", 0, EAST)), upsert(("q", "j", 0, (1.0, 0.0)))])
        engine.apply([])
        assert engine.rows() == 0

    def test_a_query_of_another_dimension_is_refused(self, engine: ShardEngine) -> None:
        with pytest.raises(ValueError, match="2 dimensions in a shard of 3"):
            engine.search(ShardQuery(unit(1.0, 0.0), limit=1))

    def test_a_query_that_means_nothing_is_refused(self) -> None:
        with pytest.raises(ValueError, match="limit"):
            replace(QUERY, limit=0)
        with pytest.raises(ValueError, match="finite"):
            replace(QUERY, vector=np.array([np.nan, 0, 0], np.float32))

    def test_a_snapshot_holds_what_lived_with_its_columns(self, engine: ShardEngine, store: Store) -> None:
        engine.apply(
            [upsert(("p", "i", 1, EAST), ("p", "j", 0, NORTH), ("q", "k", 0, UP), columns={"p": DRESS})]
        )
        engine.apply([Drop(("j",)), Delete("q"), Patch("p", replace(DRESS, brand="Böse & Söhne"))])
        loaded = self.reloaded(engine, store)
        assert (loaded.rows(), loaded.dim, loaded.fingerprint) == (1, 3, FINGERPRINT)
        assert loaded.search(replace(QUERY, filters=Filters(brand=("Böse & Söhne",)))) == engine.search(QUERY)

    def test_a_sealed_shard_takes_every_kind_of_change(self, engine: ShardEngine, store: Store) -> None:
        engine.apply([upsert(*((f"p{i}", f"i{i}", 0, (1.0, i, 0.0)) for i in range(6)))])
        loaded = self.reloaded(engine, store)
        changes: list[Change] = [
            Delete("p0"),
            Drop(("i1",)),
            Patch("p2", DRESS),
            upsert(("p3", "i3", 0, EAST), ("new", "i9", 0, (9.0, 1.0, 0.0)), columns={"p3": DRESS}),
        ]
        loaded.apply(changes)
        engine.apply(changes)
        assert products(loaded.search(QUERY)) == ["p3", "new", "p2", "p4", "p5"]
        assert loaded.search(QUERY) == engine.search(QUERY)
        dresses = replace(QUERY, filters=Filters(category=("dress",)))
        assert products(loaded.search(dresses)) == ["p3", "p2"]
        again = self.reloaded(loaded, store)
        assert again.search(QUERY) == loaded.search(QUERY)
        assert again.search(dresses) == loaded.search(dresses)

    def test_an_older_snapshot_and_the_changes_since_give_the_same_shard(
        self, engine: ShardEngine, store: Store
    ) -> None:
        engine.apply([upsert(("p", "i", 0, EAST), ("q", "j", 0, NORTH))])
        older = store.keep(engine.seal(store.folder))
        since: list[Change] = [Delete("p"), upsert(("r", "k", 0, (2, 1, 0))), Patch("q", DRESS)]
        engine.apply(since)
        loaded = self.engines.load(older, store.files, FINGERPRINT)
        loaded.apply(since)
        assert loaded.search(QUERY) == engine.search(QUERY)

    def test_what_is_applied_after_freezing_is_not_in_the_snapshot(
        self, engine: ShardEngine, store: Store
    ) -> None:
        engine.apply([upsert(("p", "i", 0, EAST), ("q", "j", 0, NORTH), columns={"p": DRESS})])
        frozen = engine.freeze()
        engine.apply([Delete("q"), Patch("p", NOTHING_TOLD), upsert(("r", "k", 0, UP))])
        loaded = self.engines.load(store.keep(frozen.seal(store.folder)), store.files, FINGERPRINT)
        assert products(loaded.search(QUERY)) == ["p", "q"]
        assert products(loaded.search(replace(QUERY, filters=Filters(category=("dress",))))) == ["p"]

    def test_an_empty_shard_is_sealed_and_loaded(self, engine: ShardEngine, store: Store) -> None:
        engine.apply([upsert(("p", "i", 0, EAST)), Delete("p")])
        loaded = self.reloaded(engine, store)
        assert (loaded.rows(), loaded.search(QUERY)) == (0, [])

    def test_a_snapshot_of_another_model_is_refused_with_both_fingerprints_named(
        self, engine: ShardEngine, store: Store
    ) -> None:
        manifest = store.keep(engine.seal(store.folder))
        with pytest.raises(FingerprintMismatch) as error:
            self.engines.load(manifest, store.files, "another")
        assert (error.value.expected, error.value.found) == ("another", FINGERPRINT)

    def test_a_snapshot_of_another_engine_is_refused(self, engine: ShardEngine, store: Store) -> None:
        manifest = store.keep(engine.seal(store.folder))
        with pytest.raises(CorruptBlock, match="engine 'else'"):
            self.engines.load({**manifest, "engine": "else"}, store.files, FINGERPRINT)

    def test_a_snapshot_with_any_file_cut_is_refused_or_loads_unharmed(
        self, engine: ShardEngine, store: Store
    ) -> None:
        """Checksums find it first; a cut FAISS file is a lost cache and is built again."""
        random = np.random.default_rng(0)
        rows = [(f"p{i}", f"i{i}", 0, vector) for i, vector in enumerate(clustered(300, 3, 5, random))]
        engine.apply([upsert(*rows)])
        manifest = store.keep(engine.seal(store.folder))
        for name, path in store.files.items():
            half = store.folder / "half"
            half.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            try:
                loaded = self.engines.load(manifest, {**store.files, name: half}, FINGERPRINT)
            except CorruptBlock:
                continue
            assert products(loaded.search(QUERY)) == products(engine.search(QUERY))

    def test_a_snapshot_that_lacks_a_file_of_its_truth_is_refused(
        self, engine: ShardEngine, store: Store
    ) -> None:
        engine.apply([upsert(("p", "i", 0, EAST))])
        manifest = store.keep(engine.seal(store.folder))
        for name in store.files:
            files = {other: path for other, path in store.files.items() if other != name}
            with pytest.raises(CorruptBlock, match=name):
                self.engines.load(manifest, files, FINGERPRINT)

    def test_stats_count_live_rows(self, engine: ShardEngine, store: Store) -> None:
        engine.apply([upsert(*((f"p{i}", f"i{i}", 0, EAST) for i in range(4))), Delete("p0")])
        assert engine.rows() == engine.stats()["rows"] == 3
        assert self.reloaded(engine, store).stats()["rows"] == 3

    def test_searches_beside_apply_and_seal_never_show_what_was_deleted_before_them(
        self, engine: ShardEngine, store: Store
    ) -> None:
        """Four threads search and one seals while products come, change and go; nothing raises."""
        random = np.random.default_rng(0)
        vectors = clustered(300, 3, 5, random)
        sealed = [(f"s{i}", f"s{i}", 0, vector) for i, vector in enumerate(vectors)]
        engine.apply([upsert(*sealed)])
        engine = self.reloaded(engine, store)
        deleted: set[str] = set()
        done = threading.Event()
        wrong: list[str] = []

        def search(seed: int) -> None:
            queries = np.random.default_rng(seed)
            while not done.is_set():
                gone = frozenset(deleted)
                query = ShardQuery(near(vectors[queries.integers(300)], queries), limit=20)
                hits = engine.search(query)
                found = products(hits)
                wrong.extend(gone.intersection(found))
                if len(found) != 20 or len(set(found)) != 20:
                    wrong.append(f"{len(found)} hits of {len(set(found))} products")

        def seal() -> None:
            while not done.is_set():
                engine.seal(store.folder)

        with ThreadPoolExecutor(max_workers=5) as pool:
            running = [pool.submit(search, seed) for seed in range(4)] + [pool.submit(seal)]
            try:
                for step in range(150):
                    fresh = [(f"n{step}-{i}", f"n{step}-{i}", 0, vectors[(step + i) % 300]) for i in range(5)]
                    engine.apply([upsert(*fresh), Patch(f"s{step}", DRESS)])
                    leaving = [f"s{step}", f"n{step}-0"]
                    engine.apply([Delete(product_id) for product_id in leaving])
                    deleted.update(leaving)
            finally:
                done.set()
        for future in running:
            future.result()
        assert wrong == []
        assert engine.rows() == 300 + 150 * 5 - 150 * 2


class TestMemoryEngine(EngineContract):
    engines = MemoryEngines()


class TestFaissEngineSmall(EngineContract):
    """Segments without an index, as most shops' are."""

    engines = FaissEngines()


class TestFaissEngineIndexed(EngineContract):
    """Every sealed segment that can be trained has an index, and small sets of rows go through it too."""

    engines = FaissEngines(FaissOptions(exact_below=100, scan_below=0))
