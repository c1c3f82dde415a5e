"""One UPDATE every few seconds renews all claims of this process and says that it lives."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any

from shared.db.engine import Database
from shared.errors import Unavailable
from shared.jobs import claims
from shared.settings import Settings

log = logging.getLogger(__name__)


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
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self.beat()
        self._thread.start()

    def stop(self) -> None:
        """Stop beating, and hand back what is still claimed: never counted as a loss."""
        self._stopped.set()
        self._thread.join(self._settings.heartbeat)
        with contextlib.suppress(Unavailable), self._db.write() as c:  # else it comes back by its lease
            claims.hand_back_all(c, self._settings.process)

    def beat(self) -> None:
        claims.renew(
            self._db,
            self._settings.process,
            self._kind,
            lease=self._settings.lease,
            job_limit=self._settings.search_task_limit,
            chunk_limit=self._settings.chunk_task_limit,
            fingerprint=self._fingerprint,
            stats=self._stats(),
        )

    def _run(self) -> None:
        while not self._stopped.wait(self._settings.heartbeat):
            try:
                self.beat()
            except Unavailable as error:
                log.warning("no heartbeat: %s", error.detail)
            except Exception:  # without it every claim of this process would lapse
                log.exception("heartbeat stumbled")
