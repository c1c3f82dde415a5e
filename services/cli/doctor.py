"""`tusou doctor`: every dependency checked, with what to do."""

from __future__ import annotations

import importlib.util
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import redis
from kombu.connection import Connection
from kombu.exceptions import KombuError

from services.cli.embedded.stack import running_redis
from services.cli.parts import open_existing, open_objects
from services.cli.trouble import Trouble
from shared.db import schema
from shared.errors import TusouError
from shared.settings import Settings
from shared.wakeups import connect

# Several connections that reset the WAL can corrupt the database below these (rare).
SAFE_SQLITE = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
EXTRAS = {
    "vision": "numpy",
    "indexer": "faiss",
    "torch": "torch",
    "s3": "minio",
    "postgres": "psycopg",
    "parquet": "pyarrow",
}


@dataclass(frozen=True)
class Finding:
    """`state` is good, note or bad; only bad ones stop Tusou."""

    part: str
    state: str
    advice: str


def examine(settings: Settings) -> list[Finding]:
    return list(_examine(settings))


def _examine(settings: Settings) -> Iterator[Finding]:
    version = sys.version_info
    fits = (3, 11) <= version[:2] < (3, 15)
    yield Finding(
        f"Python {version.major}.{version.minor}",
        "good" if fits else "bad",
        "" if fits else "use Python 3.11 to 3.14",
    )
    missing = [extra for extra, module in EXTRAS.items() if importlib.util.find_spec(module) is None]
    yield Finding(
        "extras", "note" if missing else "good", f"not installed: {', '.join(missing)}" if missing else ""
    )
    yield from _database(settings)
    yield _try("object store", lambda: open_objects(settings).ping(), "check TUSOU_OBJECT_STORE_URL")
    embedded = None if "redis_url" in settings.model_fields_set else running_redis(settings.home)
    if embedded is not None:
        settings = settings.model_copy(update={"redis_url": embedded})
    yield _try(
        "Redis",
        lambda: connect(settings.redis_url).ping(),
        "check TUSOU_REDIS_URL; `tusou up` starts its own",
    )
    yield _try("broker", lambda: _broker(settings), "check TUSOU_BROKER_URL")


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        db = open_existing(settings)
    except Trouble as trouble:
        yield Finding("database", "bad", str(trouble))
        return
    reached = _try("database", db.ping, "check TUSOU_DATABASE_URL")
    yield reached
    if reached.state == "good":
        yield _try("schema", lambda: schema.check(db), "run `tusou migrate`")
    if db.is_sqlite and not _safe(sqlite3.sqlite_version_info):
        yield Finding(
            f"SQLite {sqlite3.sqlite_version}",
            "note",
            "can, rarely, corrupt a database that several processes write; use PostgreSQL for what must last",
        )
    db.close()


def _safe(version: tuple[int, ...]) -> bool:
    return (
        any(version[:2] == safe[:2] and version >= safe for safe in SAFE_SQLITE) or version >= SAFE_SQLITE[-1]
    )


def _broker(settings: Settings) -> None:
    with Connection(settings.amqp_or_redis_url, connect_timeout=2) as connection:
        connection.ensure_connection(max_retries=1, timeout=2)


def _try(part: str, check: Callable[[], object], advice: str) -> Finding:
    try:
        check()
    except (Trouble, TusouError, redis.RedisError, KombuError, ValueError, OSError) as error:
        return Finding(part, "bad", f"{advice} ({error})")
    return Finding(part, "good", "")
