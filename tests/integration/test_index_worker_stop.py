"""An index worker that is told to stop under load ends what it has begun, and leaves the rest to replicas."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import func, select, update

from shared.db.engine import now
from shared.db.tables import jobs, replicas
from shared.dispatch import Dispatcher
from shared.messages import PartMessage
from shared.topology import INDEX_SEARCH, index_queue
from tests.deployment import until
from tests.index_rig import Rig, unit
from tests.servers.processes import ending_with_us
from tests.servers.valkey import Valkey

GROUP = "g1"
QUEUE = index_queue(GROUP).name
SEARCHES = 150
START_WITHIN_S = 30.0
STOP_WITHIN_S = 20.0


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    rig = Rig(f"sqlite:///{tmp_path / 'tusou.db'}", tmp_path)
    rig.put("p", unit(1))
    return rig


@pytest.fixture
def worker(rig: Rig, valkey: Valkey) -> Iterator[subprocess.Popen[bytes]]:
    """An index worker of the rig's group, that has said it is there."""
    env = {
        "TUSOU_HOME": str(rig.folder),
        "TUSOU_DATABASE_URL": str(rig.db.url),
        "TUSOU_REDIS_URL": valkey.url,
        "TUSOU_GROUP": GROUP,
        "TUSOU_ADMIN_PORT": "0",
    }
    command = ending_with_us([sys.executable, "-P", "-m", "workers.indexer"])
    with (rig.folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **env}, stdout=log, stderr=log)
    until(lambda: seen(rig), within=START_WITHIN_S, what="a replica")
    yield process
    process.kill()
    process.wait()


def seen(rig: Rig) -> int:
    with rig.db.read() as c:
        return int(c.execute(select(func.count()).select_from(replicas)).scalar_one())


def finished(rig: Rig) -> int:
    with rig.db.read() as c:
        query = select(func.count()).where(jobs.c.state == "succeeded")
        return int(c.execute(query).scalar_one())


def test_a_worker_told_to_stop_under_load_leaves_what_it_did_not_begin_in_the_queue(
    rig: Rig, worker: subprocess.Popen[bytes], valkey: Valkey
) -> None:
    ids = [rig.job(unit(1)) for _ in range(SEARCHES)]
    with rig.db.write() as c:
        c.execute(update(jobs).values(answer_by=now() + 600))
    sender = Dispatcher(valkey.url)
    for job_id in ids:
        sender.send(INDEX_SEARCH, PartMessage(job_id, GROUP, 1), group=GROUP)
    until(lambda: finished(rig), within=START_WITHIN_S, what="a first answer")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(STOP_WITHIN_S) == os.EX_OK
    assert "cut off" not in (rig.folder / "log").read_text()
    left = sender.ready(QUEUE)
    sender.close()
    assert 0 < left < SEARCHES
    assert finished(rig) + left == SEARCHES
    with redis.Redis.from_url(valkey.url) as broker:
        assert broker.hlen("unacked") == 0
    assert seen(rig) == 0, "senders do not ask it any more"
