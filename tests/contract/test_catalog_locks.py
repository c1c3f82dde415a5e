"""Writers of the catalogue take their locks in one order, so that none waits in a circle."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from shared.catalog.append import append
from shared.catalog.burial import bury_older
from shared.catalog.changes import ProductChange
from shared.catalog.locks import share_catalog
from shared.catalog.replaced import begin_purge, begin_replace
from shared.catalog.writes import accept_delete
from shared.db import schema
from shared.db.engine import Database
from shared.errors import NotFound
from tests.catalog_rig import embedded, make_catalog, number, put
from tests.lock_order import in_order, locks_taken

ROUNDS = 12


@pytest.fixture
def postgres_db(postgres_url: str) -> Iterator[Database]:
    database = Database(postgres_url)
    schema.migrate(database)
    yield database
    database.close()


def test_each_write_of_the_catalogue_takes_its_locks_in_order(postgres_db: Database) -> None:
    db = postgres_db
    index = make_catalog(db)
    with locks_taken(db) as taken:
        put(db, index, "p", title="t", price={"amount": "1", "currency": "EUR"})
        embedded(db, index, "p", number(db), ["a"])
        with db.write() as c:
            accept_delete(c, db, index=index, product_id="p")
        with db.write() as c:
            accept_no = begin_purge(c, db, "shop", "default")
        embedded(db, index, "q", 1, ["a"])
        with db.write() as c:
            bury_older(c, index, accept_no)
    assert ["products", "counters", "shards"] in taken
    assert ["catalogs", "products", "shards"] in taken
    assert ["catalogs", "counters"] in taken
    assert [tables for tables in taken if not in_order(tables)] == []


def test_products_are_born_and_locked_in_order_of_their_ids(postgres_db: Database) -> None:
    db = postgres_db
    index = make_catalog(db)
    changes = [ProductChange(f"p{n}", 1, n, {"title": "t"}) for n in (5, 3, 9, 1, 7)]
    born: list[str] = []
    locked: list[str] = []

    def asked(*call: Any) -> None:
        statement, parameters = call[2], call[3]
        if statement.startswith("INSERT INTO products"):
            born.extend(row["id"] for row in parameters)
        elif statement.startswith("SELECT products") and "FOR UPDATE" in statement:
            locked.append(statement)

    event.listen(db.engine, "before_cursor_execute", asked)
    with db.write() as c:
        append(c, db, index=index, changes=changes, ranges={})
    assert born == ["p1", "p3", "p5", "p7", "p9"]
    assert ["ORDER BY products.id FOR UPDATE" in statement for statement in locked] == [True]


def test_writers_of_the_same_products_never_wait_in_a_circle(postgres_db: Database) -> None:
    """Imports, single writes, deletes, purges and replaces side by side, each in a loop."""
    db = postgres_db
    index = make_catalog(db)
    ids = [f"p{n}" for n in range(8)]
    raised: list[Exception] = []

    def importing(order: Callable[[list[str]], list[str]]) -> None:
        accept_no = number(db)
        changes = [ProductChange(p, accept_no, n, {"title": "t"}) for n, p in enumerate(order(ids))]
        with db.write() as c:
            append(c, db, index=index, changes=changes, ranges={})

    def writing(order: Callable[[list[str]], list[str]]) -> None:
        for product_id in order(ids)[:3]:
            put(db, index, product_id, title="u")

    def deleting() -> None:
        with db.write() as c:
            accept_delete(c, db, index=index, product_id=ids[0])

    def purging() -> None:
        with db.write() as c:
            accept_no = begin_purge(c, db, "shop", "default")
        with db.write() as c:
            bury_older(c, index, accept_no)

    def repeat(write: Callable[[], None]) -> None:
        for _ in range(ROUNDS):
            try:
                write()
            except NotFound:
                continue
            except Exception as error:
                raised.append(error)

    orders: tuple[Callable[[list[str]], list[str]], ...] = (sorted, lambda some: sorted(some, reverse=True))
    writes: list[Callable[[], None]] = [deleting, purging]
    for write, order in itertools.product((importing, writing), orders):
        writes.append(lambda write=write, order=order: write(order))
    threads = [threading.Thread(target=repeat, args=(write,)) for write in writes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []


def test_a_replace_waits_for_appends_that_have_not_seen_it(postgres_db: Database) -> None:
    """What they make is there when the deletes look."""
    db = postgres_db
    make_catalog(db)
    with db.write() as appending:
        share_catalog(appending, "shop", "default")
        with db.write() as beside:
            assert share_catalog(beside, "shop", "default") == 0
        with db.write() as replacing:
            replacing.execute(text("SET LOCAL lock_timeout = '20ms'"))
            with pytest.raises(OperationalError):
                begin_replace(replacing, "shop", "default", 9)
            replacing.rollback()
    with db.write() as replacing:
        begin_replace(replacing, "shop", "default", 9)
    with db.write() as appending:
        assert share_catalog(appending, "shop", "default") == 9
