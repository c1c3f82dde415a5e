"""Running a Celery worker inside this process, on a pool of threads."""

from __future__ import annotations

import os
import signal
import warnings

from celery import Celery
from celery.platforms import SecurityWarning
from celery.worker import state


def consume(app: Celery, *, threads: int, process: str) -> None:
    """Consume the app's declared queues until SIGTERM or SIGINT; running tasks are finished first.

    Threads, because torch and FAISS do not survive a fork; a watchdog of ours ends a stuck process.
    """
    # It warns of pickle under root; we accept JSON only.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    worker = app.Worker(
        pool="threads",
        concurrency=threads,
        hostname=f"{process}@%h",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=not app.conf.broker_heartbeat,
        loglevel="WARNING",
        quiet=True,
    )
    _stop_on_signals()
    worker.start()


def _stop_on_signals() -> None:
    def stop(*_: object) -> None:
        state.should_stop = os.EX_OK  # Celery's warm shutdown: running tasks are finished

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
