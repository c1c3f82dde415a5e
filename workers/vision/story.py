"""Running one story under its claim: however it ends, the claim ends with it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import Connection

from shared.errors import LostClaim, TusouError, Unavailable
from shared.jobs import job, store
from shared.jobs.job import Claim, State, failure
from shared.telemetry import step
from workers.vision import photos
from workers.vision.deps import Vision

log = logging.getLogger(__name__)

Story = Callable[[Vision, Claim], None]

# A dependency that is away comes back, or the caller is told. Waits double up to the longest: half a minute
# in all for a search or a single write, seven minutes for what an import does.
TRIES, IMPORT_TRIES = 6, 20
LONGEST_WAIT_S = 30.0

LOOK_AGAIN_S = 1.0


def wait_after(attempt: int) -> float:
    """Seconds until the try that follows the `attempt`-th one."""
    return float(min(2 ** (attempt - 1), LONGEST_WAIT_S))


def run(vision: Vision, claim: Claim, story: Story) -> None:
    """What the story raises becomes the job's error, or another try. Raises Unavailable (the database)."""
    try:
        with step(f"vision.{claim.kind}", job_id=claim.id, attempt=claim.attempt, tenant=claim.tenant):
            story(vision, claim)
    except LostClaim:
        return
    except TusouError as error:
        tries = IMPORT_TRIES if claim.kind == job.IMPORT else TRIES
        if error.retryable and claim.attempt < tries:
            with vision.db.write() as c:
                store.put_off(c, claim.id, claim.attempt, claim.stage, wait_after(claim.attempt))
        else:
            _fail(vision, claim, error.code, error.detail, retryable=error.retryable)
    except Exception:
        log.exception("story failed", extra={"job_id": claim.id})
        detail = "an unexpected error; the log of the vision worker has it"
        _fail(vision, claim, "internal", detail, retryable=True)


def patiently(vision: Vision, write: Callable[[Connection], None]) -> None:
    """Write as soon as the database is there, or never once this process is closing.

    Our heartbeat keeps all claims of this process alive, so one that nobody works on has to be given up.
    """
    while True:
        try:
            with vision.db.write() as c:
                write(c)
            return
        except Unavailable:
            if vision.gate.closes_within(LOOK_AGAIN_S):
                return


def _fail(vision: Vision, claim: Claim, code: str, detail: str, *, retryable: bool) -> None:
    with vision.db.write() as c:
        done = store.finish(
            c,
            claim.id,
            State.FAILED,
            attempt=claim.attempt,
            keep_for=vision.settings.retention,
            error=failure(code, detail, retryable=retryable),
        )
        if done:
            store.close_chunks(c, claim.id)
    if done:
        vision.notifier.job_done(claim.id)
        if not retryable:
            photos.forget(vision, claim)
