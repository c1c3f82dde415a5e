"""Running a Celery worker inside this process, on a pool of threads."""

from __future__ import annotations

import logging
import os
import threading
import time
import warnings
from collections.abc import Callable

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import worker_shutting_down

from shared.topology import SOFT_SHUTDOWN_S

log = logging.getLogger(__name__)


def consume(
    app: Celery,
    *,
    threads: int,
    process: str,
    on_stop: Callable[[], None],
    on_cut_off: Callable[[], None] = lambda: None,
) -> None:
    """Consume the app's declared queues until SIGTERM or SIGINT; running tasks are finished first.

    `on_stop` is called at once then. What still runs after SOFT_SHUTDOWN_S is cut off: `on_cut_off` is
    called and the process ends. Threads, because torch and FAISS do not survive a fork.
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
    ending = threading.Thread(target=_end, args=(on_stop, on_cut_off), name="ending", daemon=True)

    def shutting_down(**_: object) -> None:
        if not ending.is_alive():
            ending.start()

    # Celery handles the signals themselves: its warm shutdown lets running tasks finish, for ever.
    worker_shutting_down.connect(shutting_down, weak=False)
    worker.start()


def _end(on_stop: Callable[[], None], on_cut_off: Callable[[], None]) -> None:
    """On a thread of its own: a signal handler may take no lock, and the main thread waits for the tasks."""
    on_stop()
    time.sleep(SOFT_SHUTDOWN_S)
    log.warning("not ended within %g s: cut off", SOFT_SHUTDOWN_S)
    on_cut_off()
    os._exit(os.EX_OK)
