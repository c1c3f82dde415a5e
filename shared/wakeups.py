"""Wake-ups through Redis: hints that shorten a wait. All of them may be lost; every waiter polls too."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

import redis

log = logging.getLogger(__name__)

JOB_DONE = "tusou:done"
LOG_GREW = "tusou:log"
MAX_UNSENT = 10_000
AWAY_S = 1.0


def connect(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=2.0, socket_connect_timeout=1.0, socket_keepalive=True, health_check_interval=15
    )


class Notifier:
    """`notify` returns at once; a daemon thread publishes, and drops what it cannot."""

    def __init__(self, url: str) -> None:
        self._client = connect(url)
        self._unsent: queue.Queue[tuple[str, str] | None] = queue.Queue(MAX_UNSENT)
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)
        self._thread.start()

    def job_done(self, job_id: str) -> None:
        self._put((JOB_DONE, job_id))

    def log_grew(self, index_id: str) -> None:
        self._put((LOG_GREW, index_id))

    def close(self) -> None:
        self._unsent.put(None)
        self._thread.join(2.0)
        self._client.close()

    def _put(self, hint: tuple[str, str]) -> None:
        try:
            self._unsent.put_nowait(hint)
        except queue.Full:
            log.debug("hint dropped")

    def _run(self) -> None:
        while (hint := self._unsent.get()) is not None:
            try:
                self._client.publish(*hint)
            except redis.RedisError as error:
                log.debug("hint dropped: %s", error)


class Listener:
    """Calls `on_hint(data)` for each hint on a channel, from a daemon thread; reconnects by itself."""

    def __init__(self, url: str, channel: str, on_hint: Callable[[str], None]) -> None:
        self._client = connect(url)
        self._channel = channel
        self._on_hint = on_hint
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"listen {channel}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._thread.join(2.0)
        self._client.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._client.pubsub(ignore_subscribe_messages=True) as hints:
                    hints.subscribe(self._channel)
                    while not self._stopped.is_set():
                        hint = hints.get_message(timeout=1.0)
                        if hint is not None:
                            self._on_hint(hint["data"].decode())
            except redis.RedisError as error:
                log.debug("no hints: %s", error)
                self._stopped.wait(AWAY_S)
            except Exception:  # of whoever is woken; without this thread nobody would be again
                log.exception("a hint was not taken")
                self._stopped.wait(AWAY_S)
