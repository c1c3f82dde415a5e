"""The database: the only file that knows SQLite from PostgreSQL.

Times are seconds since 1970 as floats and come from the database's clock (`now()`), so that leases
and deadlines of different machines compare. Reads run outside transactions; a write is a block
`with db.write() as c`, which on SQLite takes a file lock and then `BEGIN IMMEDIATE` (worst wait of
eight writers: 5.9 s without the file lock, 0.16 s with it).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Double, create_engine, event, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from shared.db.file_lock import WRITER_WAIT_S, FileLock
from shared.db.free_pages import scrub_postgres, scrub_sqlite, table_files
from shared.errors import Unavailable

CONNECT_TIMEOUT_S = 1
STATEMENT_TIMEOUT_S = 10
IDLE_IN_TRANSACTION_S = 5
# For those who read or write all there is: a statement may be long, and so may a pause between two.
PATIENT_S = 600
POOL_WAIT_S = 2.0
CLOCK_READ_EVERY_S = 60.0


class now(FunctionElement[float]):  # noqa: N801 - reads as the SQL function that it is
    """The database's clock, in seconds since 1970."""

    type = Double()
    inherit_cache = True


@compiles(now, "sqlite")
def _now_sqlite(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _now_postgresql(*_: Any, **__: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"


class Database:
    """A pool of connections and the two ways to use it: `read()` and `write()`."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock = FileLock(Path(self.url.database or "")) if self.is_sqlite else None
        self._clock: tuple[float, float] | None = None
        self.engine = _sqlite_engine(url) if self.is_sqlite else _postgres_engine(url, pool_size)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in autocommit: each statement sees what is committed."""
        with _translated(), self.engine.connect() as connection:
            # SQLite connections are in autocommit already (see _on_connect).
            yield connection if self.is_sqlite else connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def moment(self, *, patient: bool = False) -> Iterator[Connection]:
        """Reads that all see what was committed when the first of them began; they hold up no writer."""
        with _translated(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
                if patient:
                    _be_patient(connection)
                yield connection
                return
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def write(self, *, patient: bool = False) -> Iterator[Connection]:
        """One transaction; committed at the end of the block, rolled back if it raises."""
        with _translated():
            if self._lock is None:
                with self.engine.begin() as connection:
                    if patient:
                        _be_patient(connection)
                    yield connection
                return
            with self.engine.connect() as connection, self._lock:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    connection.exec_driver_sql("ROLLBACK")
                    raise
                connection.exec_driver_sql("COMMIT")

    def insert(self, table: Any) -> Any:
        """An INSERT with `on_conflict_do_nothing` / `on_conflict_do_update`."""
        return (sqlite if self.is_sqlite else postgresql).insert(table)

    def clock(self) -> float:
        """The database's time now, extrapolated from a reading at most CLOCK_READ_EVERY_S old.

        For the hour in object names only; leases and deadlines are compared in SQL.
        """
        local = time.monotonic()
        if self._clock is None or local - self._clock[1] > CLOCK_READ_EVERY_S:
            with self.read() as connection:
                self._clock = (connection.execute(select(now())).scalar_one(), time.monotonic())
        read_at, base = self._clock
        return read_at + (time.monotonic() - base)

    def scrub(self, up_to: int) -> dict[str, str]:
        """Leave nothing of deleted rows in the database's files, but for tables of more than `up_to` bytes.

        {table: its file} of those, which keep old bytes as long as `files` tells the same; on SQLite there
        are none. Raises Unavailable: do it again later.
        """
        with _translated(), self.engine.connect() as connection:
            if self._lock is None:
                return scrub_postgres(connection.execution_options(isolation_level="AUTOCOMMIT"), up_to)
            with self._lock:
                scrub_sqlite(connection)
            return {}

    def files(self) -> dict[str, str]:
        """{table: the file that holds it} on PostgreSQL; nothing on SQLite."""
        if self.is_sqlite:
            return {}
        with self.read() as connection:
            return table_files(connection)

    def ping(self) -> None:
        """Raises Unavailable."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()


def _sqlite_engine(url: str) -> Engine:
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        connect_args={"timeout": WRITER_WAIT_S, "check_same_thread": False},
        pool_size=20,
        max_overflow=40,
        pool_timeout=POOL_WAIT_S,
    )

    @event.listens_for(engine, "connect")
    def _on_connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # pysqlite's own BEGIN would be a deferred one
        cursor = dbapi.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # NORMAL survives a killed process, only FULL a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.close()

    return engine


def _postgres_engine(url: str, pool_size: int) -> Engine:
    options = (
        f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_S * 1000}"
        f" -c statement_timeout={STATEMENT_TIMEOUT_S * 1000}"
    )
    # Only those who chose PostgreSQL have its driver (the extra `postgres`).
    from shared.db.frozen import connector

    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=POOL_WAIT_S,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "options": options,
            # A machine that is gone acknowledges nothing; one that is frozen does (shared/db/frozen.py).
            "tcp_user_timeout": int(WRITER_WAIT_S * 1000),
            "keepalives_idle": 2,
            "keepalives_interval": 1,
            "keepalives_count": 2,
        },
    )
    connect = connector()

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, args: list[Any], options: dict[str, Any]) -> Any:
        return connect(*args, **options)

    @event.listens_for(engine, "checkout")
    def _ping(connection: Any, record: Any, _borrowed: Any) -> None:
        if not record.info.setdefault("has_rested", False):
            record.info["has_rested"] = True
            return  # it was opened just now
        try:
            connection.ping()
        except connection.OperationalError as error:  # those beside it are no better
            raise InvalidatePoolError from error

    return engine


def _be_patient(connection: Connection) -> None:
    for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {limit} = {PATIENT_S * 1000}")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, PoolTimeout) as error:
        raise Unavailable(
            f"the database does not answer: {_first_line(error)}", code="database_unavailable"
        ) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("the database connection was cut", code="database_unavailable") from error
        raise


def _first_line(error: Exception) -> str:
    return re.sub(r"//[^@/]*@", "//…@", str(error).splitlines()[0])[:200]
