"""A job as clients see it: every job has the same fields, unused ones null."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from services.gateway.schemas.common import Ask, JsonObject, Tell
from services.gateway.schemas.result import SearchResult, WriteResult
from shared.jobs.kinds import JobKind

STATES = Literal["queued", "running", "succeeded", "rejected", "failed", "cancelled"]

# How long a request may wait for a job: with `Prefer: wait=N`, which is a wish and capped; with `?wait=N`,
# which is refused beyond.
MAX_PREFER_S, MAX_WAIT_S = 60, 30


class Advice(Tell):
    """Why a photo was rejected; `advice` is in the reader's language (English or Chinese)."""

    code: str
    measured: float | None
    threshold: float | None
    advice: str


class JobError(Tell):
    code: str
    detail: str
    retryable: bool


class Job(Tell):
    id: str
    kind: JobKind
    state: STATES
    created_at: str
    progress: JsonObject | None = Field(
        description="Of an open search its stage; of an import its counts; of a training its curve."
    )
    result: SearchResult | WriteResult | JsonObject | None = Field(
        description="Of an import its counts; of a training its model."
    )
    error: JobError | None
    reasons: list[Advice] | None
    timings_ms: JsonObject


class Jobs(Tell):
    jobs: list[Job]
    next: str | None


class JobsQuery(Ask):
    state: STATES | None = None
    kind: JobKind | None = None
    limit: int = Field(50, ge=1, le=100, description="How many at most.")
    after: str | None = Field(None, description="`next` of the page before.")


class WaitQuery(Ask):
    wait: int = Field(0, ge=0, le=MAX_WAIT_S, description="Seconds to wait for the job's end.")


class CancelQuery(Ask):
    purge: bool = Field(False, description="Erase a finished job with its photo and result.")
