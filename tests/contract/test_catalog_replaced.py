"""What a `replace` import or a purge deleted stays away, whatever older import finishes after it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from shared.catalog import burial
from shared.catalog.append import append
from shared.catalog.burial import bury_older
from shared.catalog.changes import ProductChange
from shared.catalog.replaced import begin_purge
from shared.catalog.writes import accept_delete
from shared.db.engine import Database
from shared.db.tables import catalogs, log
from shared.errors import NotFound
from shared.index.placement import LiveIndex
from tests.catalog_rig import attributes, embedded, end_replace, living, make_catalog, number, put, sources


@pytest.fixture
def index(db: Database) -> LiveIndex:
    return make_catalog(db)


def purge(db: Database, index: LiveIndex) -> int:
    with db.write() as c:
        accept_no = begin_purge(c, db, "shop", "default")
    hidden = 0
    while True:
        with db.write() as c:
            buried = bury_older(c, index, accept_no)
        if not buried.rows:
            return hidden
        hidden += len(buried.hidden)


def test_an_older_import_that_ends_after_a_replace_makes_no_product(db: Database, index: LiveIndex) -> None:
    older, replacing = number(db), number(db)
    embedded(db, index, "there", older, ["a"])
    embedded(db, index, "kept", replacing, ["b"])
    assert end_replace(db, replacing, "kept")["deleted"] == 1
    embedded(db, index, "there", older, ["a"])
    reached = embedded(db, index, "late", older, ["c"], title="late")
    assert (living(db), sources(db, "late"), reached) == (["kept"], [], {})


def test_an_import_accepted_after_a_replace_makes_products(db: Database, index: LiveIndex) -> None:
    replacing, newer = number(db), number(db)
    end_replace(db, replacing)
    embedded(db, index, "new", newer, ["a"], title="new")
    assert (attributes(db, "new")["title"], sources(db, "new")) == ("new", ["a"])


def test_an_older_import_still_adds_to_a_product_that_the_replace_named(
    db: Database, index: LiveIndex
) -> None:
    """Attribute by attribute: what the replace's row leaves open is the older import's to set."""
    older, replacing = number(db), number(db)
    embedded(db, index, "p", replacing, [], title="new")
    end_replace(db, replacing, "p")
    embedded(db, index, "p", older, [], title="old", brand="b")
    assert attributes(db, "p") == {"title": "new", "brand": "b"}


def test_a_product_that_only_a_bad_row_of_the_replace_names_may_still_come(
    db: Database, index: LiveIndex
) -> None:
    """The replace would not have deleted it, had the older import been quicker."""
    older, replacing = number(db), number(db)
    end_replace(db, replacing, "bad", rows=20, bad_rows=1)
    embedded(db, index, "bad", older, ["a"])
    embedded(db, index, "other", older, ["a"])
    assert living(db) == ["bad"]


def test_a_refused_replace_leaves_older_imports_alone(db: Database, index: LiveIndex) -> None:
    older, replacing = number(db), number(db)
    assert end_replace(db, replacing, bad_rows=1)["replace_refused"]
    embedded(db, index, "p", older, ["a"])
    assert living(db) == ["p"]


def test_an_older_replace_that_ends_last_does_not_undo_a_newer_one(db: Database, index: LiveIndex) -> None:
    older, between, newer = number(db), number(db), number(db)
    end_replace(db, newer, "p")
    end_replace(db, older, "q")
    embedded(db, index, "p", between, ["a"])
    embedded(db, index, "q", between, ["a"])
    with db.read() as c:
        assert c.execute(select(catalogs.c.replaced_no)).scalar_one() == newer
    assert living(db) == ["p"]


def test_an_older_import_that_ends_after_a_purge_makes_no_product(db: Database, index: LiveIndex) -> None:
    older = number(db)
    embedded(db, index, "there", older, ["a"])
    assert purge(db, index) == 1
    embedded(db, index, "late", older, ["c"])
    assert living(db) == []
    put(db, index, "late", title="again")
    embedded(db, index, "late", older, ["c"], brand="b")
    assert (attributes(db, "late")["brand"], sources(db, "late")) == (None, [])


def test_a_product_deleted_before_an_import_stays_away_when_a_replace_came_after_it(
    db: Database, index: LiveIndex
) -> None:
    """The tombstone of the delete is older than the import: the replace makes it newer, and logs it once."""
    put(db, index, "p", title="t")
    with db.write() as c:
        accept_delete(c, db, index=index, product_id="p")
    older, replacing = number(db), number(db)
    assert end_replace(db, replacing)["deleted"] == 0
    embedded(db, index, "p", older, ["a"])
    with pytest.raises(NotFound):
        attributes(db, "p")
    with db.read() as c:
        assert c.execute(select(log.c.kind)).scalars().all() == ["delete"]


def test_a_replace_deletes_in_batches(
    db: Database, index: LiveIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(burial, "BATCH", 2)
    for n in range(5):
        embedded(db, index, f"p{n}", number(db), ["a"])
    assert end_replace(db, number(db), "p3")["deleted"] == 4
    assert living(db) == ["p3"]


def test_a_whole_chunk_that_comes_too_late_writes_no_log(db: Database, index: LiveIndex) -> None:
    older, _ = number(db), purge(db, index)
    changes = [ProductChange(f"p{n}", older, n, {"title": "t"}) for n in range(3)]
    with db.write() as c:
        assert append(c, db, index=index, changes=changes, ranges={}) == {}
    assert living(db) == []
