"""Tables of any size, read in order of their key, some rows at a time, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, select, tuple_

ROWS_AT_ONCE = 1000


def rows_of(c: Connection, table: Table, *columns: ColumnElement[Any]) -> Iterator[Row[Any]]:
    """The rows' `columns`, all without any. `c` is that of one moment, or rows may come and go meanwhile.

    Whoever wants some of them looks at each: with a condition SQLite takes another index than the key's, and
    sorts all that is left for every page.
    """
    key = list(table.primary_key)
    wanted: list[ColumnElement[Any]] = list(dict.fromkeys([*(columns or table.columns), *key]))
    places = [wanted.index(column) for column in key]
    query = select(*wanted).order_by(*key).limit(ROWS_AT_ONCE)
    page = c.execute(query).all()
    while page:
        yield from page
        last = [page[-1][place] for place in places]
        page = c.execute(query.where(tuple_(*key) > tuple_(*last))).all()
