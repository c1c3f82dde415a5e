"""Erasing what was deleted, from its receipt to its second date.

Listed → when its turn has come, nothing older runs: forgotten by jobs and imports, snapshots asked for → logs
trimmed: segments asked to be rewritten → nothing names it any more: clean → its objects removed, freed
pages scrubbed → erased. Each step is kept in the receipt's row, so any keeper goes on with it.

Erasures of one time are done together, as each makes shards be sealed: they begin when the oldest has waited
for a quarter of `erase_within`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, or_, select, update

from shared.db.engine import now
from shared.db.tables import erasures, objects
from shared.erasure import receipts
from shared.erasure.erased_list import Erased
from shared.erasure.receipts import ErasedKind
from shared.telemetry import ERASURES_OVERDUE, step
from workers.keeper.deps import Keeper
from workers.keeper.erasure import imports, index, results
from workers.keeper.erasure.subjects import by_catalog, older_work

AT_ONCE = 200
BEGIN_AFTER = 0.25  # of `erase_within`


def run(keeper: Keeper) -> None:
    _list(keeper)
    _begin(keeper)
    _go_on(keeper)
    _finish(keeper)
    _count(keeper)


def _list(keeper: Keeper) -> None:
    """What a gateway promised and could not note."""
    query = select(erasures).where(erasures.c.listed_at.is_(None), erasures.c.subject.is_not(None))
    with keeper.db.read() as c:
        unlisted = c.execute(query.order_by(erasures.c.id).limit(AT_ONCE)).all()
    if unlisted:
        keeper.erased.add(Erased.of(receipt) for receipt in unlisted)
        with keeper.db.write() as c:
            receipts.mark_listed(c, [receipt.id for receipt in unlisted])


def _begin(keeper: Keeper) -> None:
    if not _turn_has_come(keeper):
        return
    while due := _due(keeper):
        with step("keeper.erasure", begun=len(due)):
            for subjects in by_catalog(r for r in due if r.kind == ErasedKind.PRODUCT):
                results.forget(keeper, subjects)
                imports.forget(keeper, subjects)
                index.begin(keeper, subjects)
            _begin_jobs(keeper, [r.id for r in due if r.kind == ErasedKind.JOB])


def _begin_jobs(keeper: Keeper, receipt_ids: list[str]) -> None:
    """A job lost everything when it was hidden: only its objects and the freed pages are left."""
    with keeper.db.write() as c:
        c.execute(
            update(erasures)
            .where(erasures.c.id.in_(receipt_ids), erasures.c.begun_at.is_(None))
            .values(begun_at=now(), clean_at=now())
        )


def _ready() -> tuple[ColumnElement[bool], ...]:
    """Of receipts: listed, not begun, and nothing older runs."""
    return (
        erasures.c.begun_at.is_(None),
        erasures.c.listed_at.is_not(None),
        or_(erasures.c.kind == ErasedKind.JOB, ~older_work()),
    )


def _turn_has_come(keeper: Keeper) -> bool:
    waited = func.min(erasures.c.hidden_at) <= now() - keeper.settings.erase_within * BEGIN_AFTER
    with keeper.db.read() as c:
        return bool(c.execute(select(waited).where(*_ready())).scalar())


def _due(keeper: Keeper) -> list[Row[Any]]:
    with keeper.db.read() as c:
        return list(c.execute(select(erasures).where(*_ready()).order_by(erasures.c.id).limit(AT_ONCE)))


def _go_on(keeper: Keeper) -> None:
    begun = select(erasures).where(erasures.c.begun_at.is_not(None), erasures.c.clean_at.is_(None))
    page = begun = begun.order_by(erasures.c.id).limit(AT_ONCE)
    while True:
        with keeper.db.read() as c:
            found = c.execute(page).all()
        if not found:
            return
        for receipt in found:
            index.go_on(keeper, receipt)
        page = begun.where(erasures.c.id > found[-1].id)


def _finish(keeper: Keeper) -> None:
    """The row forgets its subject first, so that the freed bytes go with the rest."""
    stored = exists().where(
        objects.c.tenant == erasures.c.tenant, objects.c.removed_at <= erasures.c.clean_at
    )
    clean = (erasures.c.clean_at.is_not(None), erasures.c.erased_at.is_(None), ~stored)
    with keeper.db.write() as c:
        done = list(c.execute(select(erasures.c.id).where(*clean).limit(AT_ONCE)).scalars())
        c.execute(update(erasures).where(erasures.c.id.in_(done)).values(subject=None))
    if not done:
        return
    with step("keeper.erasure", erased=len(done)):
        keeper.db.scrub()
        with keeper.db.write() as c:
            c.execute(update(erasures).where(erasures.c.id.in_(done)).values(erased_at=now()))


def _count(keeper: Keeper) -> None:
    late = select(func.count()).where(erasures.c.erased_at.is_(None), erasures.c.erase_by < now())
    with keeper.db.read() as c:
        ERASURES_OVERDUE.set(c.execute(late).scalar_one())
