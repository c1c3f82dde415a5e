"""Which workers may take a job: those of its model, or anybody once nobody serves it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, true

from shared.db.tables import jobs, workers
from shared.jobs.job import OPEN
from shared.liveness import MODEL_SERVED_S, vision_seen


def may_take(fingerprint: str | ColumnElement[str] | None) -> ColumnElement[bool]:
    """Jobs for a worker of this model. Without a live worker of its own a job is anybody's, who fails it.

    None: whoever claims serves no model.
    """
    if fingerprint is None:
        return true()
    return or_(jobs.c.fingerprint.is_(None), jobs.c.fingerprint == fingerprint, ~_served())


def is_for_others(c: Connection, job_id: str, stage: str, fingerprint: str) -> bool:
    """Whether this stage of the job waits for a live worker of another model."""
    waits = (
        jobs.c.id == job_id,
        jobs.c.stage == stage,
        jobs.c.state.in_(OPEN),
        jobs.c.lease_until.is_(None),
        jobs.c.fingerprint != fingerprint,
    )
    return c.execute(select(jobs.c.id).where(*waits, _served())).scalar() is not None


def _served() -> ColumnElement[Any]:
    return exists().where(and_(workers.c.fingerprint == jobs.c.fingerprint, vision_seen(MODEL_SERVED_S)))
