"""When each round runs. A round is claimed by a leased row to save work, never for correctness."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from shared.db import round_lease
from shared.kill_points import kill_point
from shared.runtime.loop import Repeating
from workers.keeper.deps import Keeper
from workers.keeper.rounds import (
    erasing,
    expiry,
    lapses,
    placing,
    redispatch,
    removal,
    sealing,
    searches,
    sweep,
)


@dataclass(frozen=True)
class Round:
    name: str
    every_s: float
    run: Callable[[Keeper], None]


ROUNDS = (
    Round("searches", 0.25, searches.run),
    Round(round_lease.REDISPATCH, 1.0, redispatch.run),
    Round("lapses", 1.0, lapses.run),
    Round("sealing", 1.0, sealing.run),
    Round("placing", 5.0, placing.run),
    Round(round_lease.REMOVAL, 2.0, removal.run),
    Round("erasing", 1.0, erasing.run),
    Round("expiry", 30.0, expiry.run),
    Round("sweep", 60.0, sweep.run),
)

# Long enough that one keeper keeps a round, short enough that another takes over soon.
HOLD_S = 10.0
# What a round leaves undone, the next one of any keeper does.
STOP_WITHIN_S = 10.0


class Schedule:
    def __init__(self, keeper: Keeper, all_rounds: tuple[Round, ...] = ROUNDS) -> None:
        self._keeper = keeper
        self._stopped = threading.Event()
        self._held_until: dict[str, float] = {}
        self._loops = [Repeating(r.name, partial(self.turn, r), r.every_s) for r in all_rounds]

    def start(self) -> None:
        for loop in self._loops:
            loop.start(at_once=True)

    def wait(self) -> None:
        """Until `stop`, and then for the rounds that run."""
        self._stopped.wait()
        deadline = time.monotonic() + STOP_WITHIN_S
        for loop in self._loops:
            loop.end()
        for loop in self._loops:
            loop.stop(max(0.0, deadline - time.monotonic()))

    def stop(self) -> None:
        self._stopped.set()

    def alive(self) -> bool:
        return all(loop.alive() for loop in self._loops)

    def turn(self, this: Round) -> None:
        """Run the round if it is ours; another keeper's is left alone."""
        if time.monotonic() >= self._held_until.get(this.name, 0.0) and self._hold(this):
            self._held_until[this.name] = time.monotonic() + HOLD_S / 2
            kill_point("turn.held")
        if time.monotonic() < self._held_until.get(this.name, 0.0):
            this.run(self._keeper)

    def _hold(self, this: Round) -> bool:
        seconds = max(HOLD_S, this.every_s * 2)
        return round_lease.take(self._keeper.db, this.name, self._keeper.settings.process, seconds=seconds)
