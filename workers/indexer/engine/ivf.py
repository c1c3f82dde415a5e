"""Sealed rows behind a FAISS IVF index: how many lists to read, and the candidates found in them."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from workers.indexer.engine.columns import Mask
from workers.indexer.engine.ranking import Best, ExactRanking, rescored
from workers.indexer.engine.record import SHARES, IndexRecord

# Codes alone stop at recall .98; so many times the rows wanted, scored again, do not.
OVERSAMPLE = 4
# No list of codes or table of centroids comes near it; FAISS itself believes a file's word up to 1 TB.
LARGEST_FILE_VECTOR = 1 << 30


class Bitmap:
    """Allowed rows as FAISS reads them. It keeps a bare pointer, so this must outlive the search."""

    def __init__(self, allowed: Mask) -> None:
        self.count = int(np.count_nonzero(allowed))
        self._bits = np.packbits(allowed, bitorder="little")
        self.selector = faiss.IDSelectorBitmap(self._bits.size, faiss.swig_ptr(self._bits))


class IvfIndex:
    """Immutable once built: any number of threads search, each with its own parameters."""

    def __init__(self, index: Any, record: IndexRecord, threads: int) -> None:
        self._index = index
        self._threads = threads
        self.record = record

    @classmethod
    def read(cls, path: Path, record: IndexRecord, threads: int) -> IvfIndex:
        """Raises RuntimeError where this FAISS cannot read the file."""
        faiss.set_deserialization_vector_byte_limit(LARGEST_FILE_VECTOR)
        return cls(faiss.read_index(str(path)), record, threads)

    def write(self, path: Path) -> None:
        faiss.write_index(self._index, str(path))

    def fits(self, vectors: NDArray[np.float16]) -> bool:
        shape = (self._index.ntotal, self._index.d)
        return shape == vectors.shape and getattr(self._index, "nlist", 0) == self.record.nlist

    @property
    def bytes(self) -> int:
        return int(self._index.ntotal * (self._index.code_size + 8) + self.record.nlist * self._index.d * 4)

    def lists_to_read(self, asked: int, allowed: int) -> int:
        """By the share of rows allowed, between the shares measured on a straight line of logarithms; and so
        many that, allowed rows lying evenly, they hold twice those asked for."""
        share = allowed / self._index.ntotal
        if share < SHARES["1%"]:
            return self.record.nlist
        ascending = sorted(SHARES, key=SHARES.__getitem__)
        logs = [math.log(self.record.nprobe[name]) for name in ascending]
        measured = math.exp(np.interp(math.log(share), [math.log(SHARES[name]) for name in ascending], logs))
        evenly = 2 * asked * self.record.nlist / allowed
        return min(self.record.nlist, math.ceil(max(measured, evenly)))

    def candidates(
        self, query: NDArray[np.float32], asked: int, nprobe: int, allowed: Bitmap | None
    ) -> NDArray[np.int64]:
        """At most `asked` allowed rows from the `nprobe` nearest lists, by their codes' scores."""
        faiss.omp_set_num_threads(self._threads)
        parameters = faiss.SearchParametersIVF()
        parameters.nprobe = nprobe
        if allowed is not None:
            parameters.sel = allowed.selector
        _, found = self._index.search(query[None], asked, params=parameters)
        rows: NDArray[np.int64] = found[0][found[0] >= 0]
        return rows


class IvfRanking:
    """Candidates by their codes, scored again on the float16 rows. vectors: (n, dim)."""

    def __init__(
        self, index: IvfIndex, vectors: NDArray[np.float16], allowed: Mask | None, query: NDArray[np.float32]
    ) -> None:
        self._index = index
        self._vectors = vectors
        self._allowed = allowed
        self._bitmap = None if allowed is None else Bitmap(allowed)
        self._count = self._bitmap.count if self._bitmap else len(vectors)
        self._query = query
        self._exact: ExactRanking | None = None

    def best(self, want: int) -> Best:
        asked = OVERSAMPLE * want
        if 2 * asked >= self._count:
            return self._exactly().best(want)
        nprobe = self._index.lists_to_read(asked, self._count)
        rows = self._index.candidates(self._query, asked, nprobe, self._bitmap)
        if len(rows) < asked:  # the allowed rows lie in other lists than the query
            rows = self._index.candidates(self._query, asked, self._index.record.nlist, self._bitmap)
        best = rescored(self._vectors, rows, self._query, floor=-np.inf)
        return replace(best, floor=float(best.scores[want - 1]))

    def _exactly(self) -> ExactRanking:
        if self._exact is None:
            rows = None if self._allowed is None else np.flatnonzero(self._allowed)
            self._exact = ExactRanking(self._vectors, rows, self._query)
        return self._exact
