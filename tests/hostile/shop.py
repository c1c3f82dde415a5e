"""A gateway, a vision worker and an index worker over one truth, in this process and without a broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.messages import JobMessage
from shared.topology import EMBED, LOOKUP, Stage
from tests.faults.truth import Truth
from tests.gateway_rig import NOWHERE, Gateway
from tests.index_rig import Worker
from tests.vision_rig import TENANT, VisionRig, picture
from workers.vision import search
from workers.vision.tasks import handle

PHOTO = picture(1)


class Shop:
    """Calls are made with an admin key of the tenant whose catalog the workers serve."""

    def __init__(self, gateway: Gateway, vision: VisionRig, indexer: Worker) -> None:
        self.gateway, self.vision, self.indexer = gateway, vision, indexer
        self.key = gateway.key(TENANT)
        (vision.folder / "a.png").write_bytes(PHOTO)

    def send(self, method: str, path: str, **asked: Any) -> Any:
        answer = self.gateway.client.open(path, method=method, headers=self.key, **asked)
        assert answer.status_code < 300, (path, answer.text)
        return answer.json

    def load(self, body: bytes, name: str, **fields: str) -> dict[str, Any]:
        """The job of an import that has ended."""
        sent = self.gateway.send_manifest(body, name, headers=self.key, base="", **fields)
        assert sent.status_code == 202, sent.text
        while self.vision.loop.once():
            pass
        return dict(self.send("GET", f"/v1/jobs/{sent.json['id']}"))

    def item(self, **asked: Any) -> dict[str, Any]:
        """What a search finds."""
        job = self.search(PHOTO, limit=100, **asked)
        assert job["state"] == "succeeded", job
        return dict(job["result"]["items"][0])

    def search(self, photo: bytes, **asked: Any) -> dict[str, Any]:
        """The job of a search that has ended."""
        sent = self.gateway.search(photo, headers=self.key, **asked)
        assert sent.status_code == 202, sent.text
        job_id = sent.json["id"]
        self.work(job_id, EMBED, search.run)
        if self.vision.job(job_id).stage == LOOKUP.name:
            self.indexer.answer(job_id)
        return dict(self.send("GET", f"/v1/jobs/{job_id}"))

    def work(self, job_id: str, stage: Stage, story: Any) -> None:
        """What a vision worker does with a message."""
        handle(self.vision.vision, JobMessage(job_id, stage.name).to_wire(), story)


@contextmanager
def opened(url: str, home: Path) -> Iterator[Shop]:
    """An empty shop. At its end every answer of its gateway was one that the contract tells."""
    truth = Truth(url, home)
    truth.begin()
    gateway = Gateway(url, store=truth.store(), redis_url=NOWHERE, max_queue_wait=3600.0)
    with truth.vision(quality_gate=False) as vision:
        yield Shop(gateway, vision, truth.index_worker())
    gateway.close()
    assert gateway.undocumented == []
