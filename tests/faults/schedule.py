"""What happens to whom and when in a soak, decided by its seed alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.points import PROCESSES, kill_points, story_of

# A server is struck so much less often than one of our processes: the same fault over and over finds little.
SERVER_WEIGHT = 0.3
ARMED_SHARE = 0.6
# Up to the n-th time a point is reached: some are reached once in a life, some with every request.
MOST_TIMES = 3


class How(StrEnum):
    KILL = "kill"  # SIGKILL, started again after `for_s`
    PAUSE = "pause"  # SIGSTOP, and SIGCONT after `for_s`
    TERM = "term"  # SIGTERM, started again after `for_s` or when it has ended


@dataclass(frozen=True)
class Strike:
    """`victim` is a process's or a server's name; `arm` the kill point of a process's next life."""

    at_s: float
    victim: str
    how: How
    for_s: float
    arm: str | None = None


def schedule(
    seed: int, *, seconds: float, every_s: float, processes: Sequence[str], servers: Sequence[str]
) -> list[Strike]:
    """Strikes at random moments, `every_s` apart on average; the same seed gives the same ones."""
    chance = random.Random(seed)
    victims = [*processes, *servers]
    weights = [1.0] * len(processes) + [SERVER_WEIGHT] * len(servers)
    strikes: list[Strike] = []
    at_s = chance.expovariate(1 / every_s)
    while at_s < seconds:
        victim = chance.choices(victims, weights)[0]
        how = chance.choices(list(How), (0.6, 0.2, 0.2))[0]
        if victim in servers and how is How.TERM:
            how = How.KILL
        # Pauses shorter and longer than the lease (2 s here); a server that is away stops everything.
        for_s = chance.uniform(0.2, 6.0 if how is How.PAUSE and victim not in servers else 1.5)
        strikes.append(Strike(at_s, victim, how, for_s, _arm(chance, victim)))
        at_s += chance.expovariate(1 / every_s)
    return strikes


def _arm(chance: random.Random, victim: str) -> str | None:
    kind = victim.partition("-")[0]
    points = [point for point in kill_points() if PROCESSES[story_of(point)] == kind]
    if not points or chance.random() > ARMED_SHARE:
        return None
    return f"{chance.choice(points)}:{chance.randint(1, MOST_TIMES)}"
