"""Gateways of one test. What they answered is compared with their OpenAPI document when the test ends."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.db import schema
from shared.db.engine import Database
from tests.gateway_rig import NOWHERE, Gateway

Open = Callable[..., Gateway]


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
