"""Sending messages: after the commit, on a thread of its own, so that no request waits for the broker.

A message that cannot be sent waits until the broker is back. What is lost all the same (this process ends,
the broker forgets) is sent again by a keeper: its row is overdue soon.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from typing import Any

from shared import topology
from shared.broker import BROKER_ERRORS, Outbox, make_celery
from shared.errors import Unavailable
from shared.messages import Message

log = logging.getLogger(__name__)

# Beyond so many unsent messages the broker is away; the rows are the truth.
MAX_UNSENT = 10_000
# How often a silent dispatcher asks the broker for a sign of life, and one whose message failed tries again.
LOOK_EVERY_S = 0.25
# A broker that keeps us waiting for so long does not work: admission must not take its silence for a queue.
SLOW_S = 0.5

Letter = tuple[str, str, dict[str, Any]]  # task, queue, message


class Dispatcher:
    """`send` returns at once; a daemon thread publishes."""

    def __init__(self, broker_url: str) -> None:
        self._amqp = broker_url.startswith("amqp")
        self._app = make_celery(broker_url, "tusou.dispatch")
        self._unsent: queue.Queue[Letter] = queue.Queue(MAX_UNSENT)
        self._outbox: Outbox | None = None
        self._failing = False
        self._began: float | None = None  # when we turned to the broker and have not heard yet
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._publish, name="dispatch", daemon=True)
        self._thread.start()

    @property
    def healthy(self) -> bool:
        """Whether messages leave: the last one did, and the broker does not keep us waiting now."""
        began = self._began
        return not self._failing and (began is None or time.monotonic() - began < SLOW_S)

    def send(self, task: topology.Task, message: Message, *, group: str | None = None) -> None:
        """Raises ValueError for what the topology does not declare; dropped when too many wait already."""
        target = topology.index_queue(group) if group is not None else task.queue
        if target is None or task.name not in topology.TASKS or not topology.declared(target.name):
            raise ValueError(f"task {task.name} has no queue in the topology: {target}")
        try:
            self._unsent.put_nowait((task.name, target.name, message.to_wire()))
        except queue.Full:
            log.warning("message dropped; a keeper sends it again", extra={"task": task.name})

    def ready(self, queue_name: str) -> int:
        """Messages ready in a queue. Raises Unavailable when the broker is away."""
        try:
            outbox = Outbox(self._app, amqp=self._amqp)
            try:
                return outbox.ready(queue_name)
            finally:
                outbox.close()
        except BROKER_ERRORS as error:
            raise Unavailable(f"the broker does not answer: {error}", code="broker_unavailable") from error

    def close(self, timeout: float = 2.0) -> None:
        """What waits is sent, unless the broker is away."""
        self._closed.set()
        self._thread.join(timeout)

    def _publish(self) -> None:
        while (letter := self._next()) is not None:
            while not self._reach(letter) and not self._closed.wait(LOOK_EVERY_S):
                pass
        if self._outbox:
            self._outbox.close()

    def _next(self) -> Letter | None:
        """The next message; while there is none, the broker is asked for a sign of life. None: closed."""
        while not (self._closed.is_set() and self._failing):
            try:
                return self._unsent.get(timeout=LOOK_EVERY_S)
            except queue.Empty:
                if self._closed.is_set():
                    break
                self._reach(None)
        return None

    def _reach(self, letter: Letter | None) -> bool:
        """Send a message, or without one only see whether the broker answers; false when it does not."""
        self._began = time.monotonic()
        try:
            self._outbox = self._outbox or Outbox(self._app, amqp=self._amqp)
            if letter is None:
                self._outbox.ready(topology.BULK_QUEUE.name)
            else:
                self._outbox.send(*letter)
        except BROKER_ERRORS as error:
            self._fail(error)
        except Exception:
            # Not the broker's fault, and it would fail again: those behind it must not wait for it.
            log.exception("message dropped; a keeper sends it again")
        else:
            self._failing = False
        finally:
            self._began = None
        return not self._failing

    def _fail(self, error: Exception) -> None:
        if not self._failing:
            log.warning("the broker does not answer; messages wait: %s", error)
        self._failing = True
        if self._outbox:
            self._outbox.close()
        self._outbox = None
