"""What of a product an index holds: log entries, snapshots and segments. The keeper only asks.

First two snapshots beyond the product's delete, the first of which keeps no dead row: with the second the log
is trimmed past every entry that names it. Only then its segments are rewritten, as no entry needs them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, select, update

from shared.db.engine import now
from shared.db.tables import erasures, holdings, indexes, replicas, rewrites, segments, shards, snapshots
from shared.erasure.receipts import ErasedKind
from shared.index.placement import shard_of
from shared.index.state import IndexState
from shared.liveness import GROUP_KNOWN_S, replica_seen
from workers.keeper.deps import Keeper
from workers.keeper.erasure.subjects import Subjects

Shard = tuple[str, int]  # index id, shard
Place = str  # index id/shard, as receipts and index workers write it

ASK_AGAIN_AFTER_S = 60


def begin(keeper: Keeper, subjects: Subjects) -> None:
    """Note which segments hold the products and where the logs end now; ask for snapshots beyond."""
    with keeper.db.write() as c:
        # Those that another keeper has begun meanwhile would only be sealed once more.
        subjects = subjects.only(_unbegun(c, subjects))
        held = _held(c, subjects)
        own = _own_shards(c, subjects)
        parts = _parts(c, {name for names in held.values() for name in names})
        purged = {shard for its in own.values() for shard in its}
        reached = _ask(c, purged | {shard for its in parts.values() for shard in its}, purged)
        alike: dict[tuple[tuple[str, ...], tuple[Shard, ...], int], list[str]] = {}
        for product_id, receipt in subjects.receipts.items():
            names = sorted(held.get(product_id, ()))
            its = {*own[product_id], *(shard for name in names for shard in parts.get(name, ()))}
            alike.setdefault((tuple(names), tuple(sorted(its)), receipt.accept_no), []).append(product_id)
        for (objects, places, accept_no), product_ids in alike.items():
            positions = {f"{index_id}/{shard}": reached[index_id, shard] for index_id, shard in places}
            c.execute(
                update(erasures)
                .where(*_of(subjects, product_ids, accept_no), erasures.c.begun_at.is_(None))
                .values(begun_at=now(), positions=positions, objects=list(objects))
            )


def _unbegun(c: Connection, subjects: Subjects) -> set[str]:
    """Products whose receipt is not begun yet."""
    ids = [receipt.id for receipt in subjects.receipts.values()]
    query = select(erasures.c.subject).where(erasures.c.id.in_(ids), erasures.c.begun_at.is_(None))
    return set(c.execute(query).scalars())


def _of(subjects: Subjects, product_ids: list[str], accept_no: int) -> tuple[ColumnElement[bool], ...]:
    """Their receipts, and older ones of products that were deleted more than once."""
    same = (erasures.c.tenant == subjects.tenant, erasures.c.kind == ErasedKind.PRODUCT)
    return (*same, erasures.c.subject.in_(product_ids), erasures.c.accept_no <= accept_no)


def _held(c: Connection, subjects: Subjects) -> dict[str, set[str]]:
    """{product: the segments that hold rows of it, left out or not}."""
    query = select(holdings).where(
        holdings.c.tenant == subjects.tenant, holdings.c.product_id.in_(subjects.ids)
    )
    held: dict[str, set[str]] = {}
    for row in c.execute(query):
        held.setdefault(row.product_id, set()).add(row.object)
    return held


def _own_shards(c: Connection, subjects: Subjects) -> dict[str, set[Shard]]:
    """{product: its shard in each index of the catalog}."""
    query = select(indexes.c.id, indexes.c.shards).where(
        indexes.c.tenant == subjects.tenant,
        indexes.c.catalog == subjects.catalog,
        indexes.c.state.in_((IndexState.BUILDING, IndexState.LIVE)),
    )
    found = c.execute(query).all()
    return {p: {(index.id, shard_of(p, index.shards)) for index in found} for p in subjects.ids}


def _parts(c: Connection, names: Collection[str]) -> dict[str, set[Shard]]:
    """{segment: the shards that have rows in it}: their logs name it too."""
    query = select(segments.c.object, segments.c.index_id, segments.c.shard)
    found: dict[str, set[Shard]] = {}
    for row in c.execute(query.where(segments.c.object.in_(tuple(names)))):
        found.setdefault(row.object, set()).add((row.index_id, row.shard))
    return found


def _ask(c: Connection, renewed: Collection[Shard], purged: Collection[Shard]) -> dict[Shard, int]:
    """Lock the shards in their order; returns where their logs end."""
    reached: dict[Shard, int] = {}
    for index_id, shard in sorted(renewed):
        values: dict[str, Any] = {"renew_seq": shards.c.seq}
        if (index_id, shard) in purged:
            values["purge_seq"] = shards.c.seq
        this = (shards.c.index_id == index_id, shards.c.shard == shard)
        row = c.execute(update(shards).where(*this).values(**values).returning(shards.c.seq)).one()
        reached[index_id, shard] = row.seq
    return reached


def go_on(keeper: Keeper, begun: Sequence[Row[Any]]) -> None:
    """One step of these receipts, each as far as index workers have come with its own."""
    with keeper.db.read() as c:
        trimmed_to = _trimmed_to(c)
        trimmed = [receipt for receipt in begun if _is_trimmed(receipt.positions, trimmed_to)]
        if not trimmed:
            return
        left = _left(c, {name for receipt in trimmed for name in receipt.objects})
        rewritten = [receipt for receipt in trimmed if left.isdisjoint(receipt.objects)]
        served = _served(c)
    behind, clean = set(), []
    for receipt in rewritten:
        its = {place for place, seq in receipt.positions.items() if served.get(place, seq) < seq}
        behind |= its
        if not its:
            clean.append(receipt.id)
    with keeper.db.write() as c:
        if left:
            c.execute(
                keeper.db.insert(rewrites)
                .values([{"object": name, "asked_at": now()} for name in sorted(left)])
                .on_conflict_do_nothing()
            )
        _ask_again(c, behind)
        c.execute(
            update(erasures)
            .where(erasures.c.id.in_(clean), erasures.c.clean_at.is_(None))
            .values(clean_at=now())
        )


def _trimmed_to(c: Connection) -> dict[Place, int]:
    query = select(shards.c.index_id, shards.c.shard, shards.c.trimmed_to)
    return {f"{row.index_id}/{row.shard}": row.trimmed_to for row in c.execute(query)}


def _is_trimmed(positions: Mapping[Place, int], trimmed_to: Mapping[Place, int]) -> bool:
    """Whether no log has an entry up to these positions, and so no snapshot older than them."""
    return all(trimmed_to.get(place, seq) >= seq for place, seq in positions.items())


def _left(c: Connection, names: Collection[str]) -> set[str]:
    """Those segments that are not rewritten yet."""
    held = select(holdings.c.object).where(holdings.c.object.in_(tuple(names)))
    parts = select(segments.c.object).where(segments.c.object.in_(tuple(names)))
    return set(c.execute(held.union(parts)).scalars())


def _served(c: Connection) -> dict[Place, int]:
    """The oldest snapshot of each shard that an index worker still serves, and has on its disk."""
    oldest: dict[Place, int] = {}
    for state in c.execute(select(replicas.c.state).where(replica_seen(GROUP_KNOWN_S))).scalars():
        for place, its in state.items():
            seq = (its or {}).get("snapshot_seq")
            if seq is not None:
                oldest[place] = min(seq, oldest.get(place, seq))
    return oldest


def _ask_again(c: Connection, behind: Collection[Place]) -> None:
    """Whoever could not take a snapshot up tries with the next one: a worker looks at each only once."""
    for index_id, shard in sorted((place.split("/")[0], int(place.split("/")[1])) for place in behind):
        lately = exists().where(
            snapshots.c.index_id == index_id,
            snapshots.c.shard == shard,
            snapshots.c.created_at > now() - ASK_AGAIN_AFTER_S,
        )
        this = (shards.c.index_id == index_id, shards.c.shard == shard)
        c.execute(update(shards).where(*this, ~lately).values(seal_wanted=True))
