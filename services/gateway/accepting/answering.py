"""Jobs as answers: 202 with an address, or 200 when the caller waited for the end."""

from __future__ import annotations

import re
from threading import Event
from typing import Any

from flask import Request, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, select

from services.gateway.accepting.advice import advise, language_of
from services.gateway.schemas.job import MAX_PREFER_S
from services.gateway.wiring import Deps
from shared.db.tables import imports
from shared.jobs import job, store
from shared.jobs.job import FINAL, OPEN, State
from shared.jobs.kinds import JobKind
from shared.topology import EMBED, LOOKUP

POLL_AFTER_S = 1

_WAIT = re.compile(r"(?:^|[,;]\s*)wait\s*=\s*(\d{1,9})\s*(?:$|[,;])", re.IGNORECASE)

# What an open search waits for, in the words of `progress.stage`.
_SEARCH_STAGES = {EMBED.name: "vision", LOOKUP.name: "index"}
# What `import_progress` tells of an import that was just accepted.
_NOTHING_YET = {
    "planned": False,
    "rows": 0,
    **dict.fromkeys(("chunks", "chunks_done", "rows_done", "products", "images", "embedded", "bad_rows"), 0),
    "ignored_columns": [],
}


def preferred_wait(request: Request) -> int:
    """Seconds of `Prefer: wait=N`, at most MAX_PREFER_S; 0 without one.

    What is not understood is ignored (RFC 7240, section 2).
    """
    found = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found[1]), MAX_PREFER_S) if found else 0


def accepted(deps: Deps, row: Row[Any], event: Event | None, seconds: int) -> ResponseReturnValue:
    """The answer to work that was accepted: 202, or 200 with the finished job for who waits.

    Without waiting the job is told as it was accepted, however far it has come since: whoever sends a request
    again gets the same body.
    """
    if event is None:
        return under_way(row, _as_accepted(row))
    row = deps.waiting.for_end(row, event, seconds)
    if row.state not in FINAL:
        return under_way(row, job_body(deps, row))
    return job_body(deps, row), 200, {**_headers(row), "Preference-Applied": f"wait={seconds}"}


def under_way(row: Row[Any], body: dict[str, Any]) -> ResponseReturnValue:
    return body, 202, {**_headers(row), "Retry-After": str(POLL_AFTER_S)}


def _headers(row: Row[Any]) -> dict[str, str]:
    return {"Location": location(row.id), "Vary": "Accept-Language"}


def _as_accepted(row: Row[Any]) -> dict[str, Any]:
    progress: dict[str, Any] | None = None
    if row.kind == JobKind.SEARCH:
        progress = {"stage": _SEARCH_STAGES[EMBED.name]}
    elif row.kind == JobKind.IMPORT:
        progress = _NOTHING_YET
    ended = dict.fromkeys(("result", "error", "reasons"))
    return {**job.public(row), "state": State.QUEUED, "progress": progress, **ended, "timings_ms": {}}


def location(job_id: str) -> str:
    return f"/v1/jobs/{job_id}"


def job_body(deps: Deps, row: Row[Any]) -> dict[str, Any]:
    """The job with what only the gateway adds: signed image addresses, advice, the progress of an import."""
    body = job.public(row, _progress(deps, row))
    found = (body["result"] or {}).get("items", ()) if row.kind == JobKind.SEARCH else ()
    for number, item in enumerate(found):
        item["hits"] = [
            _with_addresses(deps, row, number, hit, rank) for rank, hit in enumerate(item["hits"], 1)
        ]
    if body["reasons"]:
        language = language_of(request.accept_languages)
        body["reasons"] = [
            {**reason, "advice": advise(reason["code"], language)} for reason in body["reasons"]
        ]
    return body


def _with_addresses(deps: Deps, row: Row[Any], item: int, hit: dict[str, Any], rank: int) -> dict[str, Any]:
    addresses = {"image_url": deps.signer.thumbnail(row.tenant, hit["image_id"], deps.db.clock())}
    if row.request.get("explain"):
        addresses["explanation_url"] = f"{location(row.id)}/explanations/{rank}?item={item}"
    return {"score": hit["score"], "image_id": hit["image_id"], **addresses, **hit}


def _progress(deps: Deps, row: Row[Any]) -> dict[str, Any] | None:
    if row.kind == JobKind.SEARCH and row.state in OPEN:
        return {"stage": _SEARCH_STAGES.get(row.stage, row.stage)}
    if row.kind == JobKind.IMPORT:
        return import_progress(deps, row.id)
    return None


def import_progress(deps: Deps, job_id: str) -> dict[str, Any] | None:
    """Counts of an import; `rows` is final once `planned`, `bad_rows` are of the plan and all chunks."""
    with deps.db.read() as c:
        plan = c.execute(select(imports).where(imports.c.job_id == job_id)).one_or_none()
        if plan is None:
            return None
        counted = store.import_progress(c, job_id)
    return {
        "planned": plan.planned,
        "rows": plan.rows,
        **counted,
        "bad_rows": plan.bad_rows + counted["bad_rows"],
        "ignored_columns": plan.ignored_columns,
    }
