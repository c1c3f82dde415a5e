"""Ports for servers that must come back on the same one."""

from __future__ import annotations

import random
import socket

# Below every system's range for outgoing connections (Linux starts at 32768, macOS at 49152): inside it
# the kernel could hand a stopped server's port to some client before the server is started again.
_FIRST, _LAST = 20_000, 32_000


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens now."""
    while True:
        port = random.randint(_FIRST, _LAST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def answers_with(port: int, request: bytes, reply: bytes) -> bool:
    """Whether the server on `port` answers `request` with bytes that begin with `reply`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.sendall(request)
            return connection.recv(len(reply)) == reply
    except OSError:
        return False
