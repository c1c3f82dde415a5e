"""An examination for a sealed segment's index: queries, sets of allowed rows, and the exact answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.indexer.engine.columns import Mask
from workers.indexer.engine.ivf import OVERSAMPLE, Bitmap, IvfIndex
from workers.indexer.engine.ranking import ROUGHNESS, SCAN_ROWS, rescored
from workers.indexer.engine.record import SHARES

TOP = 10
QUERIES = 200  # they tell recall to ± 0.003
NOISE = 0.5  # length of what is added to a row to make a query: their cosine is then about 0.9


@dataclass(frozen=True, eq=False)
class Trial:
    """Rows allowed (None: all), and for each query the score of its tenth best of them: (q,)."""

    allowed: Bitmap | None
    tenth: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Exam:
    """Queries (q, dim) near rows that no index was trained on, and trials by name of share.

    Under a filter there are two: rows allowed at random, and those nearest to some row, as a category's
    are. The latter often lie in other lists than the query and need several times the probes.
    """

    queries: NDArray[np.float32]
    trials: Mapping[str, list[Trial]]


def hold_out(rows: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Rows that no index may be trained on."""
    return np.sort(random.choice(rows, min(QUERIES, rows // TOP), replace=False))


def set_exam(vectors: NDArray[np.float16], held_out: NDArray[np.int64], random: np.random.Generator) -> Exam:
    """vectors: (n, dim), unit length."""
    rows, dim = vectors.shape
    noise = random.standard_normal((len(held_out), dim))
    noise *= NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
    queries = vectors[held_out] + noise
    queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
    masks: dict[str, list[Mask | None]] = {"100%": [None]}
    for name in ("10%", "1%"):
        count = int(SHARES[name] * rows)
        if count > 2 * OVERSAMPLE * TOP:  # of fewer, all are read
            masks[name] = [_anywhere(rows, count, random), _together(vectors, count, random)]
    flat = [mask for of_share in masks.values() for mask in of_share]
    tenth = iter(_tenth_best(vectors, queries, flat))
    trials = {
        name: [Trial(None if mask is None else Bitmap(mask), next(tenth)) for mask in of_share]
        for name, of_share in masks.items()
    }
    return Exam(queries, trials)


def _anywhere(rows: int, count: int, random: np.random.Generator) -> Mask:
    mask = np.zeros(rows, dtype=np.bool_)
    mask[random.choice(rows, count, replace=False)] = True
    return mask


def _together(vectors: NDArray[np.float16], count: int, random: np.random.Generator) -> Mask:
    centre = vectors[random.integers(len(vectors))].astype(np.float32)
    scores = np.concatenate([block @ centre for block in wide_blocks(vectors)])
    mask = np.zeros(len(vectors), dtype=np.bool_)
    mask[np.argpartition(-scores, count)[:count]] = True
    return mask


def _tenth_best(
    vectors: NDArray[np.float16], queries: NDArray[np.float32], masks: list[Mask | None]
) -> list[NDArray[np.float32]]:
    """For each mask (q,): one pass over the rows, in blocks."""
    tops = [np.full((len(queries), TOP), -np.inf, dtype=np.float32) for _ in masks]
    start = 0
    for block in wide_blocks(vectors):
        scores = queries @ block.T
        for i, mask in enumerate(masks):
            seen = scores if mask is None else scores[:, mask[start : start + len(block)]]
            tops[i] = -np.partition(-np.hstack((tops[i], seen)), TOP - 1, axis=1)[:, :TOP]
        start += len(block)
    return [top.min(axis=1) for top in tops]


def recall_at(index: IvfIndex, probes: int, vectors: NDArray[np.float16], exam: Exam, share: str) -> float:
    """recall@10 in the worst of the share's trials."""
    return min(_recall(index, probes, vectors, exam.queries, trial) for trial in exam.trials[share])


def _recall(
    index: IvfIndex, probes: int, vectors: NDArray[np.float16], queries: NDArray[np.float32], trial: Trial
) -> float:
    """Rows as good as the tenth best count as found: equal ones may stand for one another."""
    found = 0
    for query, tenth in zip(queries, trial.tenth, strict=True):
        rows = index.candidates(query, OVERSAMPLE * TOP, probes, trial.allowed)
        best = rescored(vectors, rows, query, floor=-np.inf)
        found += int(np.count_nonzero(best.scores[:TOP] >= tenth - ROUGHNESS))
    return found / (TOP * len(queries))


def wide_blocks(vectors: NDArray[np.float16]) -> Iterator[NDArray[np.float32]]:
    """The rows as FAISS and BLAS take them, a few at a time."""
    for start in range(0, len(vectors), SCAN_ROWS):
        yield vectors[start : start + SCAN_ROWS].astype(np.float32)
