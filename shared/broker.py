"""The broker through Celery and kombu: the app of a process, its queues, one connection that publishes."""

from __future__ import annotations

import contextlib
from typing import Any

from amqp.exceptions import AMQPError
from celery import Celery
from kombu.entity import Exchange
from kombu.entity import Queue as KombuQueue
from kombu.exceptions import KombuError
from redis import RedisError

from shared import topology

# What a broker that is away, full or of another mind raises, whichever of the two kinds it is.
BROKER_ERRORS = (OSError, KombuError, RedisError, AMQPError)


def make_celery(broker_url: str, name: str, queues: list[topology.Queue] | None = None) -> Celery:
    """The Celery app of a producer, or of a worker that consumes `queues`."""
    app = Celery(name, broker=broker_url, set_as_current=False)
    amqp = broker_url.startswith("amqp")
    # RabbitMQ says nothing between two messages: a consumer's socket may rest. Redis is asked once a second,
    # and with more patience an acknowledgement on a lost connection would keep the consumer deaf.
    patience_s = topology.SOCKET_TIMEOUT_S * (5 if queues and amqp else 1)
    app.conf.update(
        task_queues=[kombu_queue(q.name, amqp=amqp) for q in queues or list(topology.QUEUES)],
        task_create_missing_queues=False,
        task_default_queue=topology.BULK_QUEUE.name,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_store_errors_even_if_ignored=False,
        task_publish_retry=False,
        worker_prefetch_multiplier=1,
        # It would change the prefetch count with each acknowledgement after a reconnection: RabbitMQ's
        # quorum queues then stopped delivering, and 7 of 20 searches waited for 50 s.
        worker_enable_prefetch_count_reduction=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # A full Redis (`noeviction`) refuses to note a delivery: an error of the channel, of which a worker
        # would end. It connects anew instead, at most five times a second, until there is room.
        broker_channel_error_retry=True,
        broker_transport_options=_transport_options(amqp, patience_s),
        broker_heartbeat=10 if amqp else 0,
    )
    return app


def _transport_options(amqp: bool, patience_s: float) -> dict[str, Any]:
    if amqp:
        return {
            "confirm_publish": True,
            "connect_timeout": topology.CONNECT_TIMEOUT_S,
            "read_timeout": patience_s,
            "write_timeout": patience_s,
            "max_retries": 1,
        }
    return {
        "visibility_timeout": topology.VISIBILITY_S,
        "unacked_restore_interval": topology.RESTORE_INTERVAL_S,
        "unacked_restore_throttle": topology.RESTORE_INTERVAL_S,
        "socket_timeout": patience_s,
        "socket_connect_timeout": topology.CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "health_check_interval": topology.HEALTH_CHECK_S,
        "queue_order_strategy": "priority",
        "max_retries": 1,
    }


def kombu_queue(name: str, *, amqp: bool) -> KombuQueue:
    arguments: dict[str, Any] | None = None
    if amqp:
        arguments = {
            "x-queue-type": "quorum",
            "x-delivery-limit": topology.QUORUM_DELIVERY_LIMIT,
            # The default exchange, which delivers to the queue of that name.
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": topology.DEAD,
        }
    return KombuQueue(
        name, Exchange(name, type="direct"), routing_key=name, durable=True, queue_arguments=arguments
    )


def dead_queue() -> KombuQueue:
    """RabbitMQ's queue of messages that came back too often; when it is full the oldest go."""
    arguments = {"x-queue-type": "quorum", "x-max-length": topology.DEAD_AT_MOST}
    return KombuQueue(topology.DEAD, durable=True, queue_arguments=arguments)


class Outbox:
    """One connection and its declared queues: a producer from Celery's pool costs twice as much a message.

    Every method raises one of BROKER_ERRORS when the broker does not answer; the outbox is of no use then.
    """

    def __init__(self, app: Celery, *, amqp: bool) -> None:
        self._app = app
        self._amqp = amqp
        self._connection = app.connection_for_write()
        self._connection.ensure_connection(max_retries=1, timeout=topology.CONNECT_TIMEOUT_S)
        self._producer = app.amqp.Producer(self._connection, auto_declare=False)
        self._queues: dict[str, KombuQueue] = {}
        if amqp:  # before the first message that could go there
            dead_queue()(self._producer.channel).declare()

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

    def ready(self, queue_name: str) -> int:
        """Messages ready in a queue."""
        # Not passive: on Redis an empty queue does not exist, on RabbitMQ declaring it again is harmless.
        bound = kombu_queue(queue_name, amqp=self._amqp)(self._producer.channel)
        return int(bound.queue_declare().message_count)

    def close(self) -> None:
        with contextlib.suppress(Exception):  # it broke: whatever closing says, it is gone
            self._connection.close()
