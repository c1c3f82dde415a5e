"""Fixtures that hand a test its real servers. With pytest-xdist each worker has servers of its own.

The session's servers are shared: a test that kills, freezes or fills one starts its own with `running`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from selenium.webdriver import Chrome

from tests.servers.absent import NotInstalled, missing
from tests.servers.chromium import find_chromium, open_browser
from tests.servers.minio import MinIO
from tests.servers.postgres import DebianPostgres, Postgres, WheelPostgres
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.redis import Redis
from tests.servers.running import running
from tests.servers.valkey import Valkey

# pytorch-metric-learning imports it, and it patches FAISS for the whole process. A trainer has none beside
# it; a process of tests does.
sys.modules.setdefault("faiss.contrib.torch_utils", ModuleType("faiss.contrib.torch_utils"))


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    with running(Valkey) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    with running(Redis) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[WheelPostgres]:
    with running(WheelPostgres) as server:
        yield server


@pytest.fixture(scope="session")
def debian_postgres() -> Iterator[DebianPostgres]:
    with running(DebianPostgres) as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    with running(RabbitMQ) as server:
        yield server


@pytest.fixture(scope="session")
def minio() -> Iterator[MinIO]:
    with running(MinIO) as server:
        yield server


@contextmanager
def new_database(server: Postgres) -> Iterator[str]:
    name = server.create_database()
    yield server.database_url(name)
    server.drop_database(name)


@pytest.fixture
def postgres_url(postgres: WheelPostgres) -> Iterator[str]:
    """A new, empty database on the wheel's PostgreSQL."""
    with new_database(postgres) as url:
        yield url


@pytest.fixture
def debian_postgres_url(debian_postgres: DebianPostgres) -> Iterator[str]:
    """A new, empty database on Debian's PostgreSQL."""
    with new_database(debian_postgres) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new, empty database of each kind that Tusou runs on."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tusou.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def minio_url(minio: MinIO) -> str:
    """A new, empty bucket."""
    return minio.bucket_url(minio.create_bucket())


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """Headless Chromium that reaches this machine only."""
    try:
        chromium = find_chromium()
    except NotInstalled as absent:
        missing(absent.name, absent.reason)
    with open_browser(chromium, tmp_path / "profile") as chrome:
        yield chrome
