"""Secrets stand in no log and in no answer, whatever goes wrong; keys are kept as hashes only."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from services.cli.embedded.address import free_port
from shared.db import schema
from shared.db.engine import Database
from tests.deployment import until
from tests.hostile.conftest import KEY, SIGNING_SECRET, Target
from tests.hostile.images.sound import sound_images

pytestmark = [pytest.mark.xdist_group("hostile"), pytest.mark.timeout(300)]

SHOPS_SIGNATURE = "s3cret-of-the-shops-images"
SHOPS_PASSWORD = "s3cret-of-the-shop"


def provoke(target: Target) -> list[httpx.Response]:
    """Calls that end well and badly, with every secret that a caller has, in every place."""
    http, wrong = target.http, {"Authorization": "Bearer tsk_" + "s3cretwrongkey" * 3}
    photo = {"image": sound_images()["jpeg"]}
    wait = {"Prefer": "wait=60"}
    answers = [
        http.post("/v1/searches", files=photo, headers=wait),
        http.post("/v1/searches", files=photo, headers={"Authorization": "", "X-Api-Key": KEY}),
        http.get("/v1/jobs", headers=wrong),
        http.get("/v1/jobs", headers={"Authorization": f"Basic {KEY}"}),
        http.get(f"/v1/jobs?key={KEY}"),
        http.get(f"/v1/jobs/{KEY}"),
        http.get(f"/{KEY}"),
        http.put(f"/v1/products/a?token={KEY}", json={"title": "x"}),
        http.post("/v1/searches", content=b"{" + KEY.encode(), headers={"Content-Type": "application/json"}),
        http.post("/v1/searches", json={KEY: 1}),
        http.put("/v1/products/x", json={"title": "x", "images": [_image_url()]}, headers=wait),
        http.post("/v1/searches", json={"image_url": _image_url()}, headers=wait),
        http.post("/v1/searches", json={"image_url": f"http://u:{SHOPS_PASSWORD}@127.0.0.1/a"}, headers=wait),
        http.post("/v1/imports", files={"manifest": ("a.csv", _manifest())}, headers=wait),
    ]
    upload = http.post("/v1/images", files=photo).json()["id"]
    http.post("/v1/searches", json={"image_id": upload}, headers=wait)
    products = http.put("/v1/products/seen", json={"images": [f"upload:{upload}"]}, headers=wait)
    signed = http.get("/v1/products/seen").json()["images"][0]["image_url"]
    served = httpx.get(target.stack.url + signed, timeout=30)
    forged = httpx.get(target.stack.url + signed + "x", timeout=30)
    assert (products.status_code, served.status_code, forged.status_code) == (200, 200, 401)
    target_sig = signed.partition("sig=")[2]
    assert all(target_sig not in log for log in target.logs().values()), "a signature that still opens"
    return answers


def _image_url() -> str:
    return f"https://127.0.0.1/a.jpg?X-Amz-Signature={SHOPS_SIGNATURE}"


def _manifest() -> bytes:
    return f"id,images\n1,{_image_url()}\n2,http://u:{SHOPS_PASSWORD}@127.0.0.1/a.jpg\n".encode()


def test_no_secret_is_in_a_log_and_none_that_is_not_the_caller_s_in_an_answer(target: Target) -> None:
    answers = provoke(target)
    assert {answer.status_code // 100 for answer in answers} == {2, 4}
    for answer in answers:
        for secret in (SIGNING_SECRET, "s3cretwrongkey", SHOPS_PASSWORD):
            assert secret not in answer.text, (answer.request.url, answer.text)
    told = target.logs()
    assert {"gateway.log", "vision.log", "indexer.log", "keeper.log"} <= set(told)
    assert "/v1/searches" in told["gateway.log"], "the gateway logs at all"
    for name, log in told.items():
        for secret in (KEY, SIGNING_SECRET, "s3cretwrongkey", SHOPS_SIGNATURE, SHOPS_PASSWORD):
            assert secret not in log, f"{secret} is in {name}"


def test_keys_are_in_the_database_as_hashes_only(target: Target) -> None:
    database = target.stack.home / "tusou.db"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        assert connection.execute("SELECT count(*) FROM api_keys").fetchone()[0] >= 1
        dump = "\n".join(connection.iterdump())
    assert KEY not in dump
    assert SIGNING_SECRET not in dump


def test_no_process_has_a_secret_in_its_command_line(target: Target) -> None:
    for name, pid in target.pids().items():
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert b"s3cret" not in command, name


# Servers that are not there, each with its password. The database is: without it nothing else is tried.
AWAY = {
    "TUSOU_REDIS_URL": "redis://tusou:s3cret-redis@127.0.0.1:9/0",
    "TUSOU_BROKER_URL": "amqp://tusou:s3cret-broker@127.0.0.1:9//",
    "TUSOU_OBJECT_STORE_URL": "s3://s3cretaccess:s3cret-store@127.0.0.1:9/bucket?secure=false",
    "TUSOU_SIGNING_SECRET": "s3cret-signing",
    "TUSOU_KEY": "tsk_s3cretofthecommandline",
    "TUSOU_BOOTSTRAP_KEY": "tsk_" + "s3cretbootstrap" * 3,
    "TUSOU_LOG_LEVEL": "DEBUG",
    "TUSOU_MODEL": "fake",
}
NO_DATABASE = {"TUSOU_DATABASE_URL": "postgresql+psycopg://tusou:s3cret-database@127.0.0.1:9/tusou"}
SERVICES = ("services.gateway", "workers.vision", "workers.indexer", "workers.keeper")


@pytest.mark.parametrize("more", [{}, NO_DATABASE], ids=["servers away", "database away"])
def test_a_process_whose_servers_are_away_says_so_without_their_passwords(
    tmp_path: Path, more: dict[str, str]
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'tusou.db'}")
    schema.migrate(database)
    database.close()
    env = {**os.environ, **AWAY, **more, "TUSOU_HOME": str(tmp_path), "TUSOU_PORT": str(free_port())}
    commands = [["-m", module] for module in SERVICES] + [
        ["-c", "from services.cli.main import main; main()", "doctor"]
    ]
    logs = [tmp_path / f"{number}.log" for number in range(len(commands))]
    running = [_begin(command, log, env) for command, log in zip(commands, logs, strict=True)]
    try:
        until(lambda: all(log.stat().st_size for log in logs), within=200, what="each says something")
        time.sleep(4)  # those that go on try their servers a few times
    finally:
        for process in running:
            process.terminate()
        for process in running:
            _end(process)
    for command, log in zip(commands, logs, strict=True):
        said = log.read_text(errors="replace")
        assert "s3cret" not in said, f"{command}: {said}"


def _begin(command: list[str], log: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen([sys.executable, "-P", *command], env=env, stdout=file, stderr=file)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
