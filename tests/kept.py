"""What is kept anywhere, to the last key and value: the database's rows, the store's objects, Redis."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

import redis
from sqlalchemy import select, update

from shared.db.engine import Database
from shared.db.tables import metadata
from shared.storage.port import ObjectStore

# Columns that hold a time; the others are numbers.
_TIMES = re.compile(r".*_(at|until|by)")
_ENCODED = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")


def move_on(db: Database, seconds: float) -> None:
    """The database's clock as it will be then: every time that stands in a row lies so much further back."""
    with db.write() as c:
        for table in metadata.sorted_tables:
            times = [column for column in table.columns if _TIMES.fullmatch(column.name)]
            numbers = [column for column in times if column.type.python_type is float]
            if numbers:
                c.execute(update(table).values({column: column - seconds for column in numbers}))


def rows(db: Database) -> Iterator[tuple[str, bytes]]:
    """(where, bytes) of every value of every row."""
    with db.read() as c:
        for table in metadata.sorted_tables:
            for row in c.execute(select(table)):
                for name, value in row._mapping.items():
                    yield f"{table.name}.{name}", _bytes_of(value)


def objects(store: ObjectStore) -> Iterator[tuple[str, bytes]]:
    """But for the list of what was erased, which is to stay, and holds ids."""
    for name in store.list(""):
        if not name.startswith("erased/"):
            yield name, _object(store, name)


def _object(store: Any, name: str) -> bytes:
    return bytes(store.objects[name]) if hasattr(store, "objects") else (store._root / name).read_bytes()


def of_redis(port: int) -> Iterator[tuple[str, bytes]]:
    """Every key of every database, whatever it is, with what is packed in it."""
    with redis.Redis(port=port) as control:
        count = int(control.config_get("databases")["databases"])
    for number in range(count):
        with redis.Redis(port=port, db=number) as server:
            for key in server.scan_iter(count=1000):
                yield f"key {number}/{key!r}", key
                for value in _values(server, key):
                    yield f"{number}/{key!r}", value
                    yield from ((f"{number}/{key!r}, packed", inner) for inner in _packed(value))


def _values(server: Any, key: bytes) -> Iterator[bytes]:
    match server.type(key):
        case b"string":
            yield server.get(key) or b""
        case b"list":
            yield from server.lrange(key, 0, -1)
        case b"set":
            yield from server.smembers(key)
        case b"zset":
            yield from server.zrange(key, 0, -1)
        case b"hash":
            for name, value in server.hgetall(key).items():
                yield name
                yield value
        case b"stream":
            for _, fields in server.xrange(key):
                yield from (part for pair in fields.items() for part in pair)
        case b"none":
            return  # it went meanwhile
        case other:
            raise AssertionError(f"a key of type {other!r}, which nobody looks into")


def _packed(value: bytes) -> Iterator[bytes]:
    """Celery's messages hold their bodies in base64."""
    for encoded in _ENCODED.findall(value):
        try:
            yield base64.b64decode(encoded, validate=True)
        except binascii.Error:
            continue


def _bytes_of(value: Any) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text.encode(errors="surrogatepass")


def places(kept: Iterator[tuple[str, bytes]], *needles: bytes) -> set[str]:
    """Where any of these stands."""
    assert all(needles)
    return {where for where, value in kept if any(needle in value for needle in needles)}
