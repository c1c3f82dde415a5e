"""Bringing one shard to its log's end: load what we do not hold, apply what waits, take up a snapshot."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from shared.errors import TusouError
from shared.index.log import FIRST_CHAIN, EntryKind
from shared.kill_points import kill_point
from shared.telemetry import SHARD_LAG, SHARD_ROWS, step
from workers.indexer import path, rebuild, snapshot
from workers.indexer.changes import changes_of
from workers.indexer.deps import Indexer
from workers.indexer.shards import Held, View

log = logging.getLogger(__name__)


def catch_up(indexer: Indexer, row: Row[Any]) -> None:
    """Serve the shard as its log stood when the poll read `row`.

    Raises OffPath when what we hold is of another history, ObjectMissing, ObjectCorrupt or CorruptBlock for
    a lost or damaged segment, FingerprintMismatch, Unavailable, OSError. A shard that was held keeps its
    view then.
    """
    held = indexer.shards.get((row.index_id, row.shard))
    loaded = held is None
    if held is None:
        held = _load(indexer, row)
    # What was loaded after the poll lies on the path as it is now, perhaps beyond what the poll saw.
    if not (loaded and held.view.seq > row.seq):
        _follow(indexer, held, row)
    indexer.shards.put(held)
    held.current_at = row.clock
    SHARD_ROWS.labels(*held.key, "all").set(held.view.engine.rows())
    SHARD_LAG.labels(*held.key).set(0)


def _follow(indexer: Indexer, held: Held, row: Row[Any]) -> None:
    with held.writing:
        path.check_end(held.view.seq, held.view.chain, row)
        sealed_to = 0
        for view, sealed in _replay(indexer, held, held.view, row.seq):
            indexer.shards.publish(held, view)
            kill_point("apply.published")
            sealed_to = max(sealed_to, sealed)
        held.rows_logged = row.rows_logged
        if sealed_to > held.snapshot_seq:
            _take_up(indexer, held)


def _load(indexer: Indexer, row: Row[Any]) -> Held:
    """The newest good snapshot, or what SQL says, or the empty shard that an untrimmed log began with."""
    key = (row.index_id, row.shard)
    with step("index.load", index=row.index_id, shard=row.shard) as current:
        view = snapshot.newest_good(indexer, key, row.fingerprint, at_least=row.trimmed_to)
        if view is None and row.trimmed_to:
            view = rebuild.from_sql(indexer, key)
        if view is None:
            view = View(indexer.engines.open(row.dim, row.fingerprint), 0, FIRST_CHAIN)
        snapshot.tidy(indexer, key)
        current.note(rows=view.engine.rows(), seq=view.seq)
    return Held(
        *key,
        row.fingerprint,
        row.dim,
        view,
        current_at=0.0,
        snapshot_seq=view.seq,
        rows_logged=row.rows_logged,
    )


def _replay(indexer: Indexer, held: Held, view: View, up_to: int) -> Iterator[tuple[View, int]]:
    """Apply the entries after `view`: each view reached, and the seq of the last snapshot announced (or 0).

    What is read is checked and fetched whole before any of it is applied. Raises OffPath.
    """
    for found in path.read(indexer.db, held.key, after=view.seq, up_to=up_to):
        seq, chain = path.follow(view.seq, view.chain, found)
        waiting = [
            change
            for entry in found
            if entry.kind != EntryKind.SEALED
            for change in changes_of(entry, indexer.store, fingerprint=held.fingerprint, dim=held.dim)
        ]
        kill_point("apply.read")
        with step("index.apply", index=held.index_id, shard=held.shard, entries=len(found), seq=seq):
            view.engine.apply(waiting)
        kill_point("apply.applied")
        view = View(view.engine, seq, chain)
        yield view, max((entry.body["seq"] for entry in found if entry.kind == EntryKind.SEALED), default=0)
    if view.seq < up_to:
        raise path.OffPath(f"no entry after {view.seq}, and the log goes on to {up_to}")


def _take_up(indexer: Indexer, held: Held) -> None:
    """Every replica goes over to the same snapshot, with the entries since it applied once more.

    Where that cannot be, what is served stays: it lacks nothing.
    """
    with step("index.take_up", index=held.index_id, shard=held.shard) as current:
        try:
            taken = snapshot.newest_good(indexer, held.key, held.fingerprint, at_least=held.snapshot_seq + 1)
            if taken is None:
                return
            views = [taken, *(view for view, _ in _replay(indexer, held, taken, held.view.seq))]
        except (TusouError, OSError, path.OffPath) as error:
            current.outcome = "kept"
            log.warning("shard %s/%d keeps its older snapshot: %s", *held.key, error)
            return
        kill_point("take_up.loaded")
        current.note(snapshot_seq=taken.seq)
        if (views[-1].seq, views[-1].chain) == (held.view.seq, held.view.chain):
            held.snapshot_seq = taken.seq
            indexer.shards.publish(held, views[-1])
            kill_point("take_up.published")
            snapshot.tidy(indexer, held.key)
