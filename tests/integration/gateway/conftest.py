"""Gateways of one test. What they answered is compared with their OpenAPI document when the test ends."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.gateway.http.server import Server
from shared.db import schema
from shared.db.engine import Database
from tests.gateway_rig import NOWHERE, Gateway
from tests.integration.gateway.raw_http import TIMEOUT_S, Answer, Client, head

Open = Callable[..., Gateway]


@dataclass(frozen=True)
class Running:
    """A gateway behind its real HTTP server, on a port of its own."""

    gateway: Gateway
    server: Server
    thread: threading.Thread

    def client(self) -> Client:
        return Client(self.server.port)

    def get(self, path: str = "/healthz") -> Answer:
        client = self.client()
        client.send(head(f"GET {path}"))
        answer = client.answer()
        client.close()
        return answer


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database, migrated once for all tests."""
    path = tmp_path_factory.mktemp("migrated") / "tusou.db"
    db = Database(f"sqlite:///{path}")
    schema.migrate(db)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return path


@pytest.fixture
def open_gateway(tmp_path: Path, migrated: Path) -> Iterator[Open]:
    """Opens gateways with settings of a test's own, on one SQLite database unless `url` names another."""
    opened: list[Gateway] = []
    copy = tmp_path / "tusou.db"
    shutil.copy(migrated, copy)

    def open_one(url: str = f"sqlite:///{copy}", **settings: Any) -> Gateway:
        gateway = Gateway(url, **{"redis_url": NOWHERE, **settings})
        opened.append(gateway)
        return gateway

    yield open_one
    for gateway in opened:
        gateway.close()
        assert gateway.undocumented == []


@pytest.fixture
def gateway(open_gateway: Open) -> Gateway:
    """A gateway with default settings on SQLite."""
    return open_gateway()


@pytest.fixture
def gateway_anywhere(open_gateway: Open, database_url: str) -> Gateway:
    """The same on SQLite and on PostgreSQL."""
    return open_gateway(database_url)


@pytest.fixture
def running(open_gateway: Open) -> Iterator[Running]:
    """Limits are 100 kB for photos and 200 kB for manifests."""
    gateway = open_gateway(port=0, max_image_bytes=100_000, max_manifest_bytes=200_000)
    gateway.make_catalog()
    server = Server(gateway.app, gateway.settings)
    thread = threading.Thread(target=server.run, args=(gateway.deps.waiters.close,))
    thread.start()
    yield Running(gateway, server, thread)
    server.stop()
    thread.join(TIMEOUT_S)
    assert not thread.is_alive()
