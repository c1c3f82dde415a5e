"""The import loop: claims plans, chunks and ends of imports from SQL, least recently served tenant first.

Outside Celery's pool on purpose: with bulk work in the pool a search waited 2 s behind 4 s chunks
(median; this way 3.7 ms). A message on the bulk queue is only a nudge.
"""

from __future__ import annotations

import logging
import threading
import time

from shared.errors import LostClaim, TusouError, Unavailable
from shared.jobs import chunks as chunk_rows
from shared.jobs import claims
from shared.telemetry import step
from shared.topology import PLAN
from workers.vision import chunks, import_end, plan, story
from workers.vision.deps import Vision

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0


class ImportLoop:
    """`import_threads` threads of their own, until the process's gate closes."""

    def __init__(self, vision: Vision) -> None:
        self._vision = vision
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
        """Do one piece of work, if there is one: the plan or the end of an import, or a chunk."""
        with self._vision.gate.together() as entered:
            if entered and (self._import(alone=False) or self._chunk(alone=False)):
                return True
        with self._vision.db.read() as c:
            suspect = chunk_rows.open_suspect(c)
        if suspect is None:
            return False
        with self._vision.gate.alone(suspect) as entered:
            return entered and (self._import(alone=True) or self._chunk(alone=True))

    def _import(self, *, alone: bool) -> bool:
        vision = self._vision
        with vision.db.read() as c:
            found = chunk_rows.next_import(c, suspect=alone)
        if found is None:
            return False
        job_id, stage = found
        with vision.db.write() as c:
            claim = claims.claim(
                c, job_id, stage, by=vision.settings.process, lease=vision.settings.lease, alone=alone
            )
        if claim is None:
            return False
        try:
            story.run(vision, claim, plan.run if stage == PLAN.name else import_end.run)
        except Unavailable as error:
            log.warning("import %s goes back: %s", job_id, error.detail)
            story.patiently(vision, lambda c: claims.hand_back(c, vision.settings.process, job_id))
        return True

    def _chunk(self, *, alone: bool) -> bool:
        vision = self._vision
        with vision.db.read() as c:
            if not chunk_rows.any_open(c):
                return False
        with vision.db.write() as c:
            chunk = chunk_rows.claim(
                c, vision.db, by=vision.settings.process, lease=vision.settings.lease, alone=alone
            )
        if chunk is None:
            return False
        try:
            with step("vision.chunk", job_id=chunk.job_id, chunk=chunk.no, attempt=chunk.attempt) as current:
                chunks.run(vision, chunk, current)
        except LostClaim:
            return True
        except TusouError as error:
            self._trouble(chunk, error)
        except Exception:
            log.exception("chunk failed", extra={"job_id": chunk.job_id, "chunk": chunk.no})
            self._trouble(
                chunk, TusouError("an unexpected error; the log of the vision worker has it", retryable=True)
            )
        return True

    def _trouble(self, chunk: chunk_rows.Chunk, error: TusouError) -> None:
        """A dependency that is away comes back: open again. Anything else fails the import."""
        vision = self._vision
        if error.retryable and chunk.tries < story.IMPORT_TRIES:
            after_s = story.wait_after(chunk.tries)
            story.patiently(vision, lambda c: chunk_rows.reopen(c, chunk, after_s=after_s))
            return
        keep_for = vision.settings.retention
        try:
            story.patiently(vision, lambda c: chunk_rows.fail_import(c, chunk, error, keep_for=keep_for))
        except LostClaim:
            return
        vision.notifier.job_done(chunk.job_id)
