"""Where a search has to go: the catalog's live index, its groups, and which of them are there."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from shared.db.engine import Database
from shared.index.placement import groups_of, groups_seen, live_index

# A second old is as good as new: a group counts as gone only after five.
REMEMBERED_S = 1.0
MOST_CATALOGS = 10_000


@dataclass(frozen=True)
class Route:
    index_id: str
    fingerprint: str
    groups: dict[str, list[int]]  # {group: its shards}
    seen: frozenset[str]  # groups of which a replica is loaded


class Routes:
    """Routes by (tenant, catalog), asked of the database at most once a second."""

    def __init__(self, db: Database, *, seen_within: float) -> None:
        self._db = db
        self._seen_within = seen_within
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, Route]] = {}

    def of(self, tenant: str, catalog: str) -> Route:
        """Raises NotFound for a catalog that does not exist."""
        key = (tenant, catalog)
        found = self._known.get(key)
        if found is not None and time.monotonic() - found[0] < REMEMBERED_S:
            return found[1]
        asked_at = time.monotonic()
        with self._db.read() as c:
            index = live_index(c, tenant, catalog)
            seen = frozenset(groups_seen(c, self._seen_within))
            route = Route(index.id, index.fingerprint, groups_of(c, index.id), seen)
        with self._lock:
            if len(self._known) >= MOST_CATALOGS:
                self._known.clear()
            self._known[key] = (asked_at, route)
        return route
