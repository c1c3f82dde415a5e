"""Building a sealed segment's index: train, measure, and take the next type if it does not find enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import faiss
import numpy as np
from numpy.typing import NDArray

from workers.indexer.engine.columns import Mask
from workers.indexer.engine.ivf import OVERSAMPLE, Bitmap, IvfIndex
from workers.indexer.engine.options import FaissOptions
from workers.indexer.engine.ranking import ROUGHNESS, SCAN_ROWS, rescored
from workers.indexer.engine.record import SHARES, IndexRecord

CODES = {"ivf_sq8": "SQ8", "ivf_fp16": "SQfp16"}  # in the order in which they are tried; then Flat

TOP = 10
LEAST_RECALL = 0.98  # of TOP, after scoring again; below it the next type is tried
AIM = 0.99  # what probes are chosen for: 200 queries tell recall to ± 0.003
QUERIES = 200
NOISE = 0.5  # length of what is added to a row to make a query: their cosine is then about 0.9

TRAIN_LEAST, TRAIN_MOST = 39, 64  # vectors per list; 39 is where FAISS begins to warn
MOST_LISTS = 65_536
FIRST_PROBES = 4


@dataclass(frozen=True, eq=False)
class Trial:
    """Rows allowed (None: all), and for each query the score of its tenth best of them: (QUERIES,)."""

    allowed: Bitmap | None
    tenth: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Exam:
    """Queries (q, dim) near rows that no index was trained on, and trials by name of share.

    Under a filter there are two: rows allowed at random, and those nearest to some row, as a category's
    are. The latter often lie in other lists than the query and need several times the probes.
    """

    held_out: NDArray[np.int64]
    queries: NDArray[np.float32]
    trials: Mapping[str, list[Trial]]


def build_index(vectors: NDArray[np.float16], options: FaissOptions) -> IvfIndex | None:
    """The first type that reaches LEAST_RECALL at every share. None: Flat. vectors: (n, dim), unit length."""
    faiss.omp_set_num_threads(options.threads)
    random = np.random.default_rng(0)
    exam = _set_exam(vectors, random)
    lists = min(MOST_LISTS, int(4 * len(vectors) ** 0.5), (len(vectors) - len(exam.held_out)) // TRAIN_LEAST)
    if lists < 2:
        return None
    for kind in CODES:
        index = _measured(kind, _trained(kind, vectors, lists, exam.held_out, random), vectors, exam, options)
        if min(index.record.recall.values()) >= LEAST_RECALL:
            return index
    return None


def _set_exam(vectors: NDArray[np.float16], random: np.random.Generator) -> Exam:
    rows, dim = vectors.shape
    held_out = np.sort(random.choice(rows, min(QUERIES, rows // TOP), replace=False))
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
    return Exam(held_out, queries, trials)


def _anywhere(rows: int, count: int, random: np.random.Generator) -> Mask:
    mask = np.zeros(rows, dtype=np.bool_)
    mask[random.choice(rows, count, replace=False)] = True
    return mask


def _together(vectors: NDArray[np.float16], count: int, random: np.random.Generator) -> Mask:
    centre = vectors[random.integers(len(vectors))].astype(np.float32)
    scores = np.concatenate([block @ centre for block in _wide_blocks(vectors)])
    mask = np.zeros(len(vectors), dtype=np.bool_)
    mask[np.argpartition(-scores, count)[:count]] = True
    return mask


def _tenth_best(
    vectors: NDArray[np.float16], queries: NDArray[np.float32], masks: list[Mask | None]
) -> list[NDArray[np.float32]]:
    """For each mask (q,): one pass over the rows, in blocks."""
    tops = [np.full((len(queries), TOP), -np.inf, dtype=np.float32) for _ in masks]
    start = 0
    for block in _wide_blocks(vectors):
        scores = queries @ block.T
        for i, mask in enumerate(masks):
            seen = scores if mask is None else scores[:, mask[start : start + len(block)]]
            tops[i] = -np.partition(-np.hstack((tops[i], seen)), TOP - 1, axis=1)[:, :TOP]
        start += len(block)
    return [top.min(axis=1) for top in tops]


def _trained(
    kind: str,
    vectors: NDArray[np.float16],
    lists: int,
    held_out: NDArray[np.int64],
    random: np.random.Generator,
) -> faiss.IndexIVF:
    rows, dim = vectors.shape
    index: Any = faiss.index_factory(dim, f"IVF{lists},{CODES[kind]}", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = 10
    usable = np.setdiff1d(np.arange(rows), held_out)
    sample = np.sort(random.choice(usable, min(len(usable), lists * TRAIN_MOST), replace=False))
    index.train(vectors[sample].astype(np.float32))
    for block in _wide_blocks(vectors):
        index.add(block)
    return cast(faiss.IndexIVF, index)


def _measured(
    kind: str, trained: faiss.IndexIVF, vectors: NDArray[np.float16], exam: Exam, options: FaissOptions
) -> IvfIndex:
    """Probes double until AIM is reached; without a filter they end at half of the lists, beyond which an
    index saves too little over reading all rows. A share without trials is never searched by probes."""
    lists = int(trained.nlist)
    nprobe = dict.fromkeys(SHARES, lists)
    recall = dict.fromkeys(SHARES, 1.0)
    bare = IvfIndex(trained, IndexRecord(kind, lists, nprobe, recall), options.threads)
    for name, trials in exam.trials.items():
        most = max(FIRST_PROBES, lists // 2) if name == "100%" else lists
        probes = min(FIRST_PROBES, most)
        while True:
            reached = min(_recall(bare, probes, vectors, exam.queries, trial) for trial in trials)
            if reached >= AIM or probes == most:
                break
            probes = min(2 * probes, most)
        nprobe[name], recall[name] = min(probes, lists), round(reached, 4)
    return IvfIndex(trained, IndexRecord(kind, lists, nprobe, recall), options.threads)


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


def _wide_blocks(vectors: NDArray[np.float16]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(vectors), SCAN_ROWS):
        yield vectors[start : start + SCAN_ROWS].astype(np.float32)
