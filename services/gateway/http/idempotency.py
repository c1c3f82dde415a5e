"""`Idempotency-Key`: the same request sent again gives what the first one gave, while it is remembered.

Only the job's id, `Location` and the number of a purge are kept. The row is written in the transaction
that accepts the work, so of many at once exactly one works, on both databases.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Request
from sqlalchemy import Connection, and_, delete, select, update

from services.gateway.http.bodies import refuse
from shared.db.engine import Database, now
from shared.db.tables import idempotency
from shared.errors import InvalidRequest

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Repeat:
    """What the first request with this key made; its status follows from the route."""

    job_id: str | None
    location: str | None
    accept_no: int | None


@dataclass(frozen=True)
class Once:
    """One request that works at most once. `body_hash` covers the parsed fields and each file's hash."""

    tenant: str
    route: str
    key: str
    body_hash: str
    ttl: float

    def find(self, c: Connection) -> Repeat | None:
        """Raises InvalidRequest (`idempotency_mismatch`) when the key came with another body."""
        row = c.execute(
            select(idempotency).where(self._mine(), idempotency.c.created_at >= now() - self.ttl)
        ).first()
        if row is None:
            return None
        if row.body_hash != self.body_hash:
            raise InvalidRequest(
                f"this {HEADER} came with another body before; use a new one", code="idempotency_mismatch"
            )
        return Repeat(row.job_id, row.location, row.accept_no)

    def take(self, c: Connection, db: Database, *, job_id: str | None, location: str | None) -> Repeat | None:
        """None: this request is the first and its answer is noted. Call it first in the transaction."""
        c.execute(delete(idempotency).where(self._mine(), idempotency.c.created_at < now() - self.ttl))
        noted = c.execute(
            db.insert(idempotency)
            .values(
                tenant=self.tenant,
                route=self.route,
                key=self.key,
                body_hash=self.body_hash,
                job_id=job_id,
                location=location,
                created_at=now(),
            )
            .on_conflict_do_nothing(index_elements=["tenant", "route", "key"])
            .returning(idempotency.c.key)
        )
        return None if noted.first() is not None else self.find(c)

    def number(self, c: Connection, accept_no: int) -> None:
        """Note the number of the work, which is given out under locks that come after the key's."""
        c.execute(update(idempotency).where(self._mine()).values(accept_no=accept_no))

    def _mine(self) -> Any:
        return and_(
            idempotency.c.tenant == self.tenant,
            idempotency.c.route == self.route,
            idempotency.c.key == self.key,
        )


def once(
    request: Request,
    tenant: str,
    route: str,
    fields: Any,
    files: Iterable[tuple[str, str]] = (),
    *,
    ttl: float,
) -> Once | None:
    """None without the header. `files` are (name, SHA-256). Raises InvalidFields for a bad key."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        refuse(HEADER, "a key has 1 to 255 visible ASCII characters")
    said = json.dumps([tenant, route, fields, sorted(files)], sort_keys=True, ensure_ascii=True, default=str)
    return Once(tenant, route, key, hashlib.sha256(said.encode()).hexdigest(), ttl)
