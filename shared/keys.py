"""API keys: made once, shown once, kept as a hash.

A key has 160 random bits, so a plain SHA-256 cannot be turned back; no slow hash is needed.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, exists, select, update

from shared.db.engine import Database, now
from shared.db.tables import api_keys
from shared.errors import InvalidRequest, NotFound
from shared.ids import new_id

PREFIX = "tsk_"
RANDOM_BYTES = 20  # 32 characters of base32
MAX_NAME_CHARS = 200

_KEY = re.compile(r"tsk_[A-Za-z0-9]{32,120}")
_TENANT = re.compile(r"[a-z0-9_-]{1,64}")


class Scope(StrEnum):
    SEARCH = "search"
    CATALOGUE = "catalogue"
    ADMIN = "admin"  # all that the others may


@dataclass(frozen=True)
class Key:
    """Who a key speaks for. `rate_per_minute` None: the deployment's own limit."""

    id: str
    tenant: str
    scopes: frozenset[str]
    rate_per_minute: int | None


def create_key(
    c: Connection,
    db: Database,
    *,
    tenant: str,
    name: str,
    scopes: Iterable[str],
    rate_per_minute: int | None = None,
    secret: str | None = None,
) -> str:
    """The new key's text, which is nowhere else. Raises InvalidRequest for what is bad of them.

    With a `secret` that is a key already, nothing changes: two processes may bring the same one at start.
    """
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= set(Scope):
        raise InvalidRequest(f"a key has one or more of the scopes {', '.join(Scope)}")
    if not _TENANT.fullmatch(tenant):
        raise InvalidRequest("a tenant is named by 1 to 64 of a-z, 0-9, _ and -")
    if not name.strip() or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise InvalidRequest(f"a key's name has 1 to {MAX_NAME_CHARS} characters that can be printed")
    if secret is not None and not _KEY.fullmatch(secret):
        raise InvalidRequest("a key is tsk_ and at least 32 letters and digits")
    text = secret or new_secret()
    c.execute(
        db.insert(api_keys)
        .values(
            id=new_id(),
            tenant=tenant,
            name=name,
            scopes=" ".join(wanted),
            hash=_hash(text),
            rate_per_minute=rate_per_minute,
            created_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["hash"])
    )
    return text


def new_secret() -> str:
    return PREFIX + base64.b32encode(secrets.token_bytes(RANDOM_BYTES)).decode().lower()


def find_key(c: Connection, secret: str) -> Key | None:
    """The key with this text, unless it was revoked."""
    if not _KEY.fullmatch(secret):
        return None
    row = c.execute(
        select(api_keys).where(api_keys.c.hash == _hash(secret), api_keys.c.revoked_at.is_(None))
    ).one_or_none()
    return (
        None if row is None else Key(row.id, row.tenant, frozenset(row.scopes.split()), row.rate_per_minute)
    )


def any_key(c: Connection, *, revoked_too: bool = False) -> bool:
    """Whether there is a key; while there is none, only callers on this machine are served."""
    query = exists().where(api_keys.c.id.is_not(None))
    if not revoked_too:
        query = query.where(api_keys.c.revoked_at.is_(None))
    return bool(c.execute(select(query)).scalar())


def listing(c: Connection) -> list[Row[Any]]:
    """All keys, oldest first; hashes are not among the columns."""
    columns = [column for column in api_keys.c if column.name != "hash"]
    return list(c.execute(select(*columns).order_by(api_keys.c.created_at, api_keys.c.id)))


def revoke(c: Connection, key_id: str) -> None:
    """Raises NotFound. Gateways notice within two seconds."""
    done = c.execute(
        update(api_keys)
        .where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    if not done.rowcount:
        raise NotFound(f"there is no key {key_id}, or it was revoked already")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
