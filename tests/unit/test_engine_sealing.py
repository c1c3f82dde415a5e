"""Which base segments a snapshot keeps, merges and rewrites, and what becomes of a lost index."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.engine_rows import FINGERPRINT, Store, clustered, near, products, upsert
from workers.indexer.engine.faiss_engine import FaissEngine, FaissEngines
from workers.indexer.engine.options import FaissOptions
from workers.indexer.engine.port import Change, Delete, ShardQuery

DIM = 8
POOL = clustered(2_000, DIM, 20, np.random.default_rng(0))
FLAT, INDEXED = FaissEngines(), FaissEngines(FaissOptions(exact_below=200, scan_below=0))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def fresh_rows(first: int, count: int) -> Change:
    return upsert(*((f"p{i}", f"i{i}", 0, POOL[i]) for i in range(first, first + count)))


def sealed(engines: FaissEngines, engine: FaissEngine, store: Store) -> FaissEngine:
    return engines.load(store.keep(engine.seal(store.folder)), store.files, FINGERPRINT)


def sizes(engine: FaissEngine) -> list[int]:
    return [segment["rows"] for segment in engine.stats()["segments"]]


def shard(engines: FaissEngines, store: Store, *counts: int) -> FaissEngine:
    """Sealed after each so many rows."""
    engine = engines.open(DIM, FINGERPRINT)
    first = 0
    for count in counts:
        engine.apply([fresh_rows(first, count)])
        engine = sealed(engines, engine, store)
        first += count
    return engine


def test_a_segment_twice_as_large_as_the_head_stays_and_its_files_are_not_stored_again(store: Store) -> None:
    engine = shard(FLAT, store, 100)
    before = {path: path.stat().st_mtime_ns for path in store.files.values()}
    engine.apply([fresh_rows(100, 50)])
    snapshot = engine.seal(store.folder)
    assert [segment["rows"] for segment in snapshot.manifest["segments"]] == [100, 50]
    assert sorted(file.name.split(".")[1] for file in snapshot.files if file.reused) == ["ids", "vectors"]
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_segment_less_than_twice_the_next_is_merged_with_it(store: Store) -> None:
    assert sizes(shard(FLAT, store, 100, 51)) == [151]


def test_a_merge_may_make_the_next_older_segment_too_small(store: Store) -> None:
    assert sizes(shard(FLAT, store, 400, 150, 60)) == [400, 150, 60]
    assert sizes(shard(FLAT, Store(store.folder), 400, 150, 80)) == [630]


def test_a_segment_with_more_than_a_quarter_dead_is_rewritten_without_them(store: Store) -> None:
    engine = shard(FLAT, store, 100)
    engine.apply([Delete(f"p{i}") for i in range(25)])
    engine = sealed(FLAT, engine, store)
    assert (sizes(engine), engine.stats()["dead"]) == ([100], 25)
    engine.apply([Delete("p25")])
    engine = sealed(FLAT, engine, store)
    assert (sizes(engine), engine.stats()["dead"]) == ([74], 0)


def test_a_segment_without_live_rows_is_left_out(store: Store) -> None:
    engine = shard(FLAT, store, 100, 40)
    engine.apply([Delete(f"p{i}") for i in range(100, 140)])
    assert sizes(sealed(FLAT, engine, store)) == [100]


def test_a_lost_or_unreadable_index_is_built_again_and_stored_by_the_next_snapshot(store: Store) -> None:
    engine = shard(INDEXED, store, 600)
    expected = [products(engine.search(query)) for query in some_queries()]
    manifest = store.keep(engine.seal(store.folder))
    index = manifest["segments"][0]["index"]

    for harm in ("lost", "unreadable", "of other rows"):
        files = dict(store.files)
        if harm == "lost":
            del files[index]
        else:
            files[index] = store.folder / harm
            files[index].write_bytes(b"no index")
        if harm == "of other rows":
            other = shard(INDEXED, Store(store.folder), 500)
            name = other.seal(store.folder).manifest["segments"][0]["index"]
            files[index] = store.folder / name
        again = INDEXED.load(manifest, files, FINGERPRINT)
        assert again.stats()["segments"][0]["type"] == "ivf_sq8"
        assert [products(again.search(query)) for query in some_queries()] == expected
        snapshot = again.seal(store.folder)
        new = {file.name for file in snapshot.files if not file.reused}
        assert snapshot.manifest["segments"][0]["index"] in new


def test_a_segment_full_of_one_product_hides_none_of_its_others(store: Store) -> None:
    """The head alone could fill the limit, with worse ones."""
    query = POOL[0].astype(np.float32)
    far = -query + 0.1 * POOL[1]
    engine = FLAT.open(DIM, FINGERPRINT)
    second = ("second", "s", 0, near(query, np.random.default_rng(2)))
    engine.apply([upsert(*(("crowd", f"c{i}", 0, query) for i in range(50)), second)])
    engine = sealed(FLAT, engine, store)
    engine.apply([upsert(*((f"h{i}", f"h{i}", 0, far) for i in range(10)))])
    assert products(engine.search(ShardQuery(query, limit=2))) == ["crowd", "second"]


def some_queries() -> list[ShardQuery]:
    random = np.random.default_rng(1)
    return [ShardQuery(near(POOL[i], random), limit=3) for i in range(20)]


@pytest.mark.parametrize("engines", [FLAT, INDEXED])
def test_a_purge_writes_a_segment_anew_for_a_single_dead_row(engines: FaissEngines, store: Store) -> None:
    engine = shard(engines, store, 300)
    engine.apply([Delete("p7")])
    assert [f.name for f in engine.seal(store.folder).files if f.reused], "a usual seal keeps it"
    snapshot = engine.seal(store.folder, purge=True)
    assert [f.name for f in snapshot.files if f.reused] == []
    assert [segment["rows"] for segment in snapshot.manifest["segments"]] == [299]
    dead = POOL[7].astype(np.float16).tobytes()
    assert not any(dead in f.path.read_bytes() for f in snapshot.files if f.path is not None)
