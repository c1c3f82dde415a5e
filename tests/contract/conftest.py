"""A migrated database of each kind, and a shop that a test may damage."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.db import schema
from shared.db.engine import Database
from shared.storage.memory import MemoryStore
from tests.backup_rig import ShopRig
from tests.servers.postgres import WheelPostgres


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    schema.migrate(database)
    yield database
    database.close()


@pytest.fixture(scope="module")
def model_shop(tmp_path_factory: pytest.TempPathFactory) -> ShopRig:
    """Made once; every test damages a copy of it."""
    folder = tmp_path_factory.mktemp("shop")
    shop = ShopRig(f"sqlite:///{folder / 'tusou.db'}", folder)
    shop.fill(shop.worker())
    shop.db.close()
    return shop


@pytest.fixture(scope="module")
def postgres_model(postgres: WheelPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopRig]:
    """The same on PostgreSQL."""
    name = postgres.create_database()
    shop = ShopRig(postgres.database_url(name), tmp_path_factory.mktemp("shop"))
    shop.fill(shop.worker())
    shop.db.close()
    yield shop
    postgres.drop_database(name)


@pytest.fixture(params=["sqlite", "postgres"])
def any_shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ShopRig]:
    """A copy of the shop on each kind of database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("shop")
        return
    model: ShopRig = request.getfixturevalue("postgres_model")
    server: WheelPostgres = request.getfixturevalue("postgres")
    name = server.create_database(like=model.db.url.database)
    store = MemoryStore()
    store.objects = dict(model.store.objects)
    copy = model.over(Database(server.database_url(name)), store)
    copy.folder = tmp_path
    yield copy
    copy.db.close()
    server.drop_database(name)


@pytest.fixture
def shop(model_shop: ShopRig, tmp_path: Path) -> Iterator[ShopRig]:
    for file in model_shop.folder.glob("tusou.db*"):
        shutil.copy(file, tmp_path)
    store = MemoryStore()
    store.objects = dict(model_shop.store.objects)
    copy = model_shop.over(Database(f"sqlite:///{tmp_path / 'tusou.db'}"), store)
    copy.folder = tmp_path
    yield copy
    copy.db.close()
