"""Who serves now: vision workers and index workers that were seen a moment ago."""

from __future__ import annotations

from sqlalchemy import and_

from shared.db.engine import now
from shared.db.tables import replicas, workers

# A vision worker beats every 5 s, an index worker every 2 s.
SEEN_WITHIN_S = 15

VISION_ALIVE = and_(workers.c.kind == "vision", workers.c.seen_at > now() - SEEN_WITHIN_S)
REPLICA_ALIVE = replicas.c.seen_at > now() - SEEN_WITHIN_S
