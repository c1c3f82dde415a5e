"""The port on FAISS: an exact head before sealed segments, readers on immutable views."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workers.indexer.engine.checks import check_changes, check_manifest, check_query
from workers.indexer.engine.columns import compile_filters
from workers.indexer.engine.grouping import best_hits
from workers.indexer.engine.head import Head
from workers.indexer.engine.loading import load_segments
from workers.indexer.engine.options import DEFAULTS, FaissOptions
from workers.indexer.engine.port import Change, Hit, SealedFiles, ShardQuery
from workers.indexer.engine.row_set import RowSet, RowSetView
from workers.indexer.engine.sealed import Segment
from workers.indexer.engine.sealing import FrozenShard
from workers.indexer.engine.vocabulary import Vocabularies
from workers.indexer.engine.writer import Writer


class FaissEngine:
    """A ShardEngine. A reader takes `_view` once; the writer's work shows by one assignment to it."""

    def __init__(
        self,
        dim: int,
        fingerprint: str,
        segments: Sequence[Segment],
        words: Vocabularies,
        options: FaissOptions,
    ) -> None:
        self.dim = dim
        self.fingerprint = fingerprint
        self._options = options
        self._words = words
        self._segments = tuple(segments)
        self._head = Head(dim)
        self._writer = Writer(self._segments, self._head, words)
        self._applying = threading.Lock()
        self._view = self._new_view()

    def apply(self, changes: Sequence[Change]) -> None:
        check_changes(changes, self.dim)
        with self._applying:
            for change in changes:
                self._writer.apply(change)
            self._view = self._new_view()

    def search(self, query: ShardQuery) -> list[Hit]:
        check_query(query, self.dim)
        view = self._view
        tests = compile_filters(query.filters, self._words)
        rankings = [(row_set.row_set, row_set.ranking(tests, query)) for row_set in view]
        return best_hits([(row_set, ranking) for row_set, ranking in rankings if ranking], query)

    def rows(self) -> int:
        return sum(row_set.live for row_set in self._view)

    def stats(self) -> dict[str, Any]:
        *sealed, head = self._view
        segments = [
            {
                "rows": view.columns.rows,
                "dead": view.columns.dead,
                "bytes": segment.bytes,
                **asdict(segment.record.built),
            }
            for view, segment in zip(sealed, self._segments, strict=True)
        ]
        return {
            "rows": sum(view.live for view in (*sealed, head)),
            "dead": sum(view.columns.dead for view in (*sealed, head)),
            "head": head.columns.rows,
            "bytes": self._head.vectors.nbytes + sum(segment.bytes for segment in self._segments),
            "segments": segments,
        }

    def freeze(self) -> FrozenShard:
        return FrozenShard(self.dim, self.fingerprint, self._view, self._words, self._options)

    def seal(self, workspace: Path, *, purge: bool = False) -> SealedFiles:
        return self.freeze().seal(workspace, purge=purge)

    def _new_view(self) -> tuple[RowSetView, ...]:
        row_sets: tuple[RowSet, ...] = (*self._segments, self._head)
        return tuple(RowSetView(row_set, row_set.columns.freeze()) for row_set in row_sets)


@dataclass(frozen=True)
class FaissEngines:
    """The EngineFactory."""

    options: FaissOptions = DEFAULTS

    def open(self, dim: int, fingerprint: str) -> FaissEngine:
        return FaissEngine(dim, fingerprint, (), Vocabularies(), self.options)

    def load(self, manifest: Mapping[str, Any], files: Mapping[str, Path], fingerprint: str) -> FaissEngine:
        check_manifest(manifest, "faiss", fingerprint)
        words = Vocabularies()
        segments = load_segments(manifest, files, words, self.options)
        return FaissEngine(manifest["dim"], fingerprint, segments, words, self.options)
