"""Sending messages: Celery by name, after the commit, on a thread of its own.

No request waits for the broker. A message that cannot be sent is dropped: its row is overdue soon
and a keeper sends it again.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from typing import Any

from celery import Celery
from kombu.entity import Exchange
from kombu.entity import Queue as KombuQueue

from shared import topology
from shared.messages import Message

log = logging.getLogger(__name__)

# Beyond so many unsent messages the broker is away; the rows are the truth.
MAX_UNSENT = 10_000


def make_celery(broker_url: str, name: str, queues: list[topology.Queue] | None = None) -> Celery:
    """The Celery app of a producer, or of a worker that consumes `queues`."""
    app = Celery(name, broker=broker_url, set_as_current=False)
    amqp = broker_url.startswith("amqp")
    app.conf.update(
        task_queues=[kombu_queue(q.name, amqp=amqp) for q in queues or list(topology.QUEUES)],
        task_create_missing_queues=False,
        task_default_queue=topology.BULK.name,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_store_errors_even_if_ignored=False,
        task_publish_retry=False,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_soft_shutdown_timeout=topology.SOFT_SHUTDOWN_S,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport_options(amqp),
        broker_heartbeat=10 if amqp else 0,
    )
    return app


def _transport_options(amqp: bool) -> dict[str, Any]:
    if amqp:
        return {
            "confirm_publish": True,
            "connect_timeout": topology.CONNECT_TIMEOUT_S,
            "read_timeout": topology.SOCKET_TIMEOUT_S * 5,
            "write_timeout": topology.SOCKET_TIMEOUT_S * 5,
            "max_retries": 1,
        }
    return {
        "visibility_timeout": topology.VISIBILITY_S,
        "unacked_restore_interval": topology.RESTORE_INTERVAL_S,
        "unacked_restore_throttle": topology.RESTORE_INTERVAL_S,
        "socket_timeout": topology.SOCKET_TIMEOUT_S * 5,  # above the BRPOP of a consumer
        "socket_connect_timeout": topology.CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "health_check_interval": topology.HEALTH_CHECK_S,
        "queue_order_strategy": "priority",
        "max_retries": 1,
    }


def kombu_queue(name: str, *, amqp: bool) -> KombuQueue:
    arguments: dict[str, Any] | None = None
    if amqp:
        arguments = {"x-queue-type": "quorum", "x-delivery-limit": topology.QUORUM_DELIVERY_LIMIT}
    return KombuQueue(
        name, Exchange(name, type="direct"), routing_key=name, durable=True, queue_arguments=arguments
    )


class Dispatcher:
    """`send` returns at once; a daemon thread publishes."""

    def __init__(self, broker_url: str) -> None:
        self._amqp = broker_url.startswith("amqp")
        self._app = make_celery(broker_url, "tusou.dispatch")
        self._unsent: queue.Queue[tuple[str, str, dict[str, Any]] | None] = queue.Queue(MAX_UNSENT)
        self._thread = threading.Thread(target=self._publish, name="dispatch", daemon=True)
        self._thread.start()
        self.healthy = True

    def send(self, task: topology.Task, message: Message, *, group: str | None = None) -> None:
        """Raises ValueError for what the topology does not declare; dropped when the broker is away."""
        target = topology.index_queue(group) if group is not None else task.queue
        if target is None or task.name not in topology.TASKS or not topology.declared(target.name):
            raise ValueError(f"task {task.name} has no queue in the topology: {target}")
        try:
            self._unsent.put_nowait((task.name, target.name, message.to_wire()))
        except queue.Full:
            log.warning("message dropped; a keeper sends it again", extra={"task": task.name})

    def ready(self, queue_name: str) -> int:
        """Messages ready in a queue. Raises kombu's or redis' errors when the broker is away."""
        with self._app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=topology.CONNECT_TIMEOUT_S)
            # Not passive: on Redis an empty queue does not exist, on RabbitMQ declaring it again is harmless.
            bound = kombu_queue(queue_name, amqp=self._amqp)(connection.default_channel)
            return int(bound.queue_declare().message_count)

    def close(self, timeout: float = 2.0) -> None:
        self._unsent.put(None)
        self._thread.join(timeout)

    def _publish(self) -> None:
        outbox: _Outbox | None = None
        while (item := self._unsent.get()) is not None:
            try:
                outbox = outbox or _Outbox(self._app, amqp=self._amqp)
                outbox.send(*item)
                self.healthy = True
            except Exception as error:
                self.healthy = False
                log.warning("publish failed; a keeper sends it again: %s", error, extra={"task": item[0]})
                if outbox:
                    outbox.close()
                outbox = None
        if outbox:
            outbox.close()


class _Outbox:
    """One connection and its declared queues: a producer from Celery's pool costs twice as much a message."""

    def __init__(self, app: Celery, *, amqp: bool) -> None:
        self._app = app
        self._amqp = amqp
        self._connection = app.connection_for_write()
        self._connection.ensure_connection(max_retries=1, timeout=topology.CONNECT_TIMEOUT_S)
        self._producer = app.amqp.Producer(self._connection, auto_declare=False)
        self._queues: dict[str, KombuQueue] = {}

    def send(self, task: str, queue_name: str, wire: dict[str, Any]) -> None:
        if queue_name not in self._queues:
            declared = kombu_queue(queue_name, amqp=self._amqp)
            declared(self._producer.channel).declare()
            self._queues[queue_name] = declared
        self._app.send_task(
            task,
            args=[wire],
            queue=self._queues[queue_name],
            declare=(),
            producer=self._producer,
            retry=False,
        )

    def close(self) -> None:
        with contextlib.suppress(Exception):  # it broke: whatever closing says, it is gone
            self._connection.close()
