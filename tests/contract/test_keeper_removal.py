"""Marked objects go, whatever number of them there is and whoever of them cannot; on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from shared.db.engine import Database
from shared.db.tables import objects
from shared.errors import StoreUnavailable
from shared.storage.names import new_name
from tests.keeper_rig import new_keeper
from workers.keeper.deps import Keeper
from workers.keeper.rounds import removal


@pytest.fixture
def keeper(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    monkeypatch.setattr(removal, "AT_ONCE", 2)
    return new_keeper(db, tmp_path)


def marked(keeper: Keeper, count: int) -> list[str]:
    """Objects that were marked one after the other, long ago."""
    stored = [keeper.store.put(new_name("images", "shop", keeper.db.clock()), b"x") for _ in range(count)]
    rows = [
        {
            "name": s.name,
            "tenant": "shop",
            "sha256": s.sha256,
            "length": s.length,
            "created_at": 1.0,
            "removed_at": n + 1.0,
        }
        for n, s in enumerate(stored)
    ]
    with keeper.db.write() as c:
        c.execute(insert(objects), rows)
    return [s.name for s in stored]


def refuse(keeper: Keeper, monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """The store does not delete these; returns the list of what it is asked for."""
    delete, asked = keeper.store.delete, []

    def refusing(name: str) -> None:
        asked.append(name)
        if name in names:
            raise StoreUnavailable("this one is locked")
        delete(name)

    monkeypatch.setattr(keeper.store, "delete", refusing)
    return asked


def owned(keeper: Keeper) -> list[str]:
    with keeper.db.read() as c:
        since = func.coalesce(objects.c.tried_at, objects.c.removed_at)
        return list(c.execute(select(objects.c.name).order_by(since)).scalars())


def test_more_than_a_batch_goes_in_one_round(keeper: Keeper) -> None:
    marked(keeper, 5)
    removal.run(keeper)
    assert owned(keeper) == list(keeper.store.list("")) == []


def test_objects_that_cannot_go_hold_up_no_other(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = marked(keeper, 7)[:3]
    asked = refuse(keeper, monkeypatch, *stuck)
    removal.run(keeper)
    assert sorted(owned(keeper)) == sorted(keeper.store.list("")) == sorted(stuck)
    assert len(asked) == 7, "what fails is tried once in a round"
    monkeypatch.undo()
    removal.run(keeper)
    assert owned(keeper) == []


def test_a_store_that_is_away_is_not_asked_for_every_object(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next round begins with those that this one has not come to."""
    names = marked(keeper, removal.FAILURES_A_ROUND + 3)
    asked = refuse(keeper, monkeypatch, *names)
    removal.run(keeper)
    assert asked == names[:-3]
    assert owned(keeper)[:3] == names[-3:]
