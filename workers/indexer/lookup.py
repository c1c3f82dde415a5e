"""The story of one search, from the vector on: shards searched → hits merged → products joined → finished."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import Row, select

from shared.answer.merge import OVERFETCH, Found, Part
from shared.answer.outcome import Outcome
from shared.db.engine import now
from shared.db.tables import jobs
from shared.index.versions import Version
from shared.jobs.job import State
from shared.messages import PartMessage
from shared.telemetry import Timings
from shared.topology import INDEX_SEARCH, LOOKUP
from workers.indexer.deps import Indexer
from workers.indexer.engine.filters import Filters
from workers.indexer.engine.port import ShardQuery
from workers.indexer.shards import Held

# A search may come a moment before the poll that places a new catalog's shards here.
PLACED_WITHIN_S = 0.5
GO_ROUND_AFTER_S = 0.02
# Who waits for a version in vain says so before whoever keeps the time ends the search without a reason.
SAY_SO_S = 0.5


def run(indexer: Indexer, message: PartMessage) -> None:
    """Compute one group's part and hand it in; nothing is computed after `answer_by`."""
    with indexer.db.read() as c:
        job = c.execute(
            select(jobs, now().label("clock")).where(
                jobs.c.id == message.id,
                jobs.c.attempt == message.attempt,
                jobs.c.state == State.RUNNING,
                jobs.c.stage == LOOKUP.name,
                jobs.c.answer_by > now(),
            )
        ).one_or_none()
        if job is None or message.group not in job.groups:
            return
    timings = Timings()
    with timings.measure("version"):
        if not _reached(indexer, job, job.index_id, job.groups[message.group], message):
            return
    with timings.measure("search"):
        part = _search(indexer, job, job.index_id, job.groups[message.group])
    if part is not None:
        indexer.finisher.bring(job, message.group, part, timings.ms)


def _reached(indexer: Indexer, job: Row[Any], index_id: str, shards: list[int], message: PartMessage) -> bool:
    """Whether our shards show what `min_version` asks; waits, goes round again, or fails at `answer_by`."""
    wanted = _wanted_positions(job, shards)
    left = job.answer_by - job.clock - SAY_SO_S
    if all(
        indexer.shards.wait_for((index_id, s), seq, 0 if seq else PLACED_WITHIN_S)
        for s, seq in wanted.items()
    ):
        return True
    if not any(wanted.values()):
        return True  # nothing asked for: a shard that is not here is named missing
    if left > 0:
        if not indexer.may_wait.acquire(blocking=False):
            time.sleep(GO_ROUND_AFTER_S)
            indexer.dispatcher.send(INDEX_SEARCH, message, group=message.group)
            return False
        try:
            ends = time.monotonic() + left
            if all(
                indexer.shards.wait_for((index_id, shard), seq, max(0.0, ends - time.monotonic()))
                for shard, seq in wanted.items()
            ):
                return True
        finally:
            indexer.may_wait.release()
    reached = Version(index_id, _positions(indexer, index_id, shards)).encode()
    detail = f"the index has reached {reached}; search again, or without min_version"
    indexer.finisher.fail(job.id, job.attempt, "version_not_reached", detail, retryable=True)
    return False


def _wanted_positions(job: Row[Any], shards: list[int]) -> dict[int, int]:
    """{shard: least seq}; 0 where the search names none."""
    wanted = dict.fromkeys(shards, 0)
    if job.request.get("min_version"):
        named = Version.decode(job.request["min_version"]).positions
        wanted |= {shard: seq for shard, (seq, _) in named.items() if shard in wanted}
    return wanted


def _positions(indexer: Indexer, index_id: str, shards: list[int]) -> dict[int, tuple[int, str]]:
    held = [indexer.shards.get((index_id, shard)) for shard in shards]
    return {h.shard: (h.view.seq, h.view.chain) for h in held if h is not None}


def _search(indexer: Indexer, job: Row[Any], index_id: str, shards: list[int]) -> Part | None:
    """Every item against every shard of ours; None when we hold none of them."""
    outcome = Outcome.from_bytes(job.outcome)
    held = [h for h in (indexer.shards.get((index_id, shard)) for shard in shards) if h is not None]
    if not held:
        return None
    queries = [
        query_of(job.request, np.frombuffer(item.vector, np.float16).astype(np.float32))
        for item in outcome.items
    ]
    views = {h.shard: h.view for h in held}
    items = tuple(tuple(_search_item(held, views, query)) for query in queries)
    return Part(
        index_id=index_id,
        positions={shard: (view.seq, view.chain) for shard, view in views.items()},
        time=min(h.current_at for h in held),
        items=items,
    )


def _search_item(held: list[Held], views: Mapping[int, Any], query: ShardQuery) -> list[Found]:
    hits = [hit for h in held for hit in views[h.shard].engine.search(query)]
    hits.sort(key=lambda hit: (-hit.score, hit.product_id, hit.image_id))
    return [Found(h.score, h.product_id, h.image_id, h.item, h.box) for h in hits[: query.limit]]


def query_of(request: dict[str, Any], vector: np.ndarray) -> ShardQuery:
    """`vector`: (dim,) float32, unit length."""
    return ShardQuery(
        vector=vector,
        limit=request["limit"] + OVERFETCH,
        group_by=request["group_by"],
        min_score=request["min_score"],
        filters=filters_of(request["filters"] or {}),
        exclude_images=frozenset(request["exclude"]["image_ids"]),
        exclude_products=frozenset(request["exclude"]["product_ids"]),
    )


def filters_of(wanted: dict[str, Any]) -> Filters:
    """The API's filters as the engine's: lists of values, ranges over price and rating."""
    price, rating = wanted.get("price") or {}, wanted.get("rating") or {}
    names = ("category", "brand", "color", "labels", "availability")
    return Filters(
        **{name: tuple(wanted.get(name) or ()) for name in names},
        price_min=price.get("min"),
        price_max=price.get("max"),
        currency=price.get("currency"),
        rating_min=rating.get("min"),
        rating_max=rating.get("max"),
    )
