"""What a backup holds while it runs, as leased rows of `rounds`: its own turn, and the keepers' removal.

One backup of a deployment runs at a time, as another one's pruning would take what this one relies on. And
while the objects of a dump are copied, keepers remove none: that is the backup window. A backup that dies
lets go of both when its lease ends.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from sqlalchemy import update

from shared.db import round_lease
from shared.db.engine import Database, now
from shared.db.tables import rounds
from shared.errors import Conflict
from shared.runtime.loop import Repeating

LEASE_S = 60.0
RENEW_EVERY_S = 15.0
# What has to be erased is not kept from it for longer, however slow the backup is.
WINDOW_AT_MOST_S = 3600.0

TURN = "backup"


class Hold:
    """`holder` names this process. Entered, it has the turn; `begin_window` keeps removal still, too."""

    def __init__(self, db: Database, holder: str) -> None:
        self._db = db
        self._holder = f"backup {holder}"
        self._window_began: float | None = None
        self._renewing = Repeating("backup hold", self._renew, RENEW_EVERY_S)

    def __enter__(self) -> Self:
        """Raises Conflict when another backup runs."""
        if not self._take(TURN):
            raise Conflict("another backup of this deployment is running")
        self._renewing.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._renewing.stop(RENEW_EVERY_S)
        with self._db.write() as c:
            c.execute(update(rounds).where(rounds.c.holder == self._holder).values(lease_until=now()))

    def begin_window(self) -> None:
        """The keeper that has the removal round notices within seconds; until then it goes on."""
        self._window_began = time.monotonic()
        self._take(round_lease.REMOVAL, by_force=True)

    def check(self) -> None:
        """Raises Conflict when the turn was lost: the database was away for longer than the lease."""
        if not self._take(TURN):
            raise Conflict("another backup began while this one could not renew its lease; run it again")

    def _renew(self) -> None:
        self._take(TURN)
        began = self._window_began
        if began is not None and time.monotonic() - began < WINDOW_AT_MOST_S:
            self._take(round_lease.REMOVAL)

    def _take(self, name: str, *, by_force: bool = False) -> bool:
        return round_lease.take(self._db, name, self._holder, seconds=LEASE_S, by_force=by_force)
