"""How much of the exact answer an indexed segment finds, and what becomes of rows that no index suits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.vectors.codec import Rows, to_unit_f16
from tests.engine_rows import FINGERPRINT, Store, near, products
from workers.indexer.engine.build import LEAST_RECALL, build_index
from workers.indexer.engine.faiss_engine import FaissEngine, FaissEngines
from workers.indexer.engine.options import FaissOptions
from workers.indexer.engine.port import Columns, Filters, ShardQuery, Upsert

ROWS, DIM, CLUSTERS = 20_000, 64, 200
INDEXED = FaissOptions(exact_below=10_000, scan_below=0)


@pytest.fixture(scope="module")
def cluster() -> NDArray[np.int64]:
    return np.random.default_rng(1).integers(0, CLUSTERS, ROWS)


@pytest.fixture(scope="module")
def vectors(cluster: NDArray[np.int64]) -> NDArray[np.float16]:
    random = np.random.default_rng(2)
    centres = random.standard_normal((CLUSTERS, DIM)) / DIM**0.5
    spread = 0.8 * random.standard_normal((ROWS, DIM)) / DIM**0.5
    return to_unit_f16(centres[cluster] + spread)


@pytest.fixture(scope="module")
def engine(
    vectors: NDArray[np.float16], cluster: NDArray[np.int64], tmp_path_factory: pytest.TempPathFactory
) -> FaissEngine:
    """Every tenth product has category 3, every hundredth brand 3; label 3 is a tenth of the clusters."""
    ids = [f"p{row}" for row in range(ROWS)]
    columns = {
        product_id: Columns(
            category=str(row % 10),
            brand=str(row % 100),
            labels=(str(cluster[row] % 10),),
            color=str(cluster[row]),
        )
        for row, product_id in enumerate(ids)
    }
    rows = Rows(ids, ids, np.zeros(ROWS, np.int16), np.zeros((ROWS, 4), np.float32), vectors)
    fresh = FaissEngines(INDEXED).open(DIM, FINGERPRINT)
    fresh.apply([Upsert(rows, columns)])
    store = Store(tmp_path_factory.mktemp("segments"))
    return FaissEngines(INDEXED).load(store.keep(fresh.seal(store.folder)), store.files, FINGERPRINT)


def queries(vectors: NDArray[np.float16]) -> list[NDArray[np.float32]]:
    random = np.random.default_rng(3)
    return [near(vectors[row], random) for row in random.choice(ROWS, 100, replace=False)]


@pytest.mark.parametrize(
    "filters",
    [
        pytest.param(Filters(), id="all"),
        pytest.param(Filters(category=("3",)), id="10 % anywhere"),
        pytest.param(Filters(labels=("3",)), id="10 % that lie together"),
        pytest.param(Filters(brand=("3",)), id="1 % anywhere"),
    ],
)
def test_a_compressed_segment_finds_98_of_100_of_the_ten_best(
    engine: FaissEngine, vectors: NDArray[np.float16], filters: Filters
) -> None:
    found = 0
    for vector in queries(vectors):
        query = ShardQuery(vector, limit=10, filters=filters)
        best = products(engine.search(replace(query, exact=True)))
        assert len(best) == 10
        found += len(set(best).intersection(products(engine.search(query))))
    assert found >= 980


def test_the_limit_is_reached_though_no_allowed_row_lies_in_the_lists_nearest_to_the_query(
    engine: FaissEngine, vectors: NDArray[np.float16], cluster: NDArray[np.int64]
) -> None:
    """Nine tenths of the rows are allowed, so few lists are read; they hold the others; then all are read."""
    query = vectors[0].astype(np.float32)
    scores = vectors.astype(np.float32) @ query
    by_closeness = sorted(range(CLUSTERS), key=lambda number: -scores[cluster == number].mean())
    allowed = Filters(color=tuple(str(number) for number in by_closeness[CLUSTERS // 10 :]))
    assert len(engine.search(ShardQuery(query, limit=10, filters=allowed))) == 10


def test_stats_tell_type_probes_and_recall_of_a_segment(engine: FaissEngine) -> None:
    (segment,) = engine.stats()["segments"]
    assert segment["type"] == "ivf_sq8"
    assert segment["rows"] == ROWS
    assert all(recall >= LEAST_RECALL for recall in segment["recall"].values())
    assert segment["nprobe"]["100%"] < segment["nprobe"]["1%"] <= segment["nlist"]


def test_vectors_that_no_list_orders_get_no_index() -> None:
    """Without clusters the ten best lie in most lists; reading all rows is then as fast, and exact."""
    random = np.random.default_rng(0)
    rows = to_unit_f16(random.standard_normal((4_000, 128)))
    assert build_index(rows, FaissOptions()) is None


def test_vectors_that_8_bits_cannot_tell_apart_keep_16() -> None:
    """Most rows of a cluster differ by less than the codes' steps, which a few rows far off stretch."""
    random = np.random.default_rng(0)
    centres = random.standard_normal((20, 32)) / 32**0.5
    spread = np.where(random.random((8_000, 1)) < 0.95, 0.01, 1.5)
    rows = centres[random.integers(0, 20, 8_000)] + spread * random.standard_normal((8_000, 32)) / 32**0.5
    index = build_index(to_unit_f16(rows), FaissOptions())
    assert index is not None
    assert index.record.type == "ivf_fp16"


def test_a_segment_smaller_than_two_trainable_lists_gets_no_index() -> None:
    rows = to_unit_f16(np.random.default_rng(0).standard_normal((60, 8)))
    assert build_index(rows, FaissOptions()) is None
