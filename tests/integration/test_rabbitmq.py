"""The broker's queues on a real RabbitMQ."""

import time
from collections.abc import Iterator

import pytest

from shared import topology
from shared.broker import Outbox, kombu_queue, make_celery
from tests.servers.rabbitmq import RabbitMQ

APPEARS_WITHIN_S = 10.0


@pytest.fixture
def outbox(rabbitmq: RabbitMQ) -> Iterator[Outbox]:
    opened = Outbox(make_celery(rabbitmq.url, "test"), amqp=True)
    yield opened
    opened.close()


def ready(connection, name: str) -> int:
    return connection.default_channel.queue_declare(name, passive=True).message_count


def test_a_message_that_always_comes_back_ends_in_the_dead_queue(rabbitmq: RabbitMQ, outbox: Outbox) -> None:
    """One whose consumer dies of it must not go round for ever."""
    outbox.send(topology.VISION_SEARCH.name, topology.SEARCH_QUEUE.name, {"v": 1})
    with make_celery(rabbitmq.url, "consumer").connection_for_read() as connection:
        queue = kombu_queue(topology.SEARCH_QUEUE.name, amqp=True)(connection.default_channel)
        until = time.monotonic() + APPEARS_WITHIN_S
        taken = 0
        while not ready(connection, topology.DEAD) and time.monotonic() < until:
            message = queue.get(no_ack=False)
            if message is not None:
                taken += 1
                message.requeue()
        assert ready(connection, topology.DEAD) == 1
        assert outbox.ready(topology.SEARCH_QUEUE.name) == 0
    assert taken > topology.QUORUM_DELIVERY_LIMIT
