"""A gateway process under clients that drip, send too much or stop early: the others are served meanwhile."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.db.tables import images, imports, jobs, objects
from shared.storage.folder import FolderStore
from tests.gateway_rig import NOWHERE, Gateway, png
from tests.integration.gateway.conftest import Open
from tests.integration.gateway.raw_http import BOUNDARY, CHUNKED, FORM, TIMEOUT_S, Client, chunk, form, head

CLIENTS = 50  # more than it has threads
BODY_S = 6.0  # as in the product, but 30 s there
GET_WITHIN_S = 4.0  # a GET that waits for a thread which drips hold gets none before BODY_S is over
PARTS = 10_000
MOST_BYTES = 50_000_000  # by which its memory may grow, at its peak
MIB = 1024 * 1024

PROGRAM = f"""
from services.gateway.http import server
server.BODY_S = {BODY_S}
from services.gateway.__main__ import main
raise SystemExit(main())
"""


@dataclass(frozen=True)
class Process:
    """A gateway in a process of its own, with the limits of a default deployment."""

    pid: int
    port: int
    rig: Gateway  # over the same database, to read it
    store: FolderStore

    def client(self) -> Client:
        return Client(self.port)

    def ask(self, *parts: bytes) -> tuple[int, str]:
        """Status and code of the answer to a request whose body may be refused before it has all come."""
        client = self.client()
        client.send(*parts)
        answer = client.answer()
        client.close()
        return answer.status, answer.code

    def memory(self, name: str) -> int:
        """Bytes: VmRSS is what it holds now, VmHWM the most that it ever held."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))

    def warm(self) -> int:
        """What it holds once it has served something, in bytes."""
        assert self.ask(head("GET /v1/jobs/none")) == (404, "not_found")
        return self.memory("VmRSS")

    def stored(self) -> list[Any]:
        rows = (row for table in (jobs, images, imports, objects) for row in self.rig.rows(table))
        return [*self.store.list(""), *rows]


@pytest.fixture
def process(tmp_path: Path, open_gateway: Open) -> Iterator[Process]:
    rig = open_gateway()
    rig.make_catalog()
    store = FolderStore(tmp_path / "objects")
    variables = {
        "TUSOU_HOME": str(tmp_path),
        "TUSOU_PORT": "0",
        "TUSOU_REDIS_URL": NOWHERE,
        "TUSOU_RATE_PER_MINUTE": "1000000",
    }
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env={**os.environ, **variables}, stderr=subprocess.PIPE, text=True
    )
    assert program.stderr is not None
    try:
        line = next(line for line in program.stderr if "serving on" in line)
        log = threading.Thread(target=program.stderr.read)  # a full pipe would stop it
        log.start()
        yield Process(program.pid, int(json.loads(line)["event"].rpartition(":")[2]), rig, store)
    finally:
        program.terminate()
        program.wait(TIMEOUT_S)
    log.join(TIMEOUT_S)


def drip(clients: Iterable[Client]) -> list[bytes]:
    """A byte a second from each, until it is answered or cut off; the first line of each answer."""
    told, open_ones = [], {client.socket: client for client in clients}
    deadline = time.monotonic() + TIMEOUT_S
    while open_ones and time.monotonic() < deadline:
        for client in open_ones.values():
            client.send(b"-")
        second = time.monotonic() + 1
        while open_ones and (left := second - time.monotonic()) > 0:
            for done in select.select(list(open_ones), [], [], left)[0]:
                told.append(first_line(done))
                open_ones.pop(done).close()
    return told


def first_line(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1000).partition(b"\r\n")[0]
    except ConnectionResetError:
        return b""


def test_fifty_clients_that_drip_are_ended_and_hold_nobody_up(process: Process) -> None:
    before = process.warm()
    clients = [process.client() for _ in range(CLIENTS)]
    for n, client in enumerate(clients):
        # Every other one drips its headers.
        body = head("POST /v1/searches", **FORM, Content_Length=1000)
        client.send(b"POST /v1/searches HTTP/1.1\r\nX-Slow: -" if n % 2 else body)
    told: list[bytes] = []
    dripping = threading.Thread(target=lambda: told.extend(drip(clients)))
    dripping.start()
    answered = []
    while dripping.is_alive():
        for path in ("/healthz", "/v1/jobs", "/v1/products"):
            other = process.client()
            other.socket.settimeout(GET_WITHIN_S)
            other.send(head(f"GET {path}"))
            answered.append(other.answer().status)
            other.close()
    assert set(answered) == {200}
    assert len(answered) >= 12, "on the slowest machine too"
    assert len(told) == CLIENTS
    assert {line.partition(b" ")[2] for line in told} <= {b"408 Request Timeout", b""}
    assert process.memory("VmHWM") - before <= MOST_BYTES
    assert process.stored() == []


def test_bodies_that_are_refused_take_no_memory_and_leave_nothing(process: Process) -> None:
    """Each for its own fault: afterwards a good photo is taken."""
    before = process.warm()
    photo = process.rig.settings.max_image_bytes + MIB
    over_all = process.rig.settings.max_manifest_bytes + MIB
    part = b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n'
    parts = part * PARTS + form(png())
    for call in ("POST /v1/searches", "POST /v1/images"):
        big = form(b"x" * photo)
        assert process.ask(head(call, **FORM, Content_Length=len(big)), big) == (413, "too_large")
        assert process.ask(head(call, **CHUNKED), chunk(big), b"0\r\n\r\n") == (413, "too_large")
    for call in ("POST /v1/searches", "POST /v1/images", "POST /v1/imports"):
        assert process.ask(head(call, **FORM, Content_Length=over_all)) == (413, "too_large")
        assert process.ask(head(call, **FORM, Content_Length=len(parts)), parts) == (413, "too_large")
        for body in (parts, parts[:-20]):
            assert process.ask(head(call, **CHUNKED), chunk(body), b"0\r\n\r\n") == (413, "too_large")
    long = head("POST /v1/imports", **CHUNKED)
    assert process.ask(long, *[chunk(b"x" * MIB)] * (over_all // MIB)) == (413, "too_large")
    stops = [chunk(form(png())), chunk(form(png()))[:-20], chunk(big[: 8 * MIB]), b""]
    for cut in stops:
        client = process.client()
        client.send(head("POST /v1/searches", **CHUNKED), cut)
        client.socket.shutdown(socket.SHUT_WR)
        assert first_line(client.socket) == b""
        client.close()

    assert process.stored() == []
    assert process.memory("VmHWM") - before <= MOST_BYTES
    good = form(png())
    client = process.client()
    client.send(head("POST /v1/images", **CHUNKED), chunk(good), b"0\r\n\r\n")
    assert client.answer().status == 201
    client.close()
    assert len(process.rig.rows(images)) == 1
