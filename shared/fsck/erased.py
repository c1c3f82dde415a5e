"""The list of what was erased beside the deployment: nothing that it names may be there, or stay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import select

from shared.batched import batched
from shared.db.engine import Database
from shared.db.tables import jobs, products
from shared.erasure.erased_list import Erased
from shared.erasure.receipts import ErasedKind
from shared.errors import ObjectCorrupt
from shared.fsck.finding import Code, Finding
from shared.jobs.job import State

ENTRIES_AT_ONCE = 500

Subject = tuple[str, str]  # tenant, id


def check(db: Database, listed: Iterable[Erased], left: Iterable[Finding]) -> Iterator[Finding]:
    """`left`: products that do not live, and of which the index holds a row (ERASED_LEFT). Those that the
    list names were erased; any other never was, as one that an import brought too late."""
    wanted: dict[Subject, list[Finding]] = {}
    for finding in left:
        wanted.setdefault((finding.keys["tenant"], finding.keys["product"]), []).append(finding)
    named: dict[Subject, Erased] = {}
    try:
        for some in batched(listed, ENTRIES_AT_ONCE):
            yield from _back(db, some)
            for entry in some:
                of = (entry.tenant, entry.id)
                if entry.kind is ErasedKind.PRODUCT and of in wanted:
                    named[of] = max(entry, named.get(of, entry), key=lambda e: e.accept_no or 0)
    except ObjectCorrupt as error:
        yield Finding(Code.ERASED_LIST, "erased/", error.detail)
    for of, entry in named.items():
        for finding in wanted[of]:
            yield Finding(finding.code, finding.subject, finding.detail, {**finding.keys, "erased": entry})


def _back(db: Database, some: list[Erased]) -> Iterator[Finding]:
    ids = {kind: [entry.id for entry in some if entry.kind is kind] for kind in ErasedKind}
    alive = select(products.c.tenant, products.c.id, products.c.catalog, products.c.accepted_no).where(
        products.c.id.in_(ids[ErasedKind.PRODUCT]), products.c.deleted_no.is_(None)
    )
    kept = select(jobs.c.tenant, jobs.c.id).where(
        jobs.c.id.in_(ids[ErasedKind.JOB]), jobs.c.state != State.EXPIRED
    )
    with db.read() as c:
        there = {(row.tenant, row.id): row for row in c.execute(alive)}
        jobs_there = {(row.tenant, row.id) for row in c.execute(kept)}
    for entry in some:
        of = (entry.tenant, entry.id)
        if entry.kind is ErasedKind.JOB:
            back = of in jobs_there
        else:
            row = there.get(of)
            # Written again after its erasure, it is another one.
            back = (
                row is not None and row.accepted_no <= (entry.accept_no or 0) and row.catalog == entry.catalog
            )
        if back:
            detail = f"{entry.kind} that was erased"
            yield Finding(Code.ERASED_BACK, f"{entry.tenant}/{entry.id}", detail, {"erased": entry})
