"""Lives of an index worker, one after the other, over what a shop writes meanwhile."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

from tests.faults.truth import MODEL, Truth, held_by
from tests.index_rig import unit

MOST_WRITES = 6  # between two lives
PRODUCTS = 40
DELETES = 0.3  # of the writes


@dataclass
class History:
    """What was written and acknowledged: {product: the seed of its vector}. One seed, one history."""

    chance: random.Random
    holds: dict[str, int] = field(default_factory=dict)
    written: int = 0

    def next_writes(self) -> list[tuple[str, int | None]]:
        """(product, seed of its vector, or None to delete it)."""
        writes: list[tuple[str, int | None]] = []
        for _ in range(self.chance.randint(1, MOST_WRITES)):
            self.written += 1
            if self.holds and self.chance.random() < DELETES:
                product_id = self.chance.choice(sorted(self.holds))
                del self.holds[product_id]
                writes.append((product_id, None))
            else:
                product_id = f"p{self.chance.randrange(PRODUCTS)}"
                self.holds[product_id] = self.written
                writes.append((product_id, self.written))
        return writes


def write(truth: Truth, writes: list[tuple[str, int | None]]) -> None:
    rig = truth.rig()
    for product_id, seed in writes:
        if seed is None:
            rig.delete(product_id)
        else:
            rig.put(product_id, unit(seed, MODEL.dim))


def stand_again(truth: Truth, holds: dict[str, int]) -> float:
    """The seconds that the successor took until it served what the shop holds, and nothing else."""
    truth.lapse()
    began = time.monotonic()
    worker = truth.index_worker()
    worker.catch_up()
    took = time.monotonic() - began
    found = held_by(worker)
    assert {product_id for product_id, _ in found} == holds.keys()
    assert worker.rows() == found.total() == len(holds), "each stands once"
    for product_id, seed in list(holds.items())[-3:]:
        assert worker.find(unit(seed, MODEL.dim))[0] == product_id, "as it was written last"
    return took


def live(truth: Truth) -> None:
    """Follow, seal every shard, and go over to the snapshots."""
    worker = truth.index_worker()
    worker.catch_up()
    worker.seal()
    worker.catch_up()
