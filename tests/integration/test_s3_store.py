"""What the S3 store does when its server is away, frozen, restarted, or lies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shared.errors import NameTaken, StoreUnavailable
from shared.storage.names import new_name
from shared.storage.open import open_store
from shared.storage.port import ObjectStore, Stored
from tests.servers.minio import MinIO
from tests.servers.ports import free_port
from tests.servers.running import running

NOW = 1_795_425_300.0
HASH = "0" * 64


def fresh() -> str:
    return new_name("uploads", "shop", NOW)


def assert_unavailable(store: ObjectStore, stored: Stored, folder: Path) -> None:
    for call in (
        store.ping,
        store.ensure,
        lambda: store.put(fresh(), b"x"),
        lambda: store.get(stored.name, sha256=stored.sha256, length=stored.length),
        lambda: store.get_range(stored.name, 0, 1, sha256=stored.sha256),
        lambda: store.fetch_to(stored.name, folder / "file", sha256=stored.sha256, length=stored.length),
        lambda: store.size(stored.name),
        lambda: store.delete(stored.name),
        lambda: list(store.list("")),
    ):
        with pytest.raises(StoreUnavailable):
            call()
    assert list(folder.iterdir()) == []


@pytest.mark.timeout(45)  # the client's own time-out would be five minutes a call
def test_calls_fail_while_the_server_is_away_or_frozen_and_recover_by_themselves(tmp_path: Path) -> None:
    with running(MinIO) as server:
        store = open_store(server.url)
        store.ensure()
        stored = store.put(fresh(), b"x")

        server.freeze()
        for call in (store.ping, lambda: store.put(fresh(), b"x"), lambda: store.size(stored.name)):
            with pytest.raises(StoreUnavailable):
                call()
        server.thaw()
        server.wait_until_ready()
        assert store.get(stored.name, sha256=stored.sha256, length=1) == b"x"

        server.kill()
        assert_unavailable(store, stored, tmp_path)
        server.start()
        assert store.get(stored.name, sha256=stored.sha256, length=1) == b"x"


def test_a_restart_between_two_calls_goes_unnoticed() -> None:
    """The second finds its kept connection closed."""
    with running(MinIO) as server:
        store = open_store(server.url)
        store.ensure()
        stored = store.put(fresh(), b"x")
        server.stop()
        server.start()
        assert store.get(stored.name, sha256=stored.sha256, length=1) == b"x"


def test_a_bucket_that_is_not_there_is_named_until_it_is_made(minio: MinIO) -> None:
    store = open_store(minio.bucket_url("not-yet-there"))
    with pytest.raises(StoreUnavailable, match="not-yet-there"):
        store.ping()
    with pytest.raises(StoreUnavailable, match="not-yet-there"):
        store.put(fresh(), b"x")

    store.ensure()

    store.ping()
    store.put(fresh(), b"x")


def test_a_wrong_secret_is_unavailable_and_stays_a_secret(minio_url: str) -> None:
    store = open_store(minio_url.replace("tusou-tests-secret", "hush-hush"))
    for call in (store.ping, lambda: store.put(fresh(), b"x"), lambda: list(store.list(""))):
        with pytest.raises(StoreUnavailable) as refused:
            call()
        assert "hush" not in str(refused.value)


class Liar(BaseHTTPRequestHandler):
    """Accepts every object and keeps three bytes of it."""

    protocol_version = "HTTP/1.1"
    stored_length: int | None = None
    requests: list[str]

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).stored_length = 3
        self.answer(200, 0)

    def do_HEAD(self) -> None:
        found = self.stored_length is not None
        self.answer(200 if found else 404, self.stored_length or 0)

    def do_DELETE(self) -> None:
        type(self).stored_length = None
        self.answer(204, 0)

    def answer(self, status: int, length: int) -> None:
        self.requests.append(f"{self.command} {status}")
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", '"d41d8cd98f00b204e9800998ecf8427e"')
        self.send_header("Last-Modified", "Mon, 23 Nov 2026 09:15:00 GMT")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


class Cutter(Liar):
    """Closes the connection in the middle of every upload."""

    def do_PUT(self) -> None:
        self.requests.append("PUT cut")
        self.rfile.read(1000)
        self.connection.close()
        self.close_connection = True


class Busy(Liar):
    """Wants everybody to come back in a minute."""

    def do_HEAD(self) -> None:
        self.requests.append("HEAD busy")
        self.send_response(503)
        self.send_header("Retry-After", "60")
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def serving(handler: type[Liar]) -> Iterator[ObjectStore]:
    handler.requests = []
    handler.stored_length = None
    with ThreadingHTTPServer(("127.0.0.1", free_port()), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield open_store(f"s3://key:secret@127.0.0.1:{server.server_port}/bucket?secure=false")
        server.shutdown()
        thread.join()


def test_an_object_that_is_not_stored_whole_is_not_acknowledged_and_does_not_stay() -> None:
    with serving(Liar) as store, pytest.raises(StoreUnavailable, match="not stored whole"):
        store.put(fresh(), b"more than three bytes")
    assert Liar.requests == ["HEAD 404", "PUT 200", "HEAD 200", "DELETE 204"]


def test_an_upload_that_is_cut_is_sent_once_more_and_then_given_up() -> None:
    with serving(Cutter) as store, pytest.raises(StoreUnavailable):
        store.put(fresh(), bytes(3_000_000))
    assert Cutter.requests == ["HEAD 404", "PUT cut", "PUT cut"]


@pytest.mark.timeout(30)
def test_a_store_that_asks_for_a_minute_is_unavailable_at_once() -> None:
    with serving(Busy) as store, pytest.raises(StoreUnavailable):
        store.size(fresh())
    assert Busy.requests == ["HEAD busy"]


def test_a_name_in_use_is_not_sent_at_all() -> None:
    with serving(Liar) as store:
        Liar.stored_length = 3
        with pytest.raises(NameTaken):
            store.put(fresh(), b"x")
    assert Liar.requests == ["HEAD 200"]
