"""An import survives kill -9 of each worker process mid-way, with exact counts."""

import os
import signal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from services.cli.sample.catalog import write_sample
from shared.db.engine import Database
from shared.db.tables import images, log, products
from tests.deployment import client_of, deployed, until

# Leases short enough for a test; their ratio is the default's.
QUICK = {"TUSOU_LEASE": "2", "TUSOU_HEARTBEAT": "0.5", "TUSOU_CHUNK_ROWS": "8", "TUSOU_IMPORT_THREADS": "1"}


@pytest.mark.parametrize("victim", ["vision", "indexer", "keeper", "gateway", "valkey"])
def test_an_import_survives_the_death_of(victim: str, tmp_path: Path) -> None:
    sample = write_sample(tmp_path / "sample", products=96)
    with deployed(tmp_path / "home", data_folder=sample.folder, **QUICK) as stack:
        client = client_of(stack)
        job = client.start_import(sample.manifest, base="")
        until(
            lambda: client.get(f"/v1/jobs/{job['id']}")["progress"]["rows_done"] >= 16,
            within=60,
            what="two chunks",
        )
        pid = stack.child(victim).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

        def finished() -> dict | None:
            stack.keep()
            if not stack.child("gateway").running():
                return None
            try:
                now = client.get(f"/v1/jobs/{job['id']}")
            except Exception:
                return None  # the gateway is on its way back
            return now if now["state"] not in ("queued", "running") else None

        done = until(finished, within=90, what="the import")
        assert done["state"] == "succeeded", done
        assert done["result"]["products_in_catalog"] == 96
        wanted = done["result"]["images"]

        db = Database(stack.settings.sql_url)
        with db.read() as c:
            assert c.execute(select(func.count()).select_from(products)).scalar_one() == 96
            held = list(c.execute(select(images.c.product_id, images.c.source)).all())
            logged = c.execute(select(log.c.body)).scalars().all()
        assert len(held) == len(set(held)) == wanted
        assert sum(body.get("rows", 0) - len(body.get("left_out", ())) for body in logged) == wanted

        def searchable() -> bool:
            stack.keep()
            shard = client.get("/v1/index")["indexes"][0]["shards"][0]
            states = [replica["state"] for replica in shard["replicas"]]
            return any(state["rows"] == wanted for state in states if state)

        until(searchable, within=30, what="every image in the index")
        found = client.search(sample.folder / sample.queries[0].file, min_version=done["result"]["version"])
        assert found["state"] == "succeeded", found
