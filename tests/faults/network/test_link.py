"""The faults of a link, as a client of a server that echoes sees them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.faults.network.link import Link


@pytest.fixture
def link() -> Iterator[Link]:
    """To a server that says back what it hears; none of its connections outlives the test."""
    listener = socket.create_server(("127.0.0.1", 0))

    def echo(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            while heard := connection.recv(65_536):
                connection.sendall(heard)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=echo, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with Link(listener.getsockname()[1]) as made:
        yield made
    listener.close()


def dial(link: Link) -> socket.socket:
    return socket.create_connection(("127.0.0.1", link.port), timeout=10)


def hears(connection: socket.socket, said: bytes, within: float = 10) -> bytes:
    """What comes back, as long as what was said. Raises OSError."""
    connection.settimeout(within)
    connection.sendall(said)
    heard = b""
    while len(heard) < len(said) and (block := connection.recv(65_536)):
        heard += block
    return heard


def test_a_fair_link_changes_nothing(link: Link) -> None:
    said = bytes(range(256)) * 4096
    with dial(link) as one, dial(link) as other:
        threading.Thread(target=one.sendall, args=(said,)).start()
        heard = b""
        while len(heard) < len(said):
            heard += one.recv(65_536)
        assert heard == said
        assert hears(other, b"and another") == b"and another"
        other.shutdown(socket.SHUT_WR)
        assert other.recv(1) == b"", "the end comes through too"
    assert link.connections == 2


def test_latency_is_added_each_way_while_it_lasts(link: Link) -> None:
    with dial(link) as connection:
        with link.latency(0.2):
            began = time.monotonic()
            assert hears(connection, b"late") == b"late"
            assert time.monotonic() - began >= 0.4
        assert hears(connection, b"fair", within=5) == b"fair"


def test_a_dripping_link_lets_bytes_through_at_its_rate(link: Link) -> None:
    with dial(link) as connection, link.drip(1000):
        began = time.monotonic()
        assert hears(connection, bytes(500)) == bytes(500)
        assert time.monotonic() - began >= 0.4


def test_a_frozen_link_is_silent_and_then_delivers_what_was_said(link: Link) -> None:
    with dial(link) as connection:
        assert hears(connection, b"before") == b"before"
        with link.frozen():
            with pytest.raises(TimeoutError):
                hears(connection, b"a", within=0.3)
            with dial(link) as new, pytest.raises(TimeoutError):
                hears(new, b"a", within=0.3)
        connection.settimeout(10)
        assert connection.recv(1) == b"a"


def test_a_reset_ends_open_connections_and_new_ones_and_nothing_afterwards(link: Link) -> None:
    with dial(link) as connection:
        assert hears(connection, b"before") == b"before"
        with link.reset():
            with pytest.raises(ConnectionError):
                hears(connection, b"a")
            with pytest.raises(ConnectionError), dial(link) as new:
                hears(new, b"a")
    with dial(link) as after:
        assert hears(after, b"after") == b"after"


def test_a_half_open_connection_hears_nothing_for_ever_and_a_new_one_works(link: Link) -> None:
    with dial(link) as connection:
        assert hears(connection, b"before") == b"before"
        with link.half_open(), dial(link) as new:
            with pytest.raises(TimeoutError):
                hears(connection, b"a", within=0.3)
            assert hears(new, b"new") == b"new"
        with pytest.raises(TimeoutError):
            hears(connection, b"a", within=0.3)


def test_a_connection_is_cut_after_so_many_bytes(link: Link) -> None:
    with link.cut_after(5), dial(link) as connection:
        assert hears(connection, b"1234") == b"1234"
        with pytest.raises(ConnectionError):
            hears(connection, b"5678")
    with dial(link) as after:
        assert hears(after, b"12345678") == b"12345678"


def test_one_byte_is_flipped_on_its_way(link: Link) -> None:
    for fault in (link.flipped_from_server, link.flipped_to_server):
        with fault(2), dial(link) as connection:
            assert hears(connection, b"\x00\x00\x00\x00") == b"\x00\x00\xff\x00"
    with dial(link) as after:
        assert hears(after, b"\x00\x00\x00") == b"\x00\x00\x00"


def test_a_server_that_is_away_is_a_reset() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Link(port) as link, pytest.raises(ConnectionError), dial(link) as connection:
        hears(connection, b"a")
