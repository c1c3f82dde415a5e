"""The path of a log: its entries in order, each chained to the one before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, select

from shared.db.engine import Database
from shared.db.tables import log as entries
from shared.db.tables import shards
from shared.index.log import Entry, Position, next_chain
from workers.indexer.shards import Key

ENTRIES_AT_ONCE = 200


class OffPath(Exception):
    """The shard's log is not the one that our view was built from."""


def read(db: Database, key: Key, *, after: int, up_to: int) -> Iterator[Sequence[Row[Any]]]:
    """The entries `after` < seq <= `up_to` in order, some at a time; fewer where the log lacks them."""
    index_id, shard = key
    query = select(entries).where(entries.c.index_id == index_id, entries.c.shard == shard)
    while after < up_to:
        some = query.where(entries.c.seq > after, entries.c.seq <= up_to)
        with db.read() as c:
            found = c.execute(some.order_by(entries.c.seq).limit(ENTRIES_AT_ONCE)).all()
        if not found:
            return
        yield found
        after = found[-1].seq


def follow(seq: int, chain: str, found: Sequence[Row[Any]]) -> Position:
    """Where `found` leads from (seq, chain). Raises OffPath where an entry does not follow."""
    for entry in found:
        digest = Entry(entry.kind, entry.body, entry.inline).digest()
        if entry.seq != seq + 1 or digest != entry.digest or next_chain(chain, digest) != entry.chain:
            raise OffPath(f"entry {entry.seq} does not follow {seq}/{chain}")
        seq, chain = entry.seq, entry.chain
    return Position(seq, chain)


def check_end(seq: int, chain: str, end: Row[Any]) -> None:
    """Raises OffPath when the log ends before us, or otherwise where we stand."""
    if end.seq < seq:
        raise OffPath(f"the log ends at {end.seq}, we are at {seq}")
    if end.seq == seq and end.chain != chain:
        raise OffPath(f"the chain at {end.seq} is {end.chain}, ours is {chain}")


def check_start(db: Database, key: Key, seq: int, chain: str) -> None:
    """Raises OffPath unless the log goes on from (seq, chain): its next entry follows, or it ends there."""
    index_id, shard = key
    here = (entries.c.index_id == index_id, entries.c.shard == shard)
    with db.moment() as c:
        end = c.execute(select(shards).where(shards.c.index_id == index_id, shards.c.shard == shard)).one()
        found = c.execute(select(entries).where(*here, entries.c.seq == seq + 1)).all()
    check_end(seq, chain, end)
    if end.seq > seq and not found:
        raise OffPath(f"no entry after {seq}, and the log goes on to {end.seq}")
    follow(seq, chain, found)
