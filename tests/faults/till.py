"""Speaks HTTP for the actors of a soak: sends again what was not acknowledged, and checks what it is told."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import ValidationError

from services.gateway.schemas.job import Job
from tests.faults.journal import Journal
from tests.faults.shop import OPEN, SAME

# What a client must be ready for at any time: too much to do, or something is away.
COME_BACK = (429, 503)
TAKEN = (200, 201, 202)
AGAIN_AFTER_S = 0.3
# Longer than any pause of a soak: a request that waits in a paused gateway's socket is answered, not repeated
# behind a later one.
TIMEOUT_S = 60.0
TAKEN_WITHIN_S = 900.0


@dataclass(frozen=True)
class Answer:
    """`tries`: how often it was sent until it was answered."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    tries: int = 1


class NeverAcknowledged(Exception):
    """Nobody took a request for minutes: nothing recovers by itself."""


class Till:
    def __init__(self, url: str, journal: Journal) -> None:
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_S, limits=httpx.Limits(max_connections=64))
        self._journal = journal

    def until_taken(
        self, method: str, path: str, *, key: str | None = None, also: Collection[int] = (), **request: Any
    ) -> Answer:
        """Send until it is acknowledged, or refused with a status in `also`. Raises NeverAcknowledged."""
        headers = {"Idempotency-Key": key} if key else {}
        deadline = time.monotonic() + TAKEN_WITHIN_S
        tries = 0
        while time.monotonic() < deadline:
            tries += 1
            answer = self._send(method, path, headers=headers, **request)
            if answer is not None and (answer.status in TAKEN or answer.status in also):
                return Answer(answer.status, answer.body, tries)
            time.sleep(AGAIN_AFTER_S)
        raise NeverAcknowledged(f"{method} {path}")

    def _send(self, method: str, path: str, **request: Any) -> Answer | None:
        """None: not answered. What no client should ever see is noted."""
        try:
            response = self._http.request(method, path, **request)
        except httpx.HTTPError:
            return None
        try:
            body = response.json()
        except ValueError:
            self._journal.fault("malformed", f"{method} {path}: {response.status_code} {response.text[:200]}")
            return Answer(response.status_code)
        if response.status_code >= 400 and not {"code", "detail", "retryable"} <= body.keys():
            self._journal.fault("malformed", f"{method} {path}: {response.status_code} {body}")
        if response.status_code not in (*TAKEN, 404, 410, *COME_BACK):
            self._journal.fault("malformed", f"{method} {path}: {response.status_code} {body}")
        return Answer(response.status_code, body)

    def get(self, path: str) -> Answer | None:
        return self._send("GET", path)

    def job(self, job_id: str) -> dict[str, Any] | None:
        """None while the gateway cannot tell. An acknowledged job that is unknown is missing."""
        answer = self._send("GET", f"/v1/jobs/{job_id}")
        if answer is None or answer.status in COME_BACK:
            return None
        if answer.status != 200:
            self._journal.fault("missing", f"job {job_id}: {answer.status} {answer.body}")
            return {"id": job_id, "state": "gone"}
        self._check(answer.body)
        return answer.body

    def _check(self, job: dict[str, Any]) -> None:
        try:
            Job.model_validate(job)
        except ValidationError as error:
            self._journal.fault("malformed", f"job {job.get('id')}: {error}")
            return
        said = {"succeeded": "result", "failed": "error", "rejected": "reasons"}.get(job["state"])
        if said is not None and job[said] is None:
            self._journal.fault("malformed", f"job {job['id']} is {job['state']} without {said}")

    def end(self, job_id: str, within_s: float) -> dict[str, Any] | None:
        """The job once it has ended; None if that takes longer."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            job = self.job(job_id)
            if job is not None and job["state"] not in OPEN:
                return job
            time.sleep(0.1)
        return None

    def search(
        self, image: bytes, *, within_s: float = 60.0, tries: int = 1, **fields: str
    ) -> dict[str, Any] | None:
        """A whole answer, of exact matches by image; None if there is none: that may be while things die."""
        data = {"min_score": str(SAME), "group_by": "image", "limit": "100", **fields}
        for _ in range(tries):
            answer = self.until_taken("POST", "/v1/searches", files={"image": image}, data=data)
            self._journal.promised(answer.body["id"], "search")
            job = self.end(answer.body["id"], within_s)
            if job is not None and job["state"] == "succeeded" and not job["result"]["index"]["partial"]:
                return job
        return None

    def close(self) -> None:
        self._http.close()


def hits_of(job: dict[str, Any]) -> list[dict[str, Any]]:
    hits: list[dict[str, Any]] = job["result"]["items"][0]["hits"]
    return hits
