"""The crash harness: real processes over real servers, a shop that goes on, strikes by a seed, a reckoning.

`soak` is the whole of it: for tests (tests/faults/test_soak.py), and for hours (tests/faults/soak.py).
"""

from __future__ import annotations

import heapq
import logging
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.deployment import until
from tests.faults.armed import disarm, noted
from tests.faults.fleet import Fleet, Member, fleet
from tests.faults.journal import Journal
from tests.faults.reckoning import Reckoning
from tests.faults.schedule import How, Strike, schedule
from tests.faults.stacks import STACKS, Servers
from tests.faults.till import Till
from tests.faults.traffic import Searcher, Writer, under_way
from tests.servers.server import Server

log = logging.getLogger(__name__)

SHARDS = 2
# Much happens in little time: shards are sealed after a few entries, and imports have several chunks.
SETTINGS = {
    "TUSOU_CHUNK_ROWS": "4",
    "TUSOU_SEAL_ENTRIES": "12",
    "TUSOU_SEAL_ROWS": "30",
    "TUSOU_SEAL_AFTER": "4",
    "TUSOU_MAX_QUEUE_WAIT": "30",
}
READY_WITHIN_S = 90.0
LOOK_EVERY_S = 0.05
SERVER_READY_WITHIN_S = 180.0  # on a machine that starts much else


@dataclass(frozen=True)
class Soak:
    """What is run; the same values give the same strikes and the same writes."""

    seed: int
    seconds: float
    stack: str = "embedded"
    every_s: float = 4.0  # between strikes, on average
    writers: int = 2
    searchers: int = 1
    pause_s: float = 0.3  # of a writer or searcher between two requests


@dataclass
class Outcome:
    """The four lists, and what was done to come to them."""

    seed: int
    stack: str
    minutes: float
    operations: int = 0
    kills: int = 0
    strikes: dict[str, int] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    unasked: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    phantom: list[str] = field(default_factory=list)
    duplicate: list[str] = field(default_factory=list)
    malformed: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)

    FAULTS = ("missing", "phantom", "duplicate", "malformed", "unfinished")

    @property
    def good(self) -> bool:
        return not any(getattr(self, name) for name in self.FAULTS)

    def counts(self) -> dict[str, Any]:
        return {**asdict(self), **{name: len(getattr(self, name)) for name in self.FAULTS}}


def soak(what: Soak, home: Path) -> Outcome:
    """Run it in the folder `home`, which keeps the logs of every process."""
    with (
        STACKS[what.stack]() as servers,
        fleet(home, {**SETTINGS, **servers.env}, vision=2, indexer=2) as whole,
    ):
        return _Run(what, whole, servers).run()


