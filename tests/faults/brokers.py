"""A look into a broker from outside: what waits in a queue, taken out, lost, or put in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kombu import Connection

from shared.broker import kombu_queue
from tests.deployment import until

FILLED_WITHIN_S = 30.0


@contextmanager
def queue_of(url: str, name: str) -> Iterator[Any]:
    """The queue, declared, on a connection of its own."""
    with Connection(url) as connection:
        queue = kombu_queue(name, amqp=url.startswith("amqp"))(connection.default_channel)
        queue.declare()
        yield queue


def lose(url: str, *names: str) -> None:
    """All that waits in these queues."""
    for name in names:
        with queue_of(url, name) as queue:
            queue.purge()


def take_all(url: str, name: str) -> list[dict[str, Any]]:
    """Our messages that wait there, in order; nobody else gets them any more."""
    taken = []
    with queue_of(url, name) as queue:
        while (message := queue.get()) is not None:
            args, _, _ = message.payload  # as Celery packs a task
            taken.append(args[0])
            message.ack()
    return taken


def fill(url: str, name: str, messages: int) -> None:
    """As many of nobody's messages, into an empty queue.

    RabbitMQ keeps them with the channel until the queue has taken them: closed earlier, it would lose some.
    """
    with queue_of(url, name) as queue:
        producer = queue.channel.connection.client.Producer(queue.channel)
        for _ in range(messages):
            producer.publish({"v": 1}, exchange=queue.exchange, routing_key=queue.name)
        until(
            lambda: queue.queue_declare(passive=True).message_count == messages,
            within=FILLED_WITHIN_S,
            what=f"{messages} messages",
        )
