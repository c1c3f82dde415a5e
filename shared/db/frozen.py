"""PostgreSQL connections that notice a server which has stopped without hanging up.

A query to a frozen server never returns by itself: the kernel still acknowledges for it, so no time-out
of TCP ends the wait. Whoever has waited for half a second therefore asks for a sign of life on a
connection of its own, and ends the wait as if the connection had been cut when none comes. A server
that is merely slow, or holds us at a row's lock, gives one.

A server that lives may have lost our connection all the same, without a word: a balancer between us forgot
it. So a connection that has rested must answer a ping at once, and no wait outlasts the statement time-out
of the server by much.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, NoReturn

import psycopg
from psycopg.abc import PQGen
from psycopg.waiting import Ready

PATIENCE_S = 0.5
SIGN_OF_LIFE_WITHIN_S = 1.0
PING_WITHIN_S = 1.0
# The server ends a statement by itself before (STATEMENT_TIMEOUT_S in shared/db/engine.py).
ANSWER_WITHIN_S = 12.0

# The SSLRequest of the protocol: every server answers it with one byte, before it asks who we are.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)


class Pulse:
    """One server's signs of life, shared by all connections to it: many who wait ask once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._alive = True

    @property
    def dead_lately(self) -> bool:
        """No sign of life a moment ago: a new connection would wait in vain."""
        return not self._alive and time.monotonic() - self._asked_at < SIGN_OF_LIFE_WITHIN_S

    def alive(self, host: str, port: int) -> bool:
        with self._lock:
            if time.monotonic() - self._asked_at >= PATIENCE_S:
                self._alive = _gives_a_sign(host, port)
                self._asked_at = time.monotonic()
            return self._alive


def _gives_a_sign(host: str, port: int) -> bool:
    """Any answer is one, a refusal to talk too; silence is none."""
    try:
        with closing(_dial(host, port)) as probe:
            probe.sendall(_SSL_REQUEST)
            probe.recv(1)
    except OSError:
        return False
    return True


def _dial(host: str, port: int) -> socket.socket:
    if not host.startswith("/"):
        return socket.create_connection((host, port), SIGN_OF_LIFE_WITHIN_S)
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    probe.settimeout(SIGN_OF_LIFE_WITHIN_S)
    probe.connect(f"{host}/.s.PGSQL.{port}")
    return probe


class Watched(psycopg.Connection[Any]):
    """Every wait for the server goes through `wait`; `pulse` is set by `connector`."""

    pulse: Pulse
    _answer_within = ANSWER_WITHIN_S

    def ping(self) -> None:
        """Raises OperationalError unless it answers at once; leaves no transaction behind."""
        before, self._answer_within = self.autocommit, PING_WITHIN_S
        try:
            self.autocommit = True
            self.execute("SELECT 1")
        finally:
            self._answer_within = ANSWER_WITHIN_S
            if not self.closed:
                self.autocommit = before

    def wait(self, gen: PQGen[Any], *args: Any, **options: Any) -> Any:
        return super().wait(self._watching(gen), *args, **options)

    def _watching(self, gen: PQGen[Any]) -> PQGen[Any]:
        began = asked_at = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                # Nothing to read: psycopg has waited for its interval.
                if ready == Ready.NONE and time.monotonic() - asked_at > PATIENCE_S:
                    if not self.pulse.alive(self.info.host, self.info.port):
                        self._give_up("the server has frozen")
                    if time.monotonic() - began > self._answer_within:
                        self._give_up("the server no longer knows this connection")
                    asked_at = time.monotonic()
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value

    def _give_up(self, why: str) -> NoReturn:
        self.close()  # so that nobody waits for it to answer a ROLLBACK
        raise psycopg.OperationalError(why)


def connector() -> Callable[..., Watched]:
    """What opens the connections of one pool."""
    pulse = Pulse()

    def connect(*args: Any, **options: Any) -> Watched:
        if pulse.dead_lately:
            raise psycopg.OperationalError("the server has frozen")
        connection = Watched.connect(*args, **options)
        connection.pulse = pulse
        return connection

    return connect
