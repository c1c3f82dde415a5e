"""Finishing a search: by the index worker that brought the last part, or by whoever keeps its time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, select, update

from shared.answer.join import join
from shared.answer.merge import Part, depth, merge, with_whole
from shared.answer.outcome import Outcome
from shared.db.engine import Database
from shared.db.tables import jobs, parts
from shared.errors import LostClaim
from shared.index.versions import Version
from shared.jobs import ends
from shared.jobs.job import State, failure, iso
from shared.jobs.search_request import SearchRequest
from shared.kill_points import kill_point
from shared.settings import Settings

Woken = Callable[[str], None]  # tells whoever waits for this job


class Finisher:
    """Merge, join and finish; the same code in index workers, the gateway and the keeper."""

    def __init__(self, db: Database, settings: Settings, woken: Woken) -> None:
        self._db = db
        self._woken = woken
        self._keep_for = settings.retention
        self._no_match_below = settings.no_match_below

    def bring(self, job: Row[Any], group: str, part: Part, timings_ms: dict[str, float]) -> None:
        """Hand in one group's part. The first of a group counts; the last of all finishes the job."""
        if len(job.groups) == 1:
            self._succeed(job, {group: part}, timings_ms)
            return
        body = {**part.to_json(), "timings_ms": timings_ms}
        left: int | None = None
        with contextlib.suppress(LostClaim), self._db.write() as c:
            left = self._add(c, job, group, body)
        kill_point("answer.part_brought")
        if left == 0:
            self.with_what_is_there(job)

    def _add(self, c: Connection, job: Row[Any], group: str, body: dict[str, Any]) -> int | None:
        """How many parts are missing still; None when this group's was there. Raises LostClaim."""
        inserted = c.execute(
            self._db.insert(parts)
            .values(job_id=job.id, group=group, body=body)
            .on_conflict_do_nothing(index_elements=["job_id", "group"])
            .returning(parts.c.group)
        )
        if inserted.one_or_none() is None:
            return None
        # The job row's lock orders the parts: a decrement never misses the last one.
        left = c.execute(
            update(jobs)
            .where(jobs.c.id == job.id, jobs.c.attempt == job.attempt)
            .values(parts_left=jobs.c.parts_left - 1)
            .returning(jobs.c.parts_left)
        ).scalar()
        if left is None:
            raise LostClaim(f"job {job.id} is no longer at attempt {job.attempt}")
        return int(left)

    def with_what_is_there(self, job: Row[Any]) -> bool:
        """Finish with the parts that have come; false when there is none."""
        with self._db.read() as c:
            rows = list(c.execute(select(parts).where(parts.c.job_id == job.id)))
        if not rows:
            return False
        timings = {k: max(r.body["timings_ms"].get(k, 0.0) for r in rows) for k in rows[0].body["timings_ms"]}
        self._succeed(job, {row.group: Part.from_json(row.body) for row in rows}, timings)
        return True

    def fail(self, job_id: str, attempt: int, code: str, detail: str, *, retryable: bool) -> None:
        with self._db.write() as c:
            done = ends.finish(
                c,
                job_id,
                State.FAILED,
                attempt=attempt,
                keep_for=self._keep_for,
                error=failure(code, detail, retryable=retryable),
            )
        kill_point("keep_time.failed")
        if done:
            self._woken(job_id)

    def _succeed(self, job: Row[Any], came: dict[str, Part], timings_ms: dict[str, float]) -> None:
        started = time.perf_counter()
        outcome = Outcome.from_bytes(job.outcome)
        request = SearchRequest.from_json(job.request)
        found = merge(came.values(), len(outcome.searched), depth(request.limit))
        if outcome.whole is not None:
            found = with_whole(found, request.group_by)
        positions = {shard: place for part in came.values() for shard, place in part.positions.items()}
        missing = sorted({shard for shards in job.groups.values() for shard in shards} - positions.keys())
        index_id = next(iter(came.values())).index_id
        with self._db.read() as c:
            items = join(
                c,
                job.tenant,
                outcome.items,
                found,
                limit=request.limit,
                no_match_below=(
                    outcome.no_confident_match if self._no_match_below is None else self._no_match_below
                ),
            )
        timings = {**job.timings_ms, **timings_ms, "join": round((time.perf_counter() - started) * 1000, 1)}
        timings["total"] = round((self._db.clock() - job.created_at) * 1000, 1)
        result = {
            "image": outcome.image,
            "items": items,
            "main_item": 0,
            "degraded": list(outcome.degraded),
            "index": {
                "version": Version(index_id, positions).encode(),
                "time": iso(min(part.time for part in came.values())),
                "partial": bool(missing),
                "missing": missing,
            },
            "model": outcome.fingerprint,
        }
        with self._db.write() as c:
            done = ends.finish(
                c,
                job.id,
                State.SUCCEEDED,
                attempt=job.attempt,
                keep_for=self._keep_for,
                result=result,
                timings_ms=timings,
            )
            kill_point("answer.written")
        kill_point("answer.committed")
        if done:
            self._woken(job.id)
