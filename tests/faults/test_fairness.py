"""One tenant's 40,000 chunks are queued: another's ten rows and searches do not wait behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.db.engine import Database
from shared.jobs.job import State
from tests.faults.conftest import PRODUCTS, World
from tests.faults.hog import ROWS, done_of, queue_many, served_beside_many
from tests.vision_rig import VisionRig


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("fleet")
def test_ten_rows_of_another_tenant_are_searchable_at_once_and_searches_go_on(world: World) -> None:
    served_beside_many(world.fleet, world.shop, PRODUCTS)


def test_each_piece_of_a_small_import_waits_for_one_of_the_large_one(
    database_url: str, tmp_path: Path
) -> None:
    """Whichever database: turns are counted here, not seconds."""
    rig = VisionRig(tmp_path, db=Database(database_url))
    hog = queue_many(rig.db, rig.store)
    small = rig.send([{"id": f"p{n}"} for n in range(ROWS)], chunk_rows=1)
    pieces = ROWS + 2  # its plan, its chunks, its end
    turns = 0
    while rig.job(small).state != State.SUCCEEDED:
        assert rig.loop.once()
        turns += 1
        assert turns <= 2 * pieces
    assert done_of(rig.db, hog) == turns - pieces
    rig.close()
