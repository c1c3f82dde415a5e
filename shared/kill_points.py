"""Named moments of a story at which a test may end the process, so that each step is hit and not by luck.

Nothing in the product sets `reached`, and no setting or variable of the environment does: a deployment
cannot be armed, by mistake or otherwise; only a process that a test started so is (tests/faults/armed.py).
Unarmed, a point is one call and one comparison: 0.05 µs. Names are `<story>.<what was done last>`, written
out where they are reached: tests/faults/points.py finds them in the source, and a test fails for one that
no test reaches.
"""

from __future__ import annotations

from collections.abc import Callable

reached: Callable[[str], None] | None = None


def kill_point(name: str) -> None:
    if reached is not None:
        reached(name)
