"""The tasks of a vision worker: decode the message, claim, call one plain function, save how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable

from celery import Celery
from sqlalchemy import update

from shared.db.engine import now
from shared.db.tables import jobs as job_rows
from shared.errors import LostClaim, TusouError
from shared.jobs import claims
from shared.jobs import store as jobs
from shared.jobs.job import Claim, State, failure
from shared.messages import BadMessage, JobMessage
from shared.telemetry import step
from shared.topology import VISION_NUDGE, VISION_SEARCH, VISION_WRITE
from workers.vision import photos, search, write
from workers.vision.deps import Vision

log = logging.getLogger(__name__)

Story = Callable[[Vision, Claim], None]

# A dependency that is away comes back, or the caller is told; the waits add up to about half a minute.
MAX_ATTEMPTS = 6
RETRY_AFTER_S = 2.0


def register(app: Celery, vision: Vision) -> None:
    @app.task(name=VISION_SEARCH.name)
    def vision_search(wire: object) -> None:
        handle(vision, wire, search.run)

    @app.task(name=VISION_WRITE.name)
    def vision_write(wire: object) -> None:
        handle(vision, wire, write.run)

    @app.task(name=VISION_NUDGE.name)
    def vision_nudge(_wire: object) -> None:
        vision.nudges.nudge()


def handle(vision: Vision, wire: object, story: Story) -> None:
    """Deliveries for a live lease, a later stage or a finished job end here and change nothing."""
    try:
        message = JobMessage.from_wire(wire)
    except BadMessage as error:
        log.error("message refused: %s", error)
        return
    with vision.gate.together() as entered:
        claim = _claim(vision, message, alone=False) if entered else None
        if claim is not None:
            run(vision, claim, story)
            return
    with vision.db.read() as c:
        suspect = claims.is_suspect(c, message.id)
    if suspect:
        with vision.gate.alone(message.id) as entered:
            claim = _claim(vision, message, alone=True) if entered else None
            if claim is not None:
                run(vision, claim, story)


def _claim(vision: Vision, message: JobMessage, *, alone: bool) -> Claim | None:
    with vision.db.write() as c:
        return claims.claim(
            c, message.id, message.stage, by=vision.settings.process, lease=vision.settings.lease, alone=alone
        )


def run(vision: Vision, claim: Claim, story: Story) -> None:
    """Run one story under its claim; what it raises becomes the job's error, or another try."""
    try:
        with step(f"vision.{claim.kind}", job_id=claim.id, attempt=claim.attempt, tenant=claim.tenant):
            story(vision, claim)
    except LostClaim:
        return
    except TusouError as error:
        if error.retryable and claim.attempt < MAX_ATTEMPTS:
            _put_off(vision, claim)
        else:
            fail(vision, claim, error.code, error.detail, retryable=error.retryable)
    except Exception:
        log.exception("story failed", extra={"job_id": claim.id})
        fail(
            vision,
            claim,
            "internal",
            "an unexpected error; the log of the vision worker has it",
            retryable=True,
        )


def _put_off(vision: Vision, claim: Claim) -> None:
    with vision.db.write() as c:
        c.execute(
            update(job_rows)
            .where(job_rows.c.id == claim.id, job_rows.c.attempt == claim.attempt)
            .values(lease_until=None, claimed_by=None, due_at=now() + RETRY_AFTER_S)
        )


def fail(vision: Vision, claim: Claim, code: str, detail: str, *, retryable: bool) -> None:
    with vision.db.write() as c:
        done = jobs.finish(
            c,
            claim.id,
            State.FAILED,
            attempt=claim.attempt,
            keep_for=vision.settings.retention,
            error=failure(code, detail, retryable=retryable),
        )
        if done:
            jobs.close_chunks(c, claim.id)
    if done:
        vision.notifier.job_done(claim.id)
        photos.forget(vision, claim)
