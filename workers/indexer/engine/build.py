"""Building a sealed segment's index: train, measure, and take the next type if it does not find enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import faiss
import numpy as np
from numpy.typing import NDArray

from workers.indexer.engine.exam import Exam, hold_out, recall_at, set_exam, wide_blocks
from workers.indexer.engine.ivf import IvfIndex
from workers.indexer.engine.options import FaissOptions
from workers.indexer.engine.record import SHARES, IndexRecord

CODES = {"ivf_sq8": "SQ8", "ivf_fp16": "SQfp16"}  # in the order in which they are tried; then Flat

LEAST_RECALL = 0.98  # recall@10, after scoring again; below it the next type is tried
# The fewest probes that reach the first aim within reach are taken; what is above 0.98 covers chance.
AIMS = (0.99, 0.985, LEAST_RECALL, 0.0)

TRAIN_LEAST, TRAIN_MOST = 39, 64  # vectors per list; 39 is where FAISS begins to warn
MOST_LISTS = 65_536
FIRST_PROBES = 4


def build_index(vectors: NDArray[np.float16], options: FaissOptions) -> IvfIndex | None:
    """The first type that reaches LEAST_RECALL at every share. None: Flat. vectors: (n, dim), unit length."""
    faiss.omp_set_num_threads(options.threads)
    random = np.random.default_rng(0)
    held_out = hold_out(len(vectors), random)
    lists = min(MOST_LISTS, int(4 * len(vectors) ** 0.5), (len(vectors) - len(held_out)) // TRAIN_LEAST)
    if lists < 2:
        return None
    exam = set_exam(vectors, held_out, random)
    for kind in CODES:
        index = _measured(kind, _trained(kind, vectors, lists, held_out, random), vectors, exam, options)
        if min(index.record.recall.values()) >= LEAST_RECALL:
            return index
    return None


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
    for block in wide_blocks(vectors):
        index.add(block)
    return cast(faiss.IndexIVF, index)


def _measured(
    kind: str, trained: faiss.IndexIVF, vectors: NDArray[np.float16], exam: Exam, options: FaissOptions
) -> IvfIndex:
    """Probes double until the first of AIMS is reached; without a filter they end at half of the lists,
    beyond which an index saves too little over reading all rows. A share without trials is never searched
    by probes."""
    lists = int(trained.nlist)
    nprobe = dict.fromkeys(SHARES, lists)
    recall = dict.fromkeys(SHARES, 1.0)
    bare = IvfIndex(trained, IndexRecord(kind, lists, nprobe, recall), options.threads)
    for name in exam.trials:
        most = max(1, lists // 2) if name == "100%" else lists
        reached: dict[int, float] = {}
        for probes in _doubling(most):
            reached[probes] = recall_at(bare, probes, vectors, exam, name)
            if reached[probes] >= AIMS[0]:
                break
        nprobe[name] = next(probes for aim in AIMS for probes in reached if reached[probes] >= aim)
        recall[name] = round(reached[nprobe[name]], 4)
    return IvfIndex(trained, IndexRecord(kind, lists, nprobe, recall), options.threads)


def _doubling(most: int) -> Iterator[int]:
    probes = min(FIRST_PROBES, most)
    while probes < most:
        yield probes
        probes *= 2
    yield most
