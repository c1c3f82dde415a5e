"""A search that names `min_version` waits until our shards show it, or is told that they do not.

A position counts only on the log's own path: one of another history (a database restored or failed over)
is never met by whatever stands at the same number now.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Row

from shared.index.log import FIRST_CHAIN, Position, Positions
from shared.index.versions import Version, off_path
from shared.jobs.search_request import SearchRequest
from shared.messages import PartMessage
from shared.topology import INDEX_SEARCH
from workers.indexer.deps import Indexer

# A search may come a moment before the poll that places a new catalog's shards here.
PLACED_WITHIN_S = 0.5
GO_ROUND_AFTER_S = 0.02
# Who waits for a version in vain says so before whoever keeps the time ends the search without a reason.
SAY_SO_S = 0.5


def reached(indexer: Indexer, job: Row[Any], message: PartMessage) -> bool:
    """Whether the search may begin; if not, its message goes round again or the job was failed."""
    index_id, shards = job.index_id, job.groups[message.group]
    unplaced = _unplaced(indexer, index_id, shards)
    left = job.handed_at + PLACED_WITHIN_S - job.clock
    if unplaced and left > 0:
        if not indexer.may_wait.acquire(blocking=False):
            return _go_round(indexer, message)
        _shown_in_our_turn(indexer, index_id, unplaced, left)
    wanted = _wanted(job, shards)
    if not wanted:
        return True
    if not _shown(indexer, index_id, wanted, within=0.0):
        left = job.answer_by - job.clock - SAY_SO_S
        if left > 0 and not indexer.may_wait.acquire(blocking=False):
            return _go_round(indexer, message)
        if left <= 0 or not _shown_in_our_turn(indexer, index_id, wanted, left):
            return _refuse(indexer, job, shards)
    with indexer.db.read() as c:
        another_history = off_path(c, index_id, wanted)
        # Ours may be of the older history for as long as the follower has not looked.
        outdated = off_path(c, index_id, _positions(indexer, index_id, list(wanted)))
    if another_history:
        return _refuse(indexer, job, shards, "the version is of another history of the log; ", again=False)
    return not outdated or _refuse(indexer, job, shards)


def _unplaced(indexer: Indexer, index_id: str, shards: list[int]) -> Positions:
    """Shards that may be loaded any moment; one known to be broken is not waited for.

    One that has not come within PLACED_WITHIN_S of the hand-over is named missing.
    """
    broken = indexer.broken.reasons()
    return {
        shard: Position(0, FIRST_CHAIN)
        for shard in shards
        if indexer.shards.get((index_id, shard)) is None and (index_id, shard) not in broken
    }


def _go_round(indexer: Indexer, message: PartMessage) -> bool:
    """The search comes again, and its thread is free; false."""
    time.sleep(GO_ROUND_AFTER_S)
    indexer.dispatcher.send(INDEX_SEARCH, message, group=message.group)
    return False


def _wanted(job: Row[Any], shards: list[int]) -> Positions:
    """What `min_version` asks of our shards; an empty log's version asks nothing."""
    min_version = SearchRequest.from_json(job.request).min_version
    if min_version is None:
        return {}
    named = Version.decode(min_version).positions
    return {shard: place for shard, place in named.items() if shard in shards and place.seq}


def _shown(indexer: Indexer, index_id: str, wanted: Positions, *, within: float) -> bool:
    ends = time.monotonic() + within
    return all(
        indexer.shards.wait_for((index_id, shard), seq, max(0.0, ends - time.monotonic()))
        for shard, (seq, _) in wanted.items()
    )


def _shown_in_our_turn(indexer: Indexer, index_id: str, wanted: Positions, left: float) -> bool:
    """With `may_wait` held."""
    try:
        return _shown(indexer, index_id, wanted, within=left)
    finally:
        indexer.may_wait.release()


def _refuse(indexer: Indexer, job: Row[Any], shards: list[int], why: str = "", *, again: bool = True) -> bool:
    """Fail the search with the version that we have reached; false."""
    now_at = Version(job.index_id, _positions(indexer, job.index_id, shards)).encode()
    advice = "search again, or without min_version" if again else "search without min_version"
    detail = f"{why}the index has reached {now_at}; {advice}"
    indexer.finisher.fail(job.id, job.attempt, "version_not_reached", detail, retryable=again)
    return False


def _positions(indexer: Indexer, index_id: str, shards: list[int]) -> Positions:
    held = [indexer.shards.get((index_id, shard)) for shard in shards]
    return {h.shard: Position(h.view.seq, h.view.chain) for h in held if h is not None}
