"""A job as a value: its states, the table of allowed moves, and its public form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Row

from shared.errors import TusouError
from shared.jobs.kinds import JobKind

T = TypeVar("T")


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    REJECTED = "rejected"  # the photo or request was judged and found wanting: reasons say why
    FAILED = "failed"  # ours, or a dependency's: error says why and whether a retry helps
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # a tombstone


OPEN = (State.QUEUED, State.RUNNING)
FINAL = (State.SUCCEEDED, State.REJECTED, State.FAILED, State.CANCELLED)

MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED}),
    # running again: a claim of its next stage, or of what another process has lost
    State.RUNNING: frozenset({State.RUNNING, State.SUCCEEDED, State.REJECTED, State.FAILED, State.CANCELLED}),
    State.SUCCEEDED: frozenset({State.EXPIRED}),
    State.REJECTED: frozenset({State.EXPIRED}),
    State.FAILED: frozenset({State.QUEUED, State.EXPIRED}),  # queued: a retry by hand
    State.CANCELLED: frozenset({State.EXPIRED}),
    State.EXPIRED: frozenset(),
}


class ChunkState(StrEnum):
    OPEN = "open"
    RUNNING = "running"
    DONE = "done"
    SPLIT = "split"  # a suspect lost while alone, replaced by its halves
    CLOSED = "closed"  # fenced off: its import has ended


def before(state: State) -> tuple[State, ...]:
    """The states from which a job may move to this one: every UPDATE of `state` names them."""
    return tuple(origin for origin, allowed in MOVES.items() if state in allowed)


@dataclass(frozen=True)
class Claim:
    """A row that is ours until its lease ends. Every later write carries `attempt`."""

    id: str
    tenant: str
    attempt: int
    stage: str
    kind: JobKind
    request: dict[str, Any]
    fingerprint: str | None
    catalog: str | None
    product_id: str | None
    accept_no: int | None
    created_at: float
    queued_s: float
    alone: bool
    tries: int  # this one is the tries-th of its stage

    # What a job's kind must have; without it the job would write elsewhere, or count as older than all.

    @property
    def of_catalog(self) -> str:
        """Raises TusouError."""
        return self._had("catalog", self.catalog)

    @property
    def product(self) -> str:
        """The id of the product that it writes. Raises TusouError."""
        return self._had("product_id", self.product_id)

    @property
    def numbered(self) -> int:
        """Its accept_no. Raises TusouError."""
        return self._had("accept_no", self.accept_no)

    def _had(self, name: str, value: T | None) -> T:
        if value is None:
            raise TusouError(f"{self.kind} {self.id} has lost its {name}; make the request again")
        return value


def failure(code: str, detail: str, *, retryable: bool) -> dict[str, Any]:
    """The `error` of a failed job."""
    return {"code": code, "detail": detail, "retryable": retryable}


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def public(row: Row[Any], progress: dict[str, Any] | None = None) -> dict[str, Any]:
    """The job as clients see it; every job has the same fields, unused ones null."""
    return {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "created_at": iso(row.created_at),
        "progress": progress if progress is not None else row.progress,
        "result": row.result,
        "error": row.error,
        "reasons": row.reasons,
        "timings_ms": row.timings_ms,
    }
