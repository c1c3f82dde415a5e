"""The servers under a fleet: what `tusou up` brings along, or what production has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.servers.minio import MinIO
from tests.servers.postgres import DebianPostgres, Postgres, WheelPostgres
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.redis import Redis
from tests.servers.running import running
from tests.servers.server import Server
from tests.servers.valkey import Valkey


@dataclass(frozen=True)
class Servers:
    """`env` names them to our processes. Without `database` it is SQLite, without `store` a folder."""

    broker: Redis | RabbitMQ
    redis: Redis
    database: Postgres | None = None
    store: MinIO | None = None
    env: dict[str, str] = field(default_factory=dict)

    def named(self) -> dict[str, Server]:
        """Each server once, by what it is to us."""
        there: dict[str, Server | None] = {
            "broker": self.broker,
            "database": self.database,
            "store": self.store,
            "redis": self.redis if self.redis is not self.broker else None,
        }
        return {name: server for name, server in there.items() if server is not None}


@contextmanager
def embedded() -> Iterator[Servers]:
    """SQLite, a folder, Valkey."""
    with running(Valkey) as broker:
        yield Servers(broker, broker, env={"TUSOU_REDIS_URL": broker.url})


@contextmanager
def wheels() -> Iterator[Servers]:
    """PostgreSQL and Valkey as they come with pip, a folder."""
    with running(WheelPostgres) as database, running(Valkey) as broker:
        env = {"TUSOU_DATABASE_URL": database.url, "TUSOU_REDIS_URL": broker.url}
        yield Servers(broker, broker, database, env=env)


@contextmanager
def production_rabbitmq() -> Iterator[Servers]:
    """PostgreSQL, MinIO, RabbitMQ with quorum queues, Redis."""
    with (
        running(MinIO) as store,
        running(DebianPostgres) as database,
        running(Redis) as redis,
        running(RabbitMQ) as broker,
    ):
        env = {
            "TUSOU_DATABASE_URL": database.url,
            "TUSOU_OBJECT_STORE_URL": store.url,
            "TUSOU_REDIS_URL": redis.url,
            "TUSOU_BROKER_URL": broker.url,
        }
        yield Servers(broker, redis, database, store, env)


@contextmanager
def production() -> Iterator[Servers]:
    """PostgreSQL, MinIO, Redis as the broker."""
    with running(MinIO) as store, running(DebianPostgres) as database, running(Redis) as redis:
        env = {
            "TUSOU_DATABASE_URL": database.url,
            "TUSOU_OBJECT_STORE_URL": store.url,
            "TUSOU_REDIS_URL": redis.url,
        }
        yield Servers(redis, redis, database, store, env)


Stack = Callable[[], "contextmanager[Servers]"]

STACKS = {
    "embedded": embedded,
    "production": production,
    "production-rabbitmq": production_rabbitmq,
    "wheels": wheels,
}
