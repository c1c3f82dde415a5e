"""Real processes, a real Redis and the real clock: after its time nothing of a search is anywhere."""

from __future__ import annotations

import base64
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Row, func, select

from shared.answer.outcome import Outcome
from shared.db.tables import images, jobs, parts
from shared.storage.open import open_store
from tests import kept
from tests.deployment import until
from tests.faults.fleet import fleet
from tests.faults.long import LONG
from tests.faults.shop import Shop, photo
from tests.faults.stacks import Servers, embedded
from tests.servers.postgres import WheelPostgres
from tests.servers.redis import Redis
from tests.servers.running import running

pytestmark = [pytest.mark.xdist_group("kept"), pytest.mark.timeout(400)]

KEPT_S = 12
GROUPS = ("g1", "g2")
QUERY = photo(900)
WORD = "a-word-of-this-request-alone"


@contextmanager
def on_redis() -> Iterator[Servers]:
    with running(WheelPostgres) as database, running(Redis) as redis:
        env = {"TUSOU_DATABASE_URL": database.url, "TUSOU_REDIS_URL": redis.url}
        yield Servers(redis, redis, database, env=env)


# SQLite and Valkey in the long run.
STACKS = [on_redis, embedded] if LONG else [on_redis]


@pytest.mark.parametrize("stack", STACKS)
def test_after_its_time_no_key_row_or_object_holds_anything_of_a_search(tmp_path: Path, stack: Any) -> None:
    tmp_path.chmod(0o755)
    # The part of a group that is silent is waited for, until it speaks again.
    env = {"TUSOU_RETENTION": str(KEPT_S), "TUSOU_PARTIAL_AFTER": "20"}
    with (
        stack() as servers,
        fleet(tmp_path / "home", {**servers.env, **env}, groups=GROUPS) as whole,
    ):
        made = httpx.put(f"{whole.url}/v1/catalogs/default", json={"shards": len(GROUPS)}, timeout=30)
        assert made.status_code == 201, made.text
        shop = Shop(whole.url)
        job = shop.load(whole.data_folder, {f"p{n}": photo(n) for n in range(8)})
        assert shop.end(job)["state"] == "succeeded"
        store = open_store(whole.settings.store_url)

        silent = whole.of("indexer")[1]
        silent.signal(signal.SIGSTOP)
        job_id = search(whole.url)
        row, part = until(lambda: halfway(whole.db, job_id), within=30, what="an outcome and one part")
        (vector,) = {item.vector for item in Outcome.from_bytes(row.outcome).items}
        needles = [vector, base64.b64encode(vector), WORD.encode(), QUERY[40:400]]
        with whole.db.read() as c:
            image = c.execute(select(images).where(images.c.product_id.is_(None))).one()
        shown = kept._object(store, image.normalised)
        needles.append(shown[len(shown) // 2 :])
        assert {"jobs.outcome", "jobs.request"} <= kept.places(kept.rows(whole.db), *needles)
        assert kept.places(kept.objects(store), *needles)
        assert part.body
        silent.signal(signal.SIGCONT)
        assert shop.end(job_id)["state"] == "succeeded"

        def left() -> set[str]:
            found = kept.places(kept.rows(whole.db), *needles, image.id.encode())
            found |= kept.places(kept.objects(store), *needles)
            return found | kept.places(kept.of_redis(servers.redis.port), *needles, job_id.encode())

        until(lambda: not left(), within=180, what="nothing left")
        shop.close()
        with whole.db.read() as c:
            gone = c.execute(select(jobs).where(jobs.c.id == job_id)).one()
            assert c.execute(select(func.count()).select_from(parts)).scalar_one() == 0
        assert (gone.state, gone.request, gone.outcome, gone.result) == ("expired", {}, None, None)
        answer = httpx.get(f"{whole.url}/v1/jobs/{job_id}", timeout=30)
        assert answer.status_code == 410


def search(url: str) -> str:
    form = {"exclude": json.dumps({"product_ids": [WORD]})}
    answer = httpx.post(f"{url}/v1/searches", files={"image": QUERY}, data=form, timeout=30)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def halfway(db: Any, job_id: str) -> tuple[Row[Any], Row[Any]] | None:
    """The search while it waits for the part of the group that is silent."""
    with db.read() as c:
        row = c.execute(select(jobs).where(jobs.c.id == job_id)).one()
        came = c.execute(select(parts).where(parts.c.job_id == job_id)).one_or_none()
    assert row.state in ("queued", "running"), row.error
    return (row, came) if row.outcome is not None and came is not None else None
