"""The import loop: claims plans, chunks and ends of imports from SQL, least recently served tenant first.

Outside Celery's pool on purpose: with bulk work in the pool a search waited 2 s behind 4 s chunks
(median; this way 3.7 ms). A message on the bulk queue is only a nudge.
"""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy import Connection

from shared.errors import LostClaim, TusouError, Unavailable
from shared.jobs import chunks as chunk_rows
from shared.jobs import claims
from shared.jobs.chunks import Chunk
from shared.jobs.job import Claim
from shared.jobs.turns import Turn, next_turn, served
from shared.kill_points import kill_point
from shared.telemetry import step
from shared.topology import CHUNKS, PLAN
from workers.vision import story
from workers.vision.deps import Vision
from workers.vision.imports import chunks, end, plan
from workers.vision.imports.claiming import Claiming

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0


class ImportLoop:
    """`import_threads` threads of their own, until the process's gate closes."""

    def __init__(self, vision: Vision) -> None:
        self._vision = vision
        self._claiming = Claiming(vision)
        self._threads = [
            threading.Thread(target=self._run, name=f"import-{n}", daemon=True)
            for n in range(vision.settings.import_threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Claim nothing more, and wait for what runs, all threads together at most `timeout` seconds."""
        self._vision.gate.close()
        self._vision.nudges.nudge()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        seen = 0
        while not self._vision.gate.closes_within(0):
            try:
                if self.once():
                    continue
            except Unavailable as error:
                log.warning("import loop waits: %s", error.detail)
            except Exception:
                log.exception("import loop stumbled")
            seen = self._vision.nudges.wait(seen, LOOK_EVERY_S)

    def once(self) -> bool:
        """Do one piece of work, if there is one: the plan or the end of an import, or a chunk.

        Suspects come first: the process that may have died of one is not there to be asked.
        """
        vision = self._vision
        for alone in (True, False):
            with vision.db.read() as c:
                turn = next_turn(c, alone=alone, fingerprint=vision.model.fingerprint)
            if turn is not None:
                with vision.gate.alone(turn.job_id) if alone else vision.gate.bulk() as entered:
                    return entered and self._take(turn, alone=alone)
        return False

    def _take(self, turn: Turn, *, alone: bool) -> bool:
        if turn.stage is None:
            return self._chunk(turn.job_id, alone=alone)
        return self._import(turn, turn.stage, alone=alone)

    def _import(self, turn: Turn, stage: str, *, alone: bool) -> bool:
        vision = self._vision

        def take(c: Connection) -> Claim | None:
            claim = claims.claim(
                c,
                turn.job_id,
                stage,
                by=vision.settings.process,
                lease=vision.settings.lease,
                alone=alone,
                fingerprint=vision.model.fingerprint,
            )
            if claim is not None:
                served(c, vision.db, turn.tenant)
            return claim

        with self._claiming.claimed(turn.job_id, take, lambda _: None) as claim:
            if claim is None:
                return False
            kill_point("plan.claimed" if stage == PLAN.name else "end.claimed")
            try:
                story.run(vision, claim, plan.run if stage == PLAN.name else end.run)
            except Unavailable as error:
                log.warning("import %s goes back: %s", claim.id, error.detail)
                story.patiently(vision, lambda c: claims.hand_back(c, vision.settings.process, turn.job_id))
            return True

    def _chunk(self, job_id: str, *, alone: bool) -> bool:
        vision = self._vision

        def take(c: Connection) -> Chunk | None:
            return chunk_rows.claim(
                c, vision.db, job_id, by=vision.settings.process, lease=vision.settings.lease, alone=alone
            )

        with self._claiming.claimed(job_id, take, lambda chunk: chunk.no) as chunk:
            if chunk is not None:
                kill_point("chunk.claimed")
                self._run_chunk(chunk)
            return chunk is not None

    def _run_chunk(self, chunk: Chunk) -> None:
        vision = self._vision
        try:
            with step("vision.chunk", job_id=chunk.job_id, chunk=chunk.no, attempt=chunk.attempt) as current:
                chunks.run(vision, chunk, current)
        except LostClaim:
            return
        except TusouError as error:
            self._trouble(chunk, error)
        except Exception:
            log.exception("chunk failed", extra={"job_id": chunk.job_id, "chunk": chunk.no})
            self._trouble(
                chunk, TusouError("an unexpected error; the log of the vision worker has it", retryable=True)
            )

    def _trouble(self, chunk: Chunk, error: TusouError) -> None:
        """A dependency that is away comes back: open again. Anything else fails the import."""
        vision = self._vision
        if error.retryable and chunk.tries < CHUNKS.retry.tries:
            after_s = CHUNKS.retry.wait_after(chunk.tries)
            story.patiently(vision, lambda c: chunk_rows.reopen(c, chunk, after_s=after_s))
            return
        keep_for = vision.settings.errors_retention
        try:
            story.patiently(vision, lambda c: chunk_rows.fail_import(c, chunk, error, keep_for=keep_for))
        except LostClaim:
            return
        vision.notifier.job_done(chunk.job_id)
