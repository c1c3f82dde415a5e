"""Erasing what was deleted, from its receipt to its second date.

Listed → when its turn has come, nothing older runs: forgotten by jobs and imports, snapshots asked for → logs
trimmed: segments asked to be rewritten → nothing names it any more: clean → its objects removed, freed pages
scrubbed → erased; with a table too large to be scrubbed, when somebody has written it anew. Each step is kept
in the receipt's row, so any keeper goes on with it.

Erasures of one time are done together, as each makes shards be sealed: they begin when the oldest has waited
for a quarter of `erase_within`.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, or_, select, update

from shared.batched import batched
from shared.db.engine import now
from shared.db.tables import erasures, objects
from shared.erasure.listing import note
from shared.erasure.receipts import ErasedKind
from shared.kill_points import kill_point
from shared.telemetry import ERASURES_OVERDUE, step
from workers.keeper.deps import Keeper
from workers.keeper.erasure import imports, index, results
from workers.keeper.erasure.subjects import AT_ONCE, by_catalog, older_work

log = logging.getLogger(__name__)

# As many share one look at all searches and imports: a `replace` may drop hundreds of thousands.
TOGETHER = 20_000
BEGIN_AFTER = 0.25  # of `erase_within`


def run(keeper: Keeper) -> None:
    _list(keeper)
    _begin(keeper)
    _go_on(keeper)
    _finish(keeper)
    _written_anew(keeper)
    _count(keeper)


def _list(keeper: Keeper) -> None:
    """What a gateway or a vision worker promised and could not note."""
    query = select(erasures).where(erasures.c.listed_at.is_(None), erasures.c.subject.is_not(None))
    while True:
        with keeper.db.read() as c:
            unlisted = list(c.execute(query.order_by(erasures.c.id).limit(AT_ONCE)))
        note(keeper.db, keeper.erased, unlisted)
        if len(unlisted) < AT_ONCE:
            return


def _begin(keeper: Keeper) -> None:
    if not _turn_has_come(keeper):
        return
    while due := _due(keeper):
        with step("keeper.erasure", begun=len(due)):
            for subjects in by_catalog(r for r in due if r.kind == ErasedKind.PRODUCT):
                results.forget(keeper, subjects)
                imports.forget(keeper, subjects)
                for some in subjects.slices(AT_ONCE):
                    index.begin(keeper, some)
                    kill_point("erase.begun")
            _begin_jobs(keeper, [r.id for r in due if r.kind == ErasedKind.JOB])


def _begin_jobs(keeper: Keeper, receipt_ids: list[str]) -> None:
    """A job lost everything when it was hidden: only its objects and the freed pages are left."""
    for some in batched(receipt_ids, AT_ONCE):
        with keeper.db.write() as c:
            c.execute(
                update(erasures)
                .where(erasures.c.id.in_(some), erasures.c.begun_at.is_(None))
                .values(begun_at=now(), clean_at=now())
            )
        kill_point("erase.jobs_begun")


def _ready() -> tuple[ColumnElement[bool], ...]:
    """Of receipts: listed, not begun, and nothing older runs."""
    return (
        erasures.c.begun_at.is_(None),
        erasures.c.listed_at.is_not(None),
        or_(erasures.c.kind == ErasedKind.JOB, ~older_work()),
    )


def _turn_has_come(keeper: Keeper) -> bool:
    waited = erasures.c.hidden_at <= now() - keeper.settings.erase_within * BEGIN_AFTER
    # Not erased: what the index of open receipts holds, in the order of their waiting.
    waiting = (erasures.c.erased_at.is_(None), waited, *_ready())
    with keeper.db.read() as c:
        return c.execute(select(erasures.c.id).where(*waiting).limit(1)).scalar() is not None


def _due(keeper: Keeper) -> list[Row[Any]]:
    with keeper.db.read() as c:
        return list(c.execute(select(erasures).where(*_ready()).order_by(erasures.c.id).limit(TOGETHER)))


def _go_on(keeper: Keeper) -> None:
    begun = select(erasures).where(erasures.c.begun_at.is_not(None), erasures.c.clean_at.is_(None))
    page = begun = begun.order_by(erasures.c.id).limit(AT_ONCE)
    while True:
        with keeper.db.read() as c:
            found = c.execute(page).all()
        if not found:
            return
        index.go_on(keeper, found)
        kill_point("erase.gone_on")
        page = begun.where(erasures.c.id > found[-1].id)


def _finish(keeper: Keeper) -> None:
    done = _without_subjects(keeper)
    if not done:
        return
    with step("keeper.erasure", erased=len(done)):
        # Once for all of them, as everybody waits meanwhile.
        unwritten = keeper.db.scrub(keeper.settings.scrub_up_to)
        kill_point("erase.scrubbed")
        _date(keeper, done, unwritten)
    if unwritten:
        log.warning(
            "%d erasures wait for tables larger than TUSOU_SCRUB_UP_TO: VACUUM (FULL) %s, or pg_repack them",
            len(done),
            ", ".join(sorted(unwritten)),
        )


def _without_subjects(keeper: Keeper) -> list[str]:
    """Receipts of which nothing is stored any more. They forget their subjects here, before the freed pages
    are scrubbed, so that its bytes go with the rest."""
    stored = exists().where(
        objects.c.tenant == erasures.c.tenant, objects.c.removed_at <= erasures.c.clean_at
    )
    clean = (
        erasures.c.clean_at.is_not(None),
        erasures.c.erased_at.is_(None),
        erasures.c.unwritten.is_(None),
        ~stored,
    )
    with keeper.db.read() as c:  # a round that finds nothing holds up nobody who writes
        if c.execute(select(erasures.c.id).where(*clean).limit(1)).scalar() is None:
            return []
    done: list[str] = []
    while True:
        page = select(erasures.c.id).where(*clean, erasures.c.id > (done[-1] if done else ""))
        with keeper.db.write() as c:
            found = list(c.execute(page.order_by(erasures.c.id).limit(AT_ONCE)).scalars())
            named = (erasures.c.id.in_(found), erasures.c.subject.is_not(None))
            c.execute(update(erasures).where(*named).values(subject=None))
        kill_point("erase.subjects_forgotten")
        done += found
        if len(found) < AT_ONCE:
            return done


def _date(keeper: Keeper, receipt_ids: list[str], unwritten: dict[str, str]) -> None:
    """Their second date; with tables that keep old bytes (`unwritten`) a note of these instead."""
    if unwritten:
        values: dict[str, Any] = {"unwritten": json.dumps(unwritten, sort_keys=True)}
    else:
        values = {"erased_at": now(), "unwritten": None}
    for some in batched(receipt_ids, AT_ONCE):
        with keeper.db.write() as c:
            # A keeper that was paused meanwhile gives no second date once more.
            undated = (erasures.c.id.in_(some), erasures.c.erased_at.is_(None))
            c.execute(update(erasures).where(*undated).values(**values))
        kill_point("erase.dated")


def _written_anew(keeper: Keeper) -> None:
    """Tables that were too large to be written anew here, and were by an operator."""
    waiting = (erasures.c.erased_at.is_(None), erasures.c.unwritten.is_not(None))
    with keeper.db.read() as c:
        awaited = list(c.execute(select(erasures.c.unwritten).where(*waiting).distinct()).scalars())
    if not awaited:
        return
    files = keeper.db.files()
    kill_point("erase.files_read")
    for unwritten in awaited:
        if any(files.get(table) == file for table, file in json.loads(unwritten).items()):
            continue
        some = select(erasures.c.id).where(*waiting, erasures.c.unwritten == unwritten).limit(AT_ONCE)
        while True:
            with keeper.db.write() as c:
                these = list(c.execute(some).scalars())
                written = update(erasures).where(erasures.c.id.in_(these), *waiting)
                c.execute(written.values(erased_at=now(), unwritten=None))
            kill_point("erase.dated_late")
            if len(these) < AT_ONCE:
                break


def _count(keeper: Keeper) -> None:
    late = select(func.count()).where(erasures.c.erased_at.is_(None), erasures.c.erase_by < now())
    with keeper.db.read() as c:
        ERASURES_OVERDUE.set(c.execute(late).scalar_one())
