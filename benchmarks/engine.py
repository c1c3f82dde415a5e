"""Milliseconds of one search of a shard, ours beside FAISS Flat, with and without filters, and recall@10.

200,000 clustered vectors of 256 dimensions, one thread. "Elsewhere" is a filter whose rows all lie together
and away from the query, which probing few lists would miss.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from shared.catalog.filters import Columns, Filters
from shared.vectors.codec import Rows, to_unit_f16
from workers.indexer.engine.faiss_engine import FaissEngine, FaissEngines
from workers.indexer.engine.ivf import Bitmap
from workers.indexer.engine.options import FaissOptions
from workers.indexer.engine.port import ShardQuery, Upsert

ROWS, DIM, CLUSTERS, QUERIES, TOP = 200_000, 256, 2_000, 100, 10


@dataclass(frozen=True)
class Case:
    name: str
    filters: Filters
    allowed: NDArray[np.bool_]  # (ROWS,)


@dataclass(frozen=True)
class Measured:
    milliseconds: float
    found: list[set[int]]


def main() -> None:
    random = np.random.default_rng(7)
    cluster = random.integers(0, CLUSTERS, ROWS)
    vectors = _clustered(cluster, random)
    queries = _near(vectors[random.choice(ROWS, QUERIES, replace=False)], random)
    engine, seconds = _sealed(vectors, cluster)
    flat = faiss.IndexFlatIP(DIM)
    flat.add(vectors.astype(np.float32))

    print(f"{ROWS:,} x {DIM}, one thread; sealed and loaded in {seconds:.0f} s")
    print(json.dumps(engine.stats()["segments"][0]))
    print(f"{'rows allowed':<18}{'Flat ms':>9}{'ours ms':>9}{'recall@10':>11}")
    measured: dict[str, Any] = {}
    for case in _cases(cluster):
        limit = _measure(queries, partial(_flat, flat, case.allowed))
        ours = _measure(queries, partial(_ours, engine, case.filters))
        right = sum(len(a & b) for a, b in zip(limit.found, ours.found, strict=True))
        recall = right / sum(len(truth) for truth in limit.found)
        print(f"{case.name:<18}{limit.milliseconds:>9.2f}{ours.milliseconds:>9.2f}{recall:>11.3f}")
        measured[case.name] = {
            "flat_ms": round(limit.milliseconds, 3),
            "ours_ms": round(ours.milliseconds, 3),
            "recall": round(recall, 4),
        }
    ours_ms, limit_ms = measured["100 %"]["ours_ms"], measured["100 %"]["flat_ms"]
    line = {"name": "engine", "ours": ours_ms, "limit": limit_ms, "ratio": round(ours_ms / limit_ms, 4)}
    print(json.dumps({**line, "cases": measured}))


def _clustered(cluster: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.float16]:
    centres = random.standard_normal((CLUSTERS, DIM)) / DIM**0.5
    return to_unit_f16(centres[cluster] + 0.8 * random.standard_normal((len(cluster), DIM)) / DIM**0.5)


def _near(vectors: NDArray[np.float16], random: np.random.Generator) -> NDArray[np.float32]:
    noise = 0.5 * random.standard_normal(vectors.shape) / DIM**0.5
    return to_unit_f16(vectors + noise).astype(np.float32)


def _columns(row: int, cluster: int) -> Columns:
    """Values in turn: a tenth, a hundredth, a thousandth of the rows each; labels by cluster."""
    return Columns(str(row % 10), str(row % 100), str(row % 1_000), labels=(str(cluster % 10),))


def _sealed(vectors: NDArray[np.float16], cluster: NDArray[np.int64]) -> tuple[FaissEngine, float]:
    ids = [str(row) for row in range(ROWS)]
    rows = Rows(ids, ids, np.zeros(ROWS, np.int16), np.zeros((ROWS, 4), np.float32), vectors)
    columns = {product: _columns(row, int(cluster[row])) for row, product in enumerate(ids)}
    started = time.perf_counter()
    fresh = FaissEngines(FaissOptions(threads=2)).open(DIM, "benchmark")
    fresh.apply([Upsert(rows, columns)])
    with tempfile.TemporaryDirectory() as folder:
        sealed = fresh.seal(Path(folder))
        files = {file.name: file.path for file in sealed.files if file.path}
        # The mapped files outlive their folder: their bytes go when the process ends.
        engine = FaissEngines(FaissOptions(threads=1)).load(sealed.manifest, files, "benchmark")
    return engine, time.perf_counter() - started


def _cases(cluster: NDArray[np.int64]) -> list[Case]:
    row = np.arange(ROWS)
    return [
        Case("100 %", Filters(), np.ones(ROWS, np.bool_)),
        Case("10 %", Filters(category=("3",)), row % 10 == 3),
        Case("10 % elsewhere", Filters(labels=("3",)), cluster % 10 == 3),
        Case("1 %", Filters(brand=("3",)), row % 100 == 3),
        Case("0.1 %", Filters(color=("3",)), row % 1_000 == 3),
    ]


def _measure(queries: NDArray[np.float32], search: Callable[[NDArray[np.float32]], set[int]]) -> Measured:
    faiss.omp_set_num_threads(1)
    search(queries[0])
    started = time.perf_counter()
    found = [search(query) for query in queries]
    return Measured((time.perf_counter() - started) / len(queries) * 1e3, found)


def _flat(index: Any, allowed: NDArray[np.bool_], query: NDArray[np.float32]) -> set[int]:
    parameters = None
    if not allowed.all():
        bitmap = Bitmap(allowed)
        parameters = faiss.SearchParameters()
        parameters.sel = bitmap.selector
    _, rows = index.search(query[None], TOP, params=parameters)
    return set(rows[0].tolist())


def _ours(engine: FaissEngine, filters: Filters, query: NDArray[np.float32]) -> set[int]:
    return {int(hit.product_id) for hit in engine.search(ShardQuery(query, TOP, filters=filters))}


if __name__ == "__main__":
    main()
