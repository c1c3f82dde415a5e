"""Noting receipts in the list that outlives backups, and then in their rows that it names them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from shared.db.engine import Database
from shared.erasure import receipts
from shared.erasure.erased_list import Erased, ErasedList
from shared.kill_points import kill_point


def note(db: Database, erased: ErasedList, issued: list[Row[Any]]) -> None:
    """One object for all of them. Raises StoreUnavailable: a keeper, or whoever comes next, does it again."""
    if issued:
        erased.add(Erased.of(receipt) for receipt in issued)
        kill_point("erase.noted")
        with db.write() as c:
            receipts.mark_listed(c, [receipt.id for receipt in issued])
        kill_point("erase.listed")
