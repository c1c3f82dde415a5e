"""What a `replace` import or a purge of the catalog means for writes that were accepted before it.

It deletes the products that it finds, but an older import that is still running would make others
anew. `catalogs.replaced_no` is the accept_no of the newest one that began to delete: a product that
is absent counts as deleted by it. It moves under the catalog's own lock before the first delete, and
appends hold that lock shared: one that has not seen the number commits before the deletes look.
A replace that is refused never moves it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from shared.catalog.locks import next_accept_no
from shared.db.engine import Database
from shared.db.tables import catalogs, jobs, manifest_ids


def begin_replace(c: Connection, tenant: str, catalog: str, accept_no: int) -> None:
    """From this commit on, nothing accepted before `accept_no` brings an absent product to life."""
    mine = (catalogs.c.tenant == tenant, catalogs.c.name == catalog)
    c.execute(update(catalogs).where(*mine, catalogs.c.replaced_no < accept_no).values(replaced_no=accept_no))


def begin_purge(c: Connection, db: Database, tenant: str, catalog: str) -> int:
    """The number of a purge that begins now; what was written before it goes."""
    mine = (catalogs.c.tenant == tenant, catalogs.c.name == catalog)
    c.execute(select(catalogs.c.name).where(*mine).with_for_update())
    accept_no = next_accept_no(c, db)
    begin_replace(c, tenant, catalog, accept_no)
    return accept_no


def named_by_replace(
    c: Connection, tenant: str, catalog: str, replaced_no: int, ids: Iterable[str]
) -> set[str]:
    """Those of `ids` that a row of the replace's manifest names, good or bad: it deletes none of them."""
    query = (
        select(manifest_ids.c.product_id)
        .join(jobs, jobs.c.id == manifest_ids.c.job_id)
        .where(
            jobs.c.tenant == tenant,
            jobs.c.catalog == catalog,
            jobs.c.accept_no == replaced_no,
            manifest_ids.c.product_id.in_(tuple(ids)),
        )
    )
    return set(c.execute(query).scalars())
