"""The log of each shard: what was made visible, in order, with a chain that proves the order.

`seq` is gapless and taken under the shard's row lock in the transaction that makes the entry
visible. `chain` is 8 bytes of SHA-256 over the previous chain and the entry's digest: a follower
applies an entry only if its own chain is the predecessor, so a restored database is noticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update

from shared.db.engine import now
from shared.db.tables import log, shards

FIRST_CHAIN = "0" * 16


class EntryKind(StrEnum):
    SEGMENT = "segment"
    INLINE = "inline"
    DELETE = "delete"
    PATCH = "patch"
    SEALED = "sealed"


class Position(NamedTuple):
    """A place in the log of one shard."""

    seq: int
    chain: str


Positions = dict[int, Position]  # by shard


@dataclass(frozen=True)
class Entry:
    """One change of one shard, before it has a place in the log; `shared.index.entries` makes them.

    `inline` is the block of rows of an entry of that kind, `rows` how many rows the entry brings.
    """

    kind: EntryKind
    body: dict[str, Any]
    inline: bytes | None = None
    rows: int = 0

    def digest(self) -> str:
        canonical = json.dumps([self.kind, self.body], sort_keys=True, ensure_ascii=False).encode()
        block = hashlib.sha256(self.inline or b"").digest()
        return hashlib.sha256(canonical + block).hexdigest()


def next_chain(chain: str, digest: str) -> str:
    return hashlib.sha256(bytes.fromhex(chain) + bytes.fromhex(digest)).hexdigest()[:16]


def append(c: Connection, index_id: str, entries: Mapping[int, list[Entry]]) -> Positions:
    """Append to several shards of one index; returns the positions reached.

    Locks the shard rows in ascending order: the last locks of every transaction that writes.
    """
    reached: Positions = {}
    for shard in sorted(entries):
        if not entries[shard]:
            continue
        row = c.execute(
            select(shards.c.seq, shards.c.chain)
            .where(shards.c.index_id == index_id, shards.c.shard == shard)
            .with_for_update()
        ).one()
        seq, chain, rows = row.seq, row.chain, 0
        for entry in entries[shard]:
            digest = entry.digest()
            seq, chain, rows = seq + 1, next_chain(chain, digest), rows + entry.rows
            c.execute(
                insert(log).values(
                    index_id=index_id,
                    shard=shard,
                    seq=seq,
                    chain=chain,
                    kind=entry.kind,
                    digest=digest,
                    body=entry.body,
                    inline=entry.inline,
                    created_at=now(),
                )
            )
        c.execute(
            update(shards)
            .where(shards.c.index_id == index_id, shards.c.shard == shard)
            .values(seq=seq, chain=chain, rows_logged=shards.c.rows_logged + rows, changed_at=now())
        )
        reached[shard] = Position(seq, chain)
    return reached


def positions(c: Connection, index_id: str) -> Positions:
    """Where the logs of the index end."""
    query = select(shards.c.shard, shards.c.seq, shards.c.chain).where(shards.c.index_id == index_id)
    return {row.shard: Position(row.seq, row.chain) for row in c.execute(query)}
