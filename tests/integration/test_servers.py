"""The servers that other tests stand on."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from sqlalchemy import create_engine, inspect

from tests.faults.stacks import Stack, production, production_rabbitmq
from tests.servers.absent import NotInstalled, missing
from tests.servers.chromium import find_chromium, open_browser
from tests.servers.minio import MinIO
from tests.servers.postgres import DebianPostgres, Postgres, WheelPostgres
from tests.servers.processes import alive, wait_until_gone
from tests.servers.rabbitmq import RabbitMQ
from tests.servers.redis import Redis
from tests.servers.running import running
from tests.servers.server import Server
from tests.servers.valkey import Valkey

KINDS = [Valkey, Redis, WheelPostgres, DebianPostgres, RabbitMQ, MinIO]


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_server_comes_back_on_its_port_and_leaves_nothing_when_closed(kind: type[Server]) -> None:
    with running(kind) as server:
        url, first = server.url, server.processes()

        server.kill()
        assert not server.answers()
        assert not any(alive(process) for process in first)

        server.start()
        assert server.answers()
        assert server.url == url
        last = server.processes()

    assert last
    assert not any(alive(process) for process in last)
    assert not server.folder.exists()


@pytest.mark.parametrize("kind", [Valkey, WheelPostgres, MinIO])
def test_a_frozen_server_answers_again_when_thawed(kind: type[Server]) -> None:
    with running(kind) as server:
        server.freeze()
        assert not server.answers()

        server.thaw()
        server.wait_until_ready()


@pytest.mark.parametrize("kind", [Valkey, Redis])
def test_a_killed_broker_keeps_its_data_until_it_is_wiped(kind: type[Redis]) -> None:
    with running(kind) as server, redis.Redis(port=server.port) as client:
        client.set("key", "value")

        server.kill()
        server.start()
        assert client.get("key") == b"value"

        server.stop()
        server.wipe()
        server.start()
        assert client.get("key") is None


@pytest.mark.parametrize("kind", [WheelPostgres, DebianPostgres])
def test_a_killed_database_server_keeps_what_was_committed(kind: type[Postgres]) -> None:
    with running(kind) as server:
        name = server.create_database()

        server.kill()
        server.start()

        assert name in databases(server)


def test_a_dropped_database_is_gone_even_with_a_connection_left_open(postgres: Postgres) -> None:
    name = postgres.create_database()
    with psycopg.connect(port=postgres.port, host="127.0.0.1", user="tusou", dbname=name):
        postgres.drop_database(name)
    assert name not in databases(postgres)


def test_a_test_gets_an_empty_database(database_url: str) -> None:
    engine = create_engine(database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_test_gets_an_empty_bucket(minio: MinIO, minio_url: str) -> None:
    bucket = minio_url.partition("?")[0].rpartition("/")[2]
    assert list(minio.client().list_objects(bucket)) == []


def test_the_browser_shows_a_page_and_is_gone_afterwards(tmp_path: Path) -> None:
    try:
        chromium = find_chromium()
    except NotInstalled as absent:
        missing(absent.name, absent.reason)
    with open_browser(chromium, tmp_path) as browser:
        browser.get("data:text/html,<title>A page</title>")
        assert browser.title == "A page"
        driver = psutil.Process(browser.service.process.pid)
        processes = [driver, *driver.children(recursive=True)]
    assert len(processes) > 1
    assert not wait_until_gone(processes, timeout_s=5.0)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) is not on the PATH")
def test_a_server_ends_when_its_test_run_is_killed() -> None:
    script = (
        "import time; from tests.servers.valkey import Valkey\n"
        "with Valkey() as server: print(server.pid, server.folder, flush=True); time.sleep(60)"
    )
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    pid, folder = run.stdout.readline().split()
    orphan = psutil.Process(int(pid))

    run.send_signal(signal.SIGKILL)
    run.communicate()

    assert not wait_until_gone([orphan], timeout_s=20.0)
    shutil.rmtree(folder)


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_server_skips_here_and_fails_in_ci(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="Ceph is not here: not built"):
        missing("Ceph", "not built")


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
@pytest.mark.parametrize("stack", [production, production_rabbitmq])
def test_no_stack_does_without_one_of_its_servers(
    stack: Stack, ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> str:
        raise NotInstalled("MinIO", "not built")

    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("tests.servers.minio.find_program", nowhere)
    with pytest.raises(outcome, match="MinIO is not here: not built"), stack():
        pytest.fail(f"{stack.__name__} stands without MinIO")


def databases(server: Postgres) -> set[str]:
    with psycopg.connect(port=server.port, host="127.0.0.1", user="tusou", dbname="postgres") as connection:
        return {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
