"""A frozen shard as the files of a snapshot.

Per base segment: `vectors` (raw float16 rows, to be mapped), `ids` (a block of dimension 0) and perhaps
`index` (a FAISS file, a cache). Per snapshot: `columns` (JSON lines, one live product each) and `alive` (a
bit per row, least significant first; each segment begins at a byte). Base segments are immutable and their
files' names random, so a later snapshot names those that stayed and stores only what is new.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from shared.catalog.filters import Columns
from shared.vectors.codec import Rows, encode_block
from workers.indexer.engine.build import build_index
from workers.indexer.engine.columns import Mask
from workers.indexer.engine.columns_file import write_columns
from workers.indexer.engine.ivf import IvfIndex
from workers.indexer.engine.options import FaissOptions
from workers.indexer.engine.port import SealedFile, SealedFiles
from workers.indexer.engine.ranking import SCAN_ROWS
from workers.indexer.engine.record import FLAT_INDEX, SegmentRecord
from workers.indexer.engine.row_set import RowSetView
from workers.indexer.engine.sealed import Segment
from workers.indexer.engine.vocabulary import Vocabularies

# An older segment stays at least twice the next one, so a row is rewritten about log2(rows / head) times.
TIER = 2
MOST_DEAD = 0.25


def plan(views: Sequence[RowSetView]) -> list[list[RowSetView]]:
    """Parts, oldest first, to the runs that become one base segment each; the head comes last."""
    runs: list[list[RowSetView]] = []
    for view in views:
        if not view.live:
            continue
        run = [view]
        while runs and _live(runs[-1]) < TIER * _live(run):
            run = runs.pop() + run
        runs.append(run)
    return runs


def _live(run: Sequence[RowSetView]) -> int:
    return sum(view.live for view in run)


@dataclass(frozen=True)
class FrozenShard:
    """The port's Frozen."""

    dim: int
    fingerprint: str
    views: tuple[RowSetView, ...]
    words: Vocabularies
    options: FaissOptions

    def seal(self, workspace: Path, *, purge: bool = False) -> SealedFiles:
        workspace.mkdir(parents=True, exist_ok=True)
        files: list[SealedFile] = []
        records: list[SegmentRecord] = []
        alive: list[Mask] = []
        for run in plan(self.views):
            if segment := _unchanged(run, 0.0 if purge else MOST_DEAD):
                records.append(_keep(segment, workspace, files))
                alive.append(run[0].columns.allowed(()))
            else:
                records.append(self._write(run, workspace, files))
                alive.append(np.ones(records[-1].rows, dtype=np.bool_))

        columns_path = _new(workspace, "columns", files)
        write_columns(columns_path, self._live_products())
        alive_path = _new(workspace, "alive", files)
        alive_path.write_bytes(b"".join(np.packbits(mask, bitorder="little").tobytes() for mask in alive))
        manifest = {
            "engine": "faiss",
            "dim": self.dim,
            "fingerprint": self.fingerprint,
            "rows": _live(self.views),
            "segments": [record.as_json() for record in records],
            "columns": columns_path.name,
            "alive": alive_path.name,
        }
        return SealedFiles(manifest, tuple(files))

    def _write(self, run: Sequence[RowSetView], workspace: Path, files: list[SealedFile]) -> SegmentRecord:
        """The run's live rows as one new base segment."""
        kept = [(view.row_set, view.live_rows()) for view in run]
        rows = sum(len(live) for _, live in kept)
        vectors_path = _new(workspace, "vectors", files)
        with vectors_path.open("wb") as out:
            for row_set, live in kept:
                for start in range(0, len(live), SCAN_ROWS):
                    out.write(row_set.vectors[live[start : start + SCAN_ROWS]].astype("<f2").tobytes())

        ids = Rows(
            [row_set.products[row] for row_set, live in kept for row in live.tolist()],
            [row_set.images[row] for row_set, live in kept for row in live.tolist()],
            np.concatenate([row_set.items[live] for row_set, live in kept]),
            np.concatenate([row_set.boxes[live] for row_set, live in kept]),
            np.empty((rows, 0), dtype=np.float16),
        )
        ids_path = _new(workspace, "ids", files)
        ids_path.write_bytes(encode_block(ids, self.fingerprint))

        index = None
        if rows >= self.options.exact_below:
            vectors = np.memmap(vectors_path, np.float16, mode="r", shape=(rows, self.dim))
            index = build_index(vectors, self.options)
        return SegmentRecord(
            rows,
            vectors_path.name,
            ids_path.name,
            _write_index(index, workspace, files),
            index.record if index else FLAT_INDEX,
        )

    def _live_products(self) -> Iterator[tuple[str, Columns]]:
        seen: set[str] = set()
        for view in self.views:
            for row in view.live_rows().tolist():
                product_id = view.row_set.products[row]
                if product_id not in seen:
                    seen.add(product_id)
                    yield product_id, view.columns.read(row, self.words)


def _unchanged(run: Sequence[RowSetView], most_dead: float) -> Segment | None:
    """The base segment that the run consists of, if it stays as it is: no larger a share of it is dead."""
    view = run[0]
    stays = len(run) == 1 and view.columns.dead <= most_dead * view.columns.rows
    return view.row_set if stays and isinstance(view.row_set, Segment) else None


def _keep(segment: Segment, workspace: Path, files: list[SealedFile]) -> SegmentRecord:
    record = segment.record
    files += [SealedFile(name, None) for name in (record.vectors, record.ids, record.index) if name]
    if segment.index and not record.index:  # its file was lost, and `load` built it again
        return replace(record, index=_write_index(segment.index, workspace, files))
    return record


def _write_index(index: IvfIndex | None, workspace: Path, files: list[SealedFile]) -> str | None:
    if index is None:
        return None
    path = _new(workspace, "index", files)
    index.write(path)
    return path.name


def _new(workspace: Path, kind: str, files: list[SealedFile]) -> Path:
    path = workspace / f"{secrets.token_hex(8)}.{kind}"
    files.append(SealedFile(path.name, path))
    return path
