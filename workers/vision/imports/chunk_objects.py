"""The objects of one chunk until its append owns them.

An owner row must commit within ten minutes of its object's name (shared/storage/owners.py). Most chunks end
within seconds and own all in their append. A slower one owns meanwhile what it has stored, for a time: what a
lost chunk leaves is removed by the keeper, and the append keeps the rest for good.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from shared.storage import owners
from shared.storage.names import named_at
from shared.storage.port import Stored
from workers.vision.deps import Vision

# Well below the ten minutes, with time for one more image to be fetched and decoded before the next look.
OWN_AFTER_S = owners.OWN_WITHIN_S / 4
# Far longer than a chunk may run (`import_task_limit`).
KEPT_FOR_S = 6 * 3600


class ChunkObjects:
    """Used by the chunk's thread alone."""

    def __init__(self, vision: Vision, tenant: str) -> None:
        self._vision = vision
        self._tenant = tenant
        self._new: list[Stored] = []
        self._owned: set[str] = set()

    def add(self, stored: Iterable[Stored]) -> None:
        self._new += stored

    def own_early(self) -> None:
        """In one transaction, once the oldest of them has waited long enough; most calls do nothing."""
        if not self._new or self._vision.db.clock() < named_at(self._new[0].name) + OWN_AFTER_S:
            return
        with self._vision.db.write() as c:
            owners.own(c, self._tenant, self._new, keep_for=KEPT_FOR_S)
        self._owned |= {item.name for item in self._new}
        self._new = []

    def own(self, c: Connection, wanted: Iterable[Stored]) -> None:
        """In the append: `wanted` are kept for good; of the others none is owned any longer than it is."""
        names = {item.name: item for item in wanted}
        owners.own(c, self._tenant, [item for name, item in names.items() if name not in self._owned])
        owners.keep(c, self._owned & names.keys())
