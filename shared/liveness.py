"""How long a process that was not seen still counts as there. What asks, and how soon it must know, differs.

A vision worker beats every 5 s (`heartbeat`), an index worker tells of itself every 2 s. Whether a group of
shards is asked for its part of an answer is the setting `replica_seen`: a search waits for it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_

from shared.db.engine import now
from shared.db.tables import replicas, workers

# Three beats: whether anybody serves searches now, for those who ask how things stand.
VISION_SEEN_S = 15
# A worker of a model that restarts is soon back; until then its jobs are kept for it.
MODEL_SERVED_S = 30
# A new catalog may go to a group whose only replica is being restarted.
GROUP_KNOWN_S = 60


def vision_seen(within: float = VISION_SEEN_S) -> ColumnElement[bool]:
    """Of rows of `workers`: vision workers seen within so many seconds."""
    return and_(workers.c.kind == "vision", workers.c.seen_at > now() - within)


def replica_seen(within: float) -> ColumnElement[bool]:
    """Of rows of `replicas`: those seen within so many seconds."""
    seen: ColumnElement[Any] = replicas.c.seen_at > now() - within
    return seen
