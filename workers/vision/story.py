"""Running one story under its claim: however it ends, the claim ends with it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from shared.errors import FingerprintMismatch, LostClaim, TusouError, Unavailable
from shared.jobs import ends, store
from shared.jobs.job import Claim, State, failure
from shared.reasons import Reason
from shared.telemetry import Timings, step
from shared.topology import STAGES
from workers.vision import photos
from workers.vision.deps import Vision
from workers.vision.places import NoPlaceError

log = logging.getLogger(__name__)

Story = Callable[[Vision, Claim], None]

LOOK_AGAIN_S = 1.0


def run(vision: Vision, claim: Claim, story: Story) -> None:
    """What the story raises becomes the job's error, or another try. Raises Unavailable (the database)."""
    try:
        with step(f"vision.{claim.kind}", job_id=claim.id, attempt=claim.attempt, tenant=claim.tenant):
            check_model(vision, claim.fingerprint)
            story(vision, claim)
    except LostClaim:
        return
    except NoPlaceError:
        with vision.db.write() as c:
            store.put_off(c, claim.id, claim.attempt, claim.stage, LOOK_AGAIN_S, tried=False)
    except TusouError as error:
        policy = STAGES[claim.stage].retry
        if error.retryable and claim.tries < policy.tries:
            with vision.db.write() as c:
                store.put_off(c, claim.id, claim.attempt, claim.stage, policy.wait_after(claim.tries))
        else:
            _fail(vision, claim, error.code, error.detail, retryable=error.retryable)
    except Exception:
        log.exception("story failed", extra={"job_id": claim.id})
        detail = "an unexpected error; the log of the vision worker has it"
        _fail(vision, claim, "internal", detail, retryable=True)


def check_model(vision: Vision, fingerprint: str | None) -> None:
    """Raises FingerprintMismatch for work of another model, which comes here once nobody serves that."""
    if fingerprint not in (None, vision.model.fingerprint):
        raise FingerprintMismatch(str(fingerprint), vision.model.fingerprint)


def reject(vision: Vision, claim: Claim, reasons: Sequence[Reason], timings: Timings) -> None:
    """The photo was judged and found wanting: codes and numbers; the gateway writes the advice."""
    with vision.db.write() as c:
        done = ends.finish(
            c,
            claim.id,
            State.REJECTED,
            attempt=claim.attempt,
            keep_for=vision.settings.retention,
            reasons=[reason.to_json() for reason in reasons],
            timings_ms=timings.ms,
        )
        if done:
            photos.refuse(c, claim, reasons)
    if done:
        vision.notifier.job_done(claim.id)


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
        done = ends.finish(
            c,
            claim.id,
            State.FAILED,
            attempt=claim.attempt,
            keep_for=vision.settings.kept_for(claim.kind),
            error=failure(code, detail, retryable=retryable),
        )
        if done:
            ends.close_chunks(c, claim.id)
    if done:
        vision.notifier.job_done(claim.id)
