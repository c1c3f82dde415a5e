"""A database that does not answer is said to be away; nobody waits for it without end."""

import fcntl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.db import file_lock, frozen
from shared.db.engine import Database
from shared.errors import Unavailable
from tests.faults.network.link import Link
from tests.servers.postgres import WheelPostgres
from tests.servers.running import running

# Well beyond what any of them is to wait for.
ENDS_WITHIN_S = 15.0


def unavailable(use: Callable[[], None]) -> bool:
    """Whether `use` says in time that the database is away."""
    said: list[str] = []

    def ask() -> None:
        try:
            use()
        except Unavailable as error:
            said.append(error.code)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(ENDS_WITHIN_S)
    return said == ["database_unavailable"]


def write(db: Database) -> None:
    with db.write() as c:
        c.execute(text("SELECT 1"))


def answers(db: Database) -> bool:
    try:
        db.ping()
    except Unavailable:
        return False
    return True


def test_a_frozen_writer_of_another_process_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_lock, "WRITER_WAIT_S", 0.05)
    db = Database(f"sqlite:///{tmp_path / 'tusou.db'}")
    write(db)
    with (tmp_path / "tusou.db.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert unavailable(lambda: write(db))
        db.ping()  # readers need no writer
        fcntl.flock(held, fcntl.LOCK_UN)
        write(db)
    db.close()


def test_a_writer_of_this_process_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_lock, "WRITER_WAIT_S", 0.05)
    db = Database(f"sqlite:///{tmp_path / 'tusou.db'}")
    with db.write():
        assert unavailable(lambda: write(db))
    write(db)
    db.close()


def test_a_frozen_postgres_is_away_for_open_connections_and_for_new_ones() -> None:
    with running(WheelPostgres) as server:
        db = Database(server.database_url(server.create_database()))
        db.ping()
        server.freeze()
        assert unavailable(db.ping)
        assert unavailable(lambda: write(db))
        server.thaw()
        server.wait_until_ready()
        until = time.monotonic() + ENDS_WITHIN_S
        while not answers(db) and time.monotonic() < until:
            time.sleep(0.1)
        db.ping()
        db.close()


@pytest.fixture
def through(postgres: WheelPostgres) -> Iterator[tuple[Link, Database]]:
    """A database, and the link that it is reached by."""
    with Link(postgres.port) as link:
        name = postgres.create_database()
        db = Database(postgres.database_url(name).replace(str(postgres.port), str(link.port)))
        yield link, db
        db.close()
    postgres.drop_database(name)


def test_connections_that_the_server_has_forgotten_are_replaced_at_once(
    through: tuple[Link, Database],
) -> None:
    link, db = through
    with db.read(), db.read(), db.read():
        pass
    with link.half_open():
        began = time.monotonic()
        db.ping()
        assert time.monotonic() - began < ENDS_WITHIN_S
        before = link.connections
        with db.read(), db.read():
            pass
        assert link.connections == before + 2, "each opened anew, and nobody asked for a sign of life"


def test_a_statement_whose_connection_is_forgotten_meanwhile_is_not_waited_for_without_end(
    through: tuple[Link, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen.Watched, "_answer_within", 1.0)
    link, db = through

    def ask_twice() -> None:
        with db.read() as c:
            c.execute(text("SELECT 1"))
            with link.half_open():
                c.execute(text("SELECT 1"))

    assert unavailable(ask_twice)
