"""One beat every few seconds renews all claims of this process and says that it lives."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from shared.db.engine import Database
from shared.errors import Unavailable
from shared.jobs import claims
from shared.jobs.renewal import renew
from shared.runtime.loop import Repeating
from shared.settings import Settings


class Heartbeat:
    """Runs in a daemon thread from `start` to `stop`; `stats` is asked at each beat."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        kind: str,
        *,
        fingerprint: str | None = None,
        stats: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self._db = db
        self._settings = settings
        self._kind = kind
        self._fingerprint = fingerprint
        self._stats = stats
        self._loop = Repeating("heartbeat", self.beat, settings.heartbeat)

    def start(self) -> None:
        """Raises Unavailable."""
        self.beat()
        self._loop.start()

    def stop(self) -> None:
        """Stop beating, and hand back what is still claimed: never counted as a loss."""
        self._loop.stop(self._settings.heartbeat)
        with contextlib.suppress(Unavailable), self._db.write() as c:  # else it comes back by its lease
            claims.hand_back_all(c, self._settings.process)

    def beat(self) -> None:
        renew(
            self._db,
            self._settings.process,
            self._kind,
            lease=self._settings.lease,
            job_limit=self._settings.job_task_limit,
            import_limit=self._settings.import_task_limit,
            fingerprint=self._fingerprint,
            stats=self._stats(),
        )
