"""The story of one search, from the vector on: shards searched → hits merged → products joined → finished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import Row, bindparam, select

from shared.answer.merge import Hit, Part, best_first, depth
from shared.answer.outcome import Outcome
from shared.db.engine import now
from shared.db.tables import jobs
from shared.index import versions
from shared.index.log import Position
from shared.jobs.job import State
from shared.jobs.search_request import SearchRequest
from shared.kill_points import kill_point
from shared.messages import PartMessage
from shared.telemetry import Timings
from shared.topology import LOOKUP
from workers.indexer import min_version
from workers.indexer.deps import Indexer
from workers.indexer.engine.port import ShardQuery
from workers.indexer.shards import Held, View

# A follower compares its shards with their logs ten times a second. What it has not compared for so long, as
# while the database was away, may be of a history that a restored database has never had.
COMPARED_WITHIN_S = 0.5

_ASKED = select(jobs, now().label("clock")).where(
    jobs.c.id == bindparam("job_id"),
    jobs.c.attempt == bindparam("its_attempt"),
    jobs.c.state == State.RUNNING,
    jobs.c.stage == LOOKUP.name,
    jobs.c.answer_by > now(),
)


def run(indexer: Indexer, message: PartMessage) -> None:
    """Compute one group's part and hand it in; nothing is computed after `answer_by`."""
    with indexer.db.read() as c:
        job = c.execute(_ASKED, {"job_id": message.id, "its_attempt": message.attempt}).one_or_none()
        if job is None or message.group not in job.groups:
            return
    timings = Timings()
    with timings.measure("version"):
        if not min_version.reached(indexer, job, message):
            return
    with timings.measure("search"):
        part = _search(indexer, job, job.index_id, job.groups[message.group])
    kill_point("lookup.searched")
    if part is not None:
        indexer.finisher.bring(job, message.group, part, timings.ms)


def _search(indexer: Indexer, job: Row[Any], index_id: str, shards: list[int]) -> Part | None:
    """Every item against every shard of ours; None when we hold none of them as their logs tell."""
    outcome = Outcome.from_bytes(job.outcome)
    held = [h for h in (indexer.shards.get((index_id, shard)) for shard in shards) if h is not None]
    views = _of_this_history(indexer, job, {h.shard: h.view for h in held}, held)
    held = [h for h in held if h.shard in views]
    if not held:
        return None
    request = SearchRequest.from_json(job.request)
    queries = [
        query_of(request, np.frombuffer(item.vector, np.float16).astype(np.float32))
        for item in outcome.searched
    ]
    items = tuple(tuple(_search_item(held, views, query)) for query in queries)
    return Part(
        index_id=index_id,
        positions={shard: Position(view.seq, view.chain) for shard, view in views.items()},
        time=min(h.current_at for h in held),
        items=items,
    )


def _of_this_history(
    indexer: Indexer, job: Row[Any], views: Mapping[int, View], held: list[Held]
) -> Mapping[int, View]:
    """The views without those that lie off the path of their log: the follower is about to drop them."""
    doubtful = {h.shard for h in held if job.clock - h.current_at > COMPARED_WITHIN_S}
    if not doubtful:
        return views
    positions = {shard: Position(views[shard].seq, views[shard].chain) for shard in doubtful}
    with indexer.db.read() as c:
        lost = versions.off_path(c, job.index_id, positions)
    return {shard: view for shard, view in views.items() if shard not in lost}


def _search_item(held: list[Held], views: Mapping[int, View], query: ShardQuery) -> list[Hit]:
    hits = [hit for h in held for hit in views[h.shard].engine.search(query)]
    return sorted(hits, key=best_first)[: query.limit]


def query_of(request: SearchRequest, vector: np.ndarray) -> ShardQuery:
    """`vector`: (dim,) float32, unit length."""
    return ShardQuery(
        vector=vector,
        limit=depth(request.limit),
        group_by=request.group_by,
        min_score=request.min_score,
        filters=request.filters,
        exclude_images=frozenset(request.exclude_images),
        exclude_products=frozenset(request.exclude_products),
    )
