"""What a client was promised, in the order of acceptance, and what the shop must hold because of it.

The oracle of a soak. Each product has one writer, which sends its next write when the last was acknowledged;
so the order of acceptance is known to the client without asking the server. A photo belongs to one write.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Write:
    """`attributes` None: a delete. `photos` None: they stay. `whole`: attributes not given are cleared."""

    attributes: dict[str, Any] | None
    photos: tuple[int, ...] | None = None
    whole: bool = False


@dataclass(frozen=True)
class Standing:
    """A living product as it must be."""

    attributes: dict[str, Any]
    photos: frozenset[int]


def standing(writes: list[Write]) -> Standing | None:
    """What these writes come to, one after another; None: no product."""
    now: Standing | None = None
    for write in writes:
        if write.attributes is None:
            now = None
            continue
        before = now or Standing({}, frozenset())
        attributes = write.attributes if write.whole else {**before.attributes, **write.attributes}
        now = Standing(attributes, before.photos if write.photos is None else frozenset(write.photos))
    return now


@dataclass
class Journal:
    """Filled by several threads at once. `operations`: searches and writes; each row of an import is one."""

    operations: int = 0
    writes: dict[str, list[Write]] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)  # acknowledged job → kind
    keys: dict[str, str] = field(default_factory=dict)  # Idempotency-Key → job
    photo_of: dict[int, str] = field(default_factory=dict)
    duplicate: list[str] = field(default_factory=list)
    malformed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    phantom: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wrote(self, product_id: str, write: Write) -> None:
        """Acknowledged."""
        with self.lock:
            self.operations += 1
            self.writes.setdefault(product_id, []).append(write)

    def will_show(self, photo: int, product_id: str) -> None:
        """Noted before the write leaves: a search may find it before the writer hears of it."""
        with self.lock:
            self.photo_of[photo] = product_id

    def promised(self, job_id: str, kind: str, key: str | None = None) -> None:
        """A job was acknowledged. One key gives one job, and a job has one kind."""
        with self.lock:
            if kind == "search" and (key is None or key not in self.keys):
                self.operations += 1
            first = self.keys.setdefault(key, job_id) if key is not None else job_id
            if first != job_id:
                self.duplicate.append(f"key {key} gave job {first}, then {job_id}")
            if self.jobs.setdefault(job_id, kind) != kind:
                self.duplicate.append(f"job {job_id} is a {self.jobs[job_id]} and a {kind}")

    def fault(self, kind: str, what: str) -> None:
        with self.lock:
            getattr(self, kind).append(what)

    def living(self) -> dict[str, Standing]:
        found = {product_id: standing(writes) for product_id, writes in self.writes.items()}
        return {product_id: stands for product_id, stands in found.items() if stands is not None}

    def gone(self) -> set[str]:
        return self.writes.keys() - self.living().keys()

    def stale_photos(self) -> set[int]:
        """Photos that were shown once and must not be any more."""
        shown = {photo for stands in self.living().values() for photo in stands.photos}
        return self.photo_of.keys() - shown
