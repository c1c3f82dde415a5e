"""Products that are erased together: those of one catalog whose turn has come."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, or_

from shared.batched import batched
from shared.db.tables import erasures, jobs
from shared.jobs.job import OPEN
from shared.jobs.kinds import JobKind

# What one transaction takes.
AT_ONCE = 500


@dataclass(frozen=True)
class Subjects:
    """Receipts of products, by product id; of several for the same one the newest."""

    tenant: str
    catalog: str
    receipts: Mapping[str, Row[Any]]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.receipts)

    @property
    def newest_no(self) -> int:
        return max(int(r.accept_no) for r in self.receipts.values())

    @property
    def hidden_at(self) -> float:
        return max(float(r.hidden_at) for r in self.receipts.values())

    def slices(self, size: int) -> Iterator[Subjects]:
        """The same in pieces, each for a transaction of its own."""
        for some in batched(self.receipts.items(), size):
            yield Subjects(self.tenant, self.catalog, dict(some))

    def only(self, product_ids: Container[str]) -> Subjects:
        """Those of them."""
        kept = {p: receipt for p, receipt in self.receipts.items() if p in product_ids}
        return Subjects(self.tenant, self.catalog, kept)

    def accepted_before(self, accept_no: int | None) -> tuple[str, ...]:
        """Those whose erasure is younger than a write of this number."""
        return tuple(p for p, r in self.receipts.items() if accept_no is None or r.accept_no > accept_no)


def by_catalog(receipts: Iterable[Row[Any]]) -> list[Subjects]:
    found: dict[tuple[str, str], dict[str, Row[Any]]] = {}
    for receipt in receipts:
        found.setdefault((receipt.tenant, receipt.catalog), {})[receipt.subject] = receipt
    return [Subjects(*of, products) for of, products in found.items()]


def older_work() -> ColumnElement[bool]:
    """Of a receipt: a job accepted before it still runs, and may store something of its product.

    An import brings vectors that its append leaves out; a search may have found it a moment before.
    """
    older = or_(
        jobs.c.accept_no < erasures.c.accept_no,
        and_(jobs.c.kind == JobKind.SEARCH, jobs.c.created_at <= erasures.c.hidden_at),
    )
    same = (jobs.c.tenant == erasures.c.tenant, jobs.c.catalog == erasures.c.catalog)
    return exists().where(*same, jobs.c.state.in_(OPEN), older)