class _Run:
    def __init__(self, what: Soak, whole: Fleet, servers: Servers) -> None:
        self._what = what
        self._fleet = whole
        self._members = {member.name: member for member in whole.members}
        self._servers = servers.named()
        for server in self._servers.values():
            server.ready_within_s = SERVER_READY_WITHIN_S  # type: ignore[misc] # more patient than a test
        self._journal = Journal()
        self._till = Till(whole.url, self._journal)
        self._outcome = Outcome(what.seed, what.stack, round(what.seconds / 60, 2))
        self._strikes: Counter[str] = Counter()
        self._down: set[str] = set()  # struck, and not yet back

    def run(self) -> Outcome:
        self._till.until_taken("PUT", "/v1/catalogs/default", json={"shards": SHARDS})
        with under_way(self._actors(), self._journal, pause_s=self._what.pause_s):
            self._strike_all()
            disarm(self._fleet.killed_at)  # from here on nobody is there to start again who ends
            # While the shop goes on: a write that waits to be acknowledged needs everybody.
            self._fleet_is_whole()
        self._reckon()
        self._till.close()
        return self._told()

    def _actors(self) -> list[Writer | Searcher]:
        seed, till, journal = self._what.seed, self._till, self._journal
        folder = self._fleet.data_folder
        writers = [Writer(n, seed, till, journal, folder) for n in range(self._what.writers)]
        return [*writers, *(Searcher(n, seed, till, journal) for n in range(self._what.searchers))]

    def _strike_all(self) -> None:
        """Each strike at its time, and its end; who ends otherwise is started again, as a platform would."""
        strikes = schedule(
            self._what.seed,
            seconds=self._what.seconds,
            every_s=self._what.every_s,
            processes=list(self._members),
            servers=list(self._servers),
        )
        began = time.monotonic()
        waiting: list[tuple[float, int, Any]] = [
            (strike.at_s, n, partial(self._strike, strike)) for n, strike in enumerate(strikes)
        ]
        heapq.heapify(waiting)
        while waiting or time.monotonic() - began < self._what.seconds:
            self._revive()
            if waiting and waiting[0][0] <= time.monotonic() - began:
                _, n, act = heapq.heappop(waiting)
                after = act()
                if after is not None:
                    for_s, restore = after
                    heapq.heappush(waiting, (time.monotonic() - began + for_s, n, restore))
            else:
                time.sleep(LOOK_EVERY_S)

    def _strike(self, strike: Strike) -> tuple[float, Any] | None:
        """Returns when and how the victim comes back; None where it is down already, or not yet up.

        On a machine that needs a minute to start a process, strikes would otherwise leave nobody to serve.
        Deaths while starting are what the armed ones die.
        """
        victim: Member | Server = self._members.get(strike.victim) or self._servers[strike.victim]
        if strike.victim in self._down or (isinstance(victim, Member) and not victim.serves):
            return None
        self._strikes[f"{strike.how} {strike.victim.partition('-')[0]}"] += 1
        log.info("%s %s for %.1f s", strike.how, strike.victim, strike.for_s)
        self._down.add(strike.victim)
        if isinstance(victim, Member):
            victim.signal(
                {How.KILL: signal.SIGKILL, How.PAUSE: signal.SIGSTOP, How.TERM: signal.SIGTERM}[strike.how]
            )
        elif strike.how is How.PAUSE:
            victim.freeze()
        else:
            victim.kill()
        return strike.for_s, partial(self._restore, strike, victim)

    def _restore(self, strike: Strike, victim: Member | Server) -> None:
        self._down.discard(strike.victim)
        if strike.how is How.PAUSE:
            victim.signal(signal.SIGCONT) if isinstance(victim, Member) else victim.thaw()
            return
        if isinstance(victim, Server):
            victim.start()
            return
        code = self._ended(victim)
        # By the signal itself: it was told before it listened.
        if strike.how is How.TERM and code not in (os.EX_OK, -signal.SIGTERM, -signal.SIGKILL):
            self._outcome.unasked.append(f"{victim.name} told to stop ended with {code}")
        victim.start(strike.arm)

    def _ended(self, victim: Member) -> int:
        """Its exit status; a platform kills what does not stop in time."""
        try:
            return victim.wait()
        except subprocess.TimeoutExpired:
            self._outcome.unasked.append(f"{victim.name} did not stop: {victim.said()[-300:]}")
            victim.kill()
            return victim.wait()

    def _revive(self) -> None:
        for name, member in self._members.items():
            if name not in self._down and member.status is not None:
                if member.status != -signal.SIGKILL:
                    self._outcome.unasked.append(f"{name} ended with {member.status}: {member.said()[-300:]}")
                member.start()

    def _fleet_is_whole(self) -> None:
        def whole() -> bool:
            self._revive()
            return all(member.runs for member in self._members.values()) and (
                self._fleet.readiness().get("status") == "ready"
            )

        until(whole, within=READY_WITHIN_S, what="a whole fleet")

    def _reckon(self) -> None:
        """Quiet: nobody writes, every process lives, and none is armed any more."""
        self._fleet_is_whole()
        reckoning = Reckoning(self._till, self._journal)
        reckoning.jobs()
        reckoning.products()
        reckoning.rows()
        reckoning.not_found()
        for member in self._fleet.of("indexer"):
            with self._alone(member):
                reckoning.found()
        self._outcome.unfinished = reckoning.unfinished
        self._outcome.ends = dict(sorted(reckoning.ends.items()))
        self._outcome.points = dict(sorted(Counter(noted(self._fleet.killed_at)).items()))

    @contextmanager
    def _alone(self, member: Member) -> Iterator[None]:
        """The only index worker of its group; the others stop, and start again from snapshot and log."""
        others = [other for other in self._fleet.of("indexer") if other is not member]
        for other in others:
            other.signal(signal.SIGTERM)
            other.wait()
        yield
        for other in others:
            other.start()
        self._fleet.wait_ready()

    def _told(self) -> Outcome:
        outcome, journal = self._outcome, self._journal
        outcome.operations = journal.operations
        outcome.strikes = dict(sorted(self._strikes.items()))
        outcome.kills = sum(n for how, n in self._strikes.items() if how.startswith("kill")) + sum(
            outcome.points.values()
        )
        for name in ("missing", "phantom", "duplicate", "malformed"):
            setattr(outcome, name, getattr(journal, name))
        return outcome
