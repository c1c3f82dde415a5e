"""An import survives kill -9 of each process of the embedded deployment mid-way, with exact counts."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from services.cli.client import Client, Refused
from services.cli.embedded.stack import Stack
from services.cli.sample.catalog import write_sample
from shared.db.engine import Database
from shared.db.tables import images, log, products
from tests.deployment import client_of, deployed, until

# Leases short enough for a test; their ratio is the default's.
QUICK = {
    "TUSOU_LEASE": "2",
    "TUSOU_HEARTBEAT": "0.5",
    "TUSOU_CHUNK_ROWS": "4",
    "TUSOU_IMPORT_THREADS": "1",
    "TUSOU_IMPORT_BATCH": "8",
}

PRODUCTS = 72
VICTIMS = ("vision", "indexer", "keeper", "gateway", "valkey")


def look(stack: Stack, client: Client, job_id: str) -> dict[str, Any] | None:
    """The job, while the gateway answers; what has died is started again."""
    stack.keep()
    try:
        return dict(client.get(f"/v1/jobs/{job_id}"))
    except Refused:
        return None


@pytest.mark.timeout(300)
def test_an_import_survives_the_death_of_every_process(tmp_path: Path) -> None:
    sample = write_sample(tmp_path / "sample", products=PRODUCTS)
    with deployed(tmp_path / "home", data_folder=sample.folder, **QUICK) as stack:
        client = client_of(stack)
        job_id = client.start_import(sample.manifest, base="")["id"]
        for number, victim in enumerate(VICTIMS):
            rows = (number + 1) * PRODUCTS // (len(VICTIMS) + 2)

            def came_so_far(rows: int = rows) -> bool:
                job = look(stack, client, job_id)
                return job is not None and job["progress"]["rows_done"] >= rows

            until(came_so_far, within=90, what=f"{rows} rows")
            until(stack.child(victim).running, within=20, what=victim)
            pid = stack.child(victim).pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)

        def finished() -> dict[str, Any] | None:
            job = look(stack, client, job_id)
            return job if job is not None and job["state"] not in ("queued", "running") else None

        done = until(finished, within=90, what="the import")
        assert done["state"] == "succeeded", done
        assert done["result"]["products_in_catalog"] == PRODUCTS
        wanted = done["result"]["images"]

        db = Database(stack.settings.sql_url)
        with db.read() as c:
            assert c.execute(select(func.count()).select_from(products)).scalar_one() == PRODUCTS
            held = list(c.execute(select(images.c.product_id, images.c.source)).all())
            logged = c.execute(select(log.c.body)).scalars().all()
        assert len(held) == len(set(held)) == wanted
        assert sum(body.get("rows", 0) - len(body.get("left_out", ())) for body in logged) == wanted

        def searchable() -> bool:
            stack.keep()
            shard = client.get("/v1/index")["indexes"][0]["shards"][0]
            states = [replica["state"] for replica in shard["replicas"]]
            return any(state["rows"] == wanted for state in states if state)

        def all_run() -> bool:
            """The import needs no broker: it may have ended before anybody started the last victim again."""
            stack.keep()
            return all(stack.child(victim).running() for victim in VICTIMS)

        until(searchable, within=30, what="every image in the index")
        until(all_run, within=20, what="every process")
        found = client.search(sample.folder / sample.queries[0].file, min_version=done["result"]["version"])
        assert found["state"] == "succeeded", found
