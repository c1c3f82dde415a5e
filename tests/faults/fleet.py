"""Our processes over servers that stand outside: several of a kind, each with its own life and death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from services.cli.embedded.address import free_port
from shared.db import schema
from shared.db.engine import Database
from shared.settings import Settings
from shared.storage.open import open_store
from tests.deployment import until
from tests.faults.armed import NOTE, POINT, SIGNAL
from tests.servers.processes import ending_with_us

START_WITHIN_S = 60.0
STOP_WITHIN_S = 60.0
KILLED_AT = "killed_at"  # the note of those that ended at a kill point

# Leases short enough for a test; their ratios are the defaults'.
QUICK = {
    "TUSOU_LEASE": "2",
    "TUSOU_HEARTBEAT": "0.5",
    "TUSOU_FIRST_DUE": "1",
    "TUSOU_LOST_MESSAGE_AFTER": "2",
    "TUSOU_REPLICA_SEEN": "3",
    "TUSOU_QUALITY_GATE": "false",
    "TUSOU_DECODE_CHILDREN": "1",
    "TUSOU_DECODE_CPU": "1",
    "TUSOU_MODEL": "fake",
    "TUSOU_IMPORT_BATCH": "8",
    "TUSOU_MODEL_STUCK_AFTER": "5",
    "TUSOU_CHUNK_ROWS": "1",
    # Longer than the outages that a search of before is to outlive, on a slow machine too.
    "TUSOU_ANSWER_WITHIN": "25",
}

MODULES = {
    "gateway": "services.gateway",
    "vision": "tests.faults.marked_worker",
    "indexer": "workers.indexer",
    "keeper": "workers.keeper",
}
# What each kind logs when it is ready.
READY = {"gateway": "serving on", "vision": "ready: ", "indexer": "ready: ", "keeper": '"ready"'}


class Member:
    """One process; `start` after its end makes a new one of the same name."""

    def __init__(self, kind: str, number: int, home: Path, env: Mapping[str, str]) -> None:
        self.kind = kind
        self.name = f"{kind}-{number}"
        self._log = home / "logs" / f"{self.name}.log"
        self._log_begins = 0
        # Two index workers of one machine share no cache.
        self._env = {**os.environ, **env, "TUSOU_CACHE_FOLDER": str(home / self.name)}
        self._killed_at = home / KILLED_AT
        self._lives = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> str:
        """Its name in claims; a new one with each life."""
        return f"{self.name}-{self._lives}"

    def start(self, kill_point: str | None = None, by: signal.Signals = signal.SIGKILL) -> None:
        """`kill_point` ends this life when it is reached, as tests/faults/armed.py reads it; or SIGSTOP does
        with it what it does."""
        self._lives += 1
        module = [MODULES[self.kind]] if kill_point is None else ["tests.faults.armed", MODULES[self.kind]]
        armed = {} if kill_point is None else {POINT: kill_point, NOTE: str(self._killed_at), SIGNAL: by.name}
        with self._log.open("ab") as log:
            self._log_begins = log.tell()
            self._process = subprocess.Popen(
                ending_with_us([sys.executable, "-P", "-m", *module]),
                env={**self._env, **armed, "TUSOU_PROCESS": self.process},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self.started and self.status is None

    @property
    def serves(self) -> bool:
        """It runs, and has become ready in this life."""
        return self.runs and READY[self.kind] in self.said()

    @property
    def started(self) -> bool:
        return self._process is not None

    @property
    def status(self) -> int | None:
        """None while it runs, else its exit status."""
        assert self._process is not None
        return self._process.poll()

    def said(self) -> str:
        """What this process has logged since its start."""
        with self._log.open("rb") as log:
            log.seek(self._log_begins)
            return log.read().decode(errors="replace")

    def ready(self) -> bool:
        said = self.said()
        assert self.status is None, f"{self.name} ended with {self.status}:\n{said[-2000:]}"
        return READY[self.kind] in said

    def signal(self, what: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(what)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self, timeout: float = STOP_WITHIN_S) -> int:
        """Its exit status; fails when it does not end."""
        assert self._process is not None
        return self._process.wait(timeout)


class Fleet:
    """A gateway at `url`, and so many of each other kind; `groups`: those of the index workers, in turn."""

    def __init__(
        self, home: Path, env: Mapping[str, str], *, groups: Sequence[str] = (), **counts: int
    ) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.home = home
        self.killed_at = home / KILLED_AT
        self.data_folder = home / "data"
        for folder in (home / "logs", self.data_folder):
            folder.mkdir(parents=True)
        here = {"TUSOU_HOME": str(home), "TUSOU_PORT": str(port), "TUSOU_DATA_FOLDER": str(self.data_folder)}
        whole = {**QUICK, **here, **env}
        self.settings = Settings(_env_file=None, **{k[6:].lower(): v for k, v in whole.items()})
        counts = {**dict.fromkeys(MODULES, 1), **({"indexer": len(groups)} if groups else {}), **counts}
        self.members = [
            Member(kind, number, home, whole | _own(kind, number, groups))
            for kind in MODULES
            for number in range(counts[kind])
        ]
        self.db = Database(self.settings.sql_url)

    def of(self, kind: str) -> list[Member]:
        return [member for member in self.members if member.kind == kind]

    def start(self) -> None:
        schema.migrate(self.db)
        open_store(self.settings.store_url).ensure()
        for member in self.members:
            member.start()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Every process has said so, and the gateway sees every part."""
        until(self._whole, within=START_WITHIN_S, what="a whole fleet")

    def wait_for(self, kind: str) -> None:
        """Every process of this kind is ready."""
        until(lambda: all(member.ready() for member in self.of(kind)), within=START_WITHIN_S, what=kind)

    def _whole(self) -> bool:
        return all(member.ready() for member in self.members) and self.readiness().get("status") == "ready"

    def revive(self) -> None:
        """Start again what has ended."""
        for member in self.members:
            if member.status is not None:
                member.start()

    def heal(self) -> None:
        self.revive()
        self.wait_ready()

    def restart(self) -> None:
        """Stop everything, in an orderly way, and start it again."""
        for member in self.members:
            member.signal(signal.SIGTERM)
        for member in self.members:
            assert member.wait() == os.EX_OK, member.said()[-2000:]
        self.heal()

    def readiness(self) -> dict[str, Any]:
        """What /readyz says; empty while nobody answers."""
        try:
            return dict(httpx.get(f"{self.url}/readyz", timeout=5.0).json())
        except httpx.HTTPError:
            return {}

    def stop(self) -> None:
        started = [member for member in self.members if member.started]
        for member in started:
            member.signal(signal.SIGCONT)
            member.signal(signal.SIGTERM)
        try:
            for member in started:
                member.wait()
        finally:
            for member in started:
                member.kill()
            self.db.close()


def _own(kind: str, number: int, groups: Sequence[str]) -> dict[str, str]:
    """What is set for one process and not for its fellows."""
    return {"TUSOU_GROUP": groups[number]} if groups and kind == "indexer" else {}


def defaults(settings: Iterable[str]) -> dict[str, str]:
    """What a deployment has for these of QUICK."""
    fields = Settings.model_fields
    return {name: str(fields[name.removeprefix("TUSOU_").lower()].default) for name in settings}


@contextmanager
def fleet(
    home: Path, env: Mapping[str, str], *, groups: Sequence[str] = (), **counts: int
) -> Iterator[Fleet]:
    """A whole fleet; nothing of it is left afterwards."""
    made = Fleet(home, env, groups=groups, **counts)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Prints how long the block took to be well again, for whoever wants figures (`pytest -s`)."""
    began = time.monotonic()
    yield
    print(f"{what}: well again after {time.monotonic() - began:.1f} s")
