"""Shards: their rows and logs here, what they hold in contents.py."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Set
from typing import Any

from sqlalchemy import Row, select

from shared.batched import batched
from shared.db.engine import Database
from shared.db.pages import ROWS_AT_ONCE
from shared.db.tables import erasures
from shared.fsck.contents import Contents
from shared.fsck.finding import Code, Finding, guarded
from shared.fsck.shard import Shard, known, read
from shared.index.log import FIRST_CHAIN, Entry, EntryKind, next_chain
from shared.storage.port import ObjectStore

# As long as an append, a compaction or a snapshot that was in the middle may take to be whole.
LOOK_AGAIN_AFTER_S = 2.0


def check(
    db: Database,
    store: ObjectStore,
    *,
    quick: bool = False,
    damaged: Set[str] = frozenset(),
    again_after: float = LOOK_AGAIN_AFTER_S,
) -> Iterator[Finding]:
    """`quick` reads no object, and so compares no vectors. `damaged` objects were found by who read them all.

    What SQL says is of one moment, and objects are read later: what seems wrong is looked at once more.
    """
    for key in known(db):
        what = f"shard {key[0]}/{key[1]}"
        found = dict.fromkeys(guarded(what, _look(db, store, key, quick=quick, damaged=damaged)))
        if found:
            time.sleep(again_after)
            again = dict.fromkeys(guarded(what, _look(db, store, key, quick=quick, damaged=damaged)))
            yield from (finding for finding in again if finding in found)


def _look(
    db: Database, store: ObjectStore, key: tuple[str, int], *, quick: bool, damaged: Set[str]
) -> Iterator[Finding]:
    with db.moment(patient=True) as c:
        shard = read(c, *key)
    yield from (*log(shard), *numbers(shard), *pictures(shard))
    if not quick:
        contents = Contents(shard, store, damaged)
        yield from contents.check()
        yield from _left(db, shard, contents.gone)


def _left(db: Database, shard: Shard, gone: Mapping[str, str]) -> Iterator[Finding]:
    """Those of `gone` that no erasure waits for: {product: what holds it}."""
    tenant = shard.index.tenant
    for some in batched(sorted(gone), ROWS_AT_ONCE):
        of_these = (erasures.c.tenant == tenant, erasures.c.subject.in_(some), erasures.c.erased_at.is_(None))
        with db.read() as c:
            awaited = set(c.execute(select(erasures.c.subject).where(*of_these)).scalars())
        for product in some:
            if product not in awaited:
                keys = {"tenant": tenant, "product": product}
                yield Finding(Code.ERASED_LEFT, f"{tenant}/{product}", f"in {gone[product]}", keys)


def log(shard: Shard) -> Iterator[Finding]:
    """The path from where the log was trimmed to where the shard's row says that it ends."""
    row = shard.row
    seq, chain = row.trimmed_to, _start(shard)
    for entry in shard.entries:
        if entry.seq <= row.trimmed_to:
            continue
        if entry.seq != seq + 1:
            yield shard.finding(
                Code.LOG_GAP,
                f"no entry {seq + 1}" + (f" to {entry.seq - 1}" if entry.seq > seq + 2 else ""),
            )
        elif chain is not None and not _follows(chain, entry):
            yield shard.finding(Code.LOG_CHAIN, f"entry {entry.seq} does not follow {seq}/{chain}")
        if Entry(entry.kind, entry.body, entry.inline).digest() != entry.digest:
            yield shard.finding(Code.LOG_DIGEST, f"entry {entry.seq} is not what its digest says")
        if (why := _unknown_part(shard, entry)) is not None:
            yield shard.finding(Code.LOG_SEGMENT, why)
        seq, chain = entry.seq, entry.chain
    if seq != row.seq or (chain is not None and chain != row.chain):
        yield shard.finding(
            Code.LOG_END, f"it ends at {seq}/{chain or '?'}, the shard says {row.seq}/{row.chain}"
        )


def _follows(chain: str, entry: Row[Any]) -> bool:
    try:
        return next_chain(chain, entry.digest) == str(entry.chain)
    except ValueError:  # one of them is no hexadecimal number
        return False


def _start(shard: Shard) -> str | None:
    """The chain that the log's first entry follows; None where nothing tells."""
    if shard.row.trimmed_to == 0:
        return FIRST_CHAIN
    at = shard.row.trimmed_to
    return next((snapshot.chain for snapshot in shard.snapshots if snapshot.seq == at), None)


def _unknown_part(shard: Shard, entry: Row[Any]) -> str | None:
    if entry.kind != EntryKind.SEGMENT:
        return None
    body = entry.body or {}
    part = shard.parts.get(body.get("object", ""))
    if part is None:
        return f"entry {entry.seq} names segment {body.get('object')}, of which no part is the shard's"
    told = tuple(body.get(name) for name in ("offset", "length", "sha256", "rows"))
    if told != (part.offset, part.length, part.sha256, part.rows):
        return f"entry {entry.seq} places its rows elsewhere in {part.object} than the part's row"
    return None


def numbers(shard: Shard) -> Iterator[Finding]:
    """What the shard's row counts is within its log."""
    row = shard.row
    ahead = [
        f"{name} is {value}, beyond {end}"
        for name, value, end in (
            ("sealed_seq", row.sealed_seq, row.seq),
            ("renew_seq", row.renew_seq, row.seq),
            ("purge_seq", row.purge_seq, row.seq),
            ("sealed_rows_logged", row.sealed_rows_logged, row.rows_logged),
        )
        if value > end
    ]
    if ahead:
        yield shard.finding(Code.SHARD_NUMBERS, "; ".join(ahead))


def pictures(shard: Shard) -> Iterator[Finding]:
    for image in shard.current.values():
        if image.normalised is None and image.fingerprint is not None:
            if image.product_id in shard.written:
                continue  # it is being made
            keys = {"image": image.id, "product": image.product_id, "tenant": shard.index.tenant}
            yield shard.finding(Code.IMAGE_PICTURE, f"of product {image.product_id!r}", image.id, **keys)
