"""An older state is restored under index workers that run on: real processes, and the command itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment import until
from tests.faults.fleet import Fleet, fleet
from tests.faults.shop import Shop, found, photo
from tests.servers.running import running
from tests.servers.valkey import Valkey

PRODUCTS = 6
TUSOU = "from services.cli.main import main; main()"
STOPPED = ("gateway", "vision", "keeper")


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Fleet]:
    with running(Valkey) as broker, fleet(tmp_path / "home", {"TUSOU_REDIS_URL": broker.url}) as started:
        yield started


def tusou(whole: Fleet, *arguments: str) -> str:
    command = [sys.executable, "-P", "-c", TUSOU, *arguments]
    env = {**os.environ, "TUSOU_HOME": str(whole.home)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(400)
def test_index_workers_that_run_on_answer_as_the_backup_did(whole: Fleet, tmp_path: Path) -> None:
    shop = Shop(whole.url)
    load = shop.load(whole.data_folder, {f"p{n}": photo(n) for n in range(PRODUCTS)})
    assert shop.end(load)["state"] == "succeeded"
    tusou(whole, "backup", str(tmp_path / "backups"))

    later = shop.load(whole.data_folder, {f"p{n}": photo(n) for n in range(PRODUCTS, 2 * PRODUCTS)})
    assert shop.end(later)["state"] == "succeeded"
    shop.delete("/v1/products/p0")
    shop.search_for(PRODUCTS)
    shop.all_found()

    for member in (member for kind in STOPPED for member in whole.of(kind)):
        member.signal(signal.SIGTERM)
        member.wait()
    told = tusou(whole, "restore", str(tmp_path / "backups"), "--force")
    assert "restored dump" in told
    whole.heal()

    indexer = whole.of("indexer")[0]
    assert indexer.process.endswith("-1"), "it was started again"
    # Deleted, and on the list of what was erased since: it stays away.
    ours = {f"p{n}" for n in range(1, PRODUCTS)}
    for n in range(1, 2 * PRODUCTS):
        hits = until(lambda n=n: found_now(shop, n), within=60, what=f"an answer to photo {n}")
        assert {product for product, _ in hits} == ours
        assert n >= PRODUCTS or hits[0][0] == f"p{n}"
    assert tusou(whole, "fsck").strip() == "database, objects and index agree"
    shop.close()


def found_now(shop: Shop, number: int) -> list[tuple[str, float]] | None:
    """The hits of a search with the photo; None while the index is not whole again."""
    job = shop.end(shop.accepted(photo(number)))
    return found(job) if job["state"] == "succeeded" and not job["result"]["index"]["partial"] else None
