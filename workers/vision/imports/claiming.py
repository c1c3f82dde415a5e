"""Which pieces of imports this process works on, and what becomes of a claim that it may hold unknowingly.

A commit whose acknowledgement is lost may have been done. The heartbeat would then keep alive a claim
that nobody works on, until its worker were blamed for it; so it is given back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection

from shared.errors import Unavailable
from shared.jobs import claims
from workers.vision import story
from workers.vision.deps import Vision

log = logging.getLogger(__name__)

T = TypeVar("T")
Piece = tuple[str, int | None]  # an import and one of its chunks; None: its plan or its end


class Claiming:
    """One claim at a time, so that what is not noted here is not worked on."""

    def __init__(self, vision: Vision) -> None:
        self._vision = vision
        self._lock = threading.Lock()
        self._pieces: set[Piece] = set()

    @contextmanager
    def claimed(
        self, job_id: str, take: Callable[[Connection], T | None], chunk_of: Callable[[T], int | None]
    ) -> Iterator[T | None]:
        """What `take` claims, noted until the block ends."""
        with self._lock:
            claim = self._take(job_id, take)
            piece = (job_id, None if claim is None else chunk_of(claim))
            if claim is not None:
                self._pieces.add(piece)
        try:
            yield claim
        finally:
            if claim is not None:
                self._pieces.discard(piece)

    def _take(self, job_id: str, take: Callable[[Connection], T | None]) -> T | None:
        try:
            with self._vision.db.write() as c:
                return take(c)
        except Unavailable as error:
            log.warning("import %s is not claimed: %s", job_id, error.detail)
            story.patiently(self._vision, lambda c: self._hand_back(c, job_id))
            return None

    def _hand_back(self, c: Connection, job_id: str) -> None:
        by = self._vision.settings.process
        pieces = self._pieces.copy()
        if (job_id, None) not in pieces:
            claims.hand_back(c, by, job_id)
        running = [chunk for job, chunk in pieces if job == job_id and chunk is not None]
        claims.hand_back_chunks(c, by, job_id, spare=running)
