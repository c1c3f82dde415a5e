"""The import loop: claims plans and chunks from SQL, least recently served tenant first.

Outside Celery's pool on purpose: with bulk work in the pool a search waited 2 s behind 4 s chunks
(median; this way 3.7 ms). A message on the bulk queue is only a nudge.
"""

from __future__ import annotations

import logging
import threading

from shared.errors import LostClaim, TusouError, Unavailable
from shared.jobs import chunks as chunk_rows
from shared.jobs import claims
from shared.telemetry import step
from shared.topology import PLAN
from workers.vision import chunks, plan, tasks
from workers.vision.deps import Vision

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0


class ImportLoop:
    """`import_threads` threads of their own."""

    def __init__(self, vision: Vision) -> None:
        self._vision = vision
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"import-{n}", daemon=True)
            for n in range(vision.settings.import_threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Claim nothing more; what runs is finished within `timeout`, else its claim is handed back."""
        self._stopped.set()
        self._vision.nudges.nudge()
        for thread in self._threads:
            thread.join(timeout)

    def _run(self) -> None:
        seen = 0
        while not self._stopped.is_set():
            try:
                if self.once():
                    continue
            except Unavailable as error:
                log.warning("import loop waits: %s", error.detail)
            except Exception:
                log.exception("import loop stumbled")
            seen = self._vision.nudges.wait(seen, LOOK_EVERY_S)

    def once(self) -> bool:
        """Do one piece of work, if there is one: a chunk, a plan, or the end of an import."""
        with self._vision.gate.together() as entered:
            if not entered or self._stopped.is_set():
                return False
            if self._plan(alone=False) or self._chunk(alone=False):
                return True
        with self._vision.db.read() as c:
            suspect = chunk_rows.open_suspect(c)
        if suspect is None:
            return chunks.finish_ready(self._vision)
        with self._vision.gate.alone(suspect) as entered:
            return entered and (self._plan(alone=True) or self._chunk(alone=True))

    def _plan(self, *, alone: bool) -> bool:
        vision = self._vision
        with vision.db.read() as c:
            job_id = chunk_rows.next_plan(c, suspect=alone)
        if job_id is None:
            return False
        with vision.db.write() as c:
            claim = claims.claim(
                c, job_id, PLAN.name, by=vision.settings.process, lease=vision.settings.lease, alone=alone
            )
        if claim is None:
            return False
        tasks.run(vision, claim, plan.run)
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
        if error.retryable and chunk.attempt < tasks.MAX_ATTEMPTS:
            with vision.db.write() as c:
                chunk_rows.reopen(c, chunk)
            self._stopped.wait(tasks.RETRY_AFTER_S)
            return
        with vision.db.write() as c:
            chunk_rows.fail_import(c, chunk, error, keep_for=vision.settings.retention)
        vision.notifier.job_done(chunk.job_id)
