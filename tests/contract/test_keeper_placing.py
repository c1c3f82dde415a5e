"""Shards that were placed while nobody was there come to a group that is served; on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from shared.catalog.catalogs import ensure_of_model
from shared.db.engine import Database, now
from shared.db.tables import placements, replicas, shards
from tests.keeper_rig import new_keeper
from workers.keeper.deps import Keeper
from workers.keeper.rounds import placing


@pytest.fixture
def keeper(db: Database, tmp_path: Path) -> Keeper:
    return new_keeper(db, tmp_path)


def catalog(keeper: Keeper, name: str, shard_count: int) -> str:
    """Made by a gateway whose own group is "nobody"; returns the id of its index."""
    with keeper.db.write() as c:
        return ensure_of_model(
            c,
            keeper.db,
            "shop",
            name,
            model="m",
            fingerprint="f",
            dim=8,
            shard_count=shard_count,
            default_group="nobody",
        ).id


def serve(keeper: Keeper, *groups: str, seen_s_ago: float = 0.0) -> None:
    with keeper.db.write() as c:
        for group in groups:
            row = {"process": f"i-{group}", "group": group, "state": {}, "seen_at": now() - seen_s_ago}
            c.execute(insert(replicas).values(row))


def placed(keeper: Keeper, index_id: str) -> list[str]:
    query = select(placements.c.group).where(placements.c.index_id == index_id).order_by(placements.c.shard)
    with keeper.db.read() as c:
        return list(c.execute(query).scalars())


def test_shards_placed_while_nobody_was_there_go_to_the_emptiest_group_that_is_served(keeper: Keeper) -> None:
    early = catalog(keeper, "early", 3)
    assert placed(keeper, early) == ["nobody"] * 3
    serve(keeper, "g1")
    other = catalog(keeper, "other", 2)
    serve(keeper, "g2")
    placing.run(keeper)
    assert placed(keeper, early) == ["g2", "g2", "g1"]
    assert placed(keeper, other) == ["g1", "g1"]


def test_while_no_group_is_served_every_shard_stays(keeper: Keeper) -> None:
    index_id = catalog(keeper, "early", 1)
    serve(keeper, "g1", seen_s_ago=3600)
    placing.run(keeper)
    assert placed(keeper, index_id) == ["nobody"]


def test_a_shard_with_log_entries_and_one_whose_group_is_served_stay(keeper: Keeper) -> None:
    index_id = catalog(keeper, "early", 2)
    with keeper.db.write() as c:
        c.execute(update(shards).where(shards.c.shard == 0).values(seq=1))
    serve(keeper, "g1")
    placing.run(keeper)
    assert placed(keeper, index_id) == ["nobody", "g1"]
    serve(keeper, "g2")
    placing.run(keeper)
    assert placed(keeper, index_id) == ["nobody", "g1"]
