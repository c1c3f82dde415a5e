"""A shop as the client of a fleet: its catalogue, its photos, and what it was promised."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from shared.index.placement import shard_of
from tests.deployment import until

OPEN = ("queued", "running")
SAME = 0.99  # the score of an image that finds itself; other photos of the fake model are far below
POST_WITHIN_S = 3.0  # whatever is away


def photo(number: int) -> bytes:
    """The photo of product `number`: noise, which the fake model tells from any other."""
    pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), np.uint8)
    return png(Image.fromarray(pixels))


def plain(*colour: int) -> bytes:
    """A photo of one colour: tests/faults/marked_worker.py knows some."""
    return png(Image.new("RGB", (64, 64), colour))


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True)
class Posted:
    """How one POST was answered. `status` 0: not at all."""

    status: int
    seconds: float
    body: dict[str, Any] = field(default_factory=dict)
    retry_after_s: int | None = None

    @property
    def in_order(self) -> bool:
        """Accepted, or told when to come back."""
        return self.status == 202 or (self.status in (429, 503) and self.retry_after_s is not None)


class Shop:
    """Speaks HTTP only, and remembers every job that it was promised."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30.0, limits=httpx.Limits(max_connections=64))
        self._promised: dict[str, str | None] = {}  # job → the product that it has to find first

    def search(self, image: bytes, *, key: str | None = None) -> Posted:
        headers = {"Idempotency-Key": key} if key else {}
        return self._post("/v1/searches", files={"image": image}, headers=headers)

    def search_for(self, number: int) -> Posted:
        """With the photo of product `number`; a promise."""
        return self._promise(self.search(photo(number)), f"p{number}")

    def accepted(self, image: bytes) -> str:
        """The job of a search that is no promise; who is told to come back later does."""
        while (posted := self.search(image)).status == 429:
            time.sleep(0.5)
        assert posted.status == 202, posted
        return str(posted.body["id"])

    def accepted_at_once(self, images: Sequence[bytes]) -> list[str]:
        """Jobs of as many promises."""
        with ThreadPoolExecutor(len(images)) as pool:
            ids = list(pool.map(self.accepted, images))
        self._promised |= dict.fromkeys(ids)
        return ids

    def accepted_for(self, numbers: Sequence[int]) -> list[str]:
        """Jobs of as many promises, each with the photo of a product."""
        ids = self.accepted_at_once([photo(n) for n in numbers])
        self._promised |= {job_id: f"p{n}" for job_id, n in zip(ids, numbers, strict=True)}
        return ids

    def _promise(self, posted: Posted, product: str | None) -> Posted:
        if posted.status == 202:
            assert posted.body["id"] not in self._promised
            self._promised[posted.body["id"]] = product
        return posted

    def all_found(self, within: float = 60.0, *, shards: int = 1) -> int:
        """Every promised search ended well and found what it should; how many they were, now forgotten.

        With several `shards` an answer may be partial, and then lacks products of the shards that it names.
        """
        promised, self._promised = self._promised, {}
        for job_id, product in promised.items():
            job = self.end(job_id, within)
            hits = found(job, partial=shards > 1)
            if product is None or (shards > 1 and shard_of(product, shards) in missing(job)):
                continue
            assert hits[0] == (product, pytest.approx(1.0, abs=1e-3)), hits
        return len(promised)

    def first_found(self, image: bytes) -> str:
        """The product that a search with this photo finds first."""
        return found(self.end(self.accepted(image)))[0][0]

    def load(self, folder: Path, images: dict[str, bytes]) -> str:
        """Import one product for each image, by its path in the data folder; returns the job's id."""
        rows = []
        for product_id, image in images.items():
            (folder / f"{product_id}.png").write_bytes(image)
            rows.append(json.dumps({"id": product_id, "title": product_id, "images": [f"{product_id}.png"]}))
        posted = self._post("/v1/imports", files={"manifest": ("m.jsonl", "\n".join(rows))})
        assert posted.status == 202, posted
        return str(posted.body["id"])

    def _post(self, path: str, **request: Any) -> Posted:
        began = time.monotonic()
        try:
            answer = self._http.post(path, **request)
        except httpx.HTTPError:
            return Posted(0, time.monotonic() - began)
        after = answer.headers.get("Retry-After")
        seconds = time.monotonic() - began
        return Posted(answer.status_code, seconds, answer.json(), None if after is None else int(after))

    def put_image(self, folder: Path, product_id: str, image: bytes) -> None:
        """Make this image the product's only one, by its path in the data folder."""
        name = f"{product_id}-{hashlib.sha256(image).hexdigest()[:8]}.png"
        (folder / name).write_bytes(image)
        body = {"title": product_id, "images": [name]}
        answer = self._http.put(f"/v1/products/{product_id}", json=body)
        assert answer.status_code == 202, answer.text
        assert self.end(answer.json()["id"])["state"] == "succeeded"

    def match(self, image: bytes) -> str | None:
        """The product that shows just this image, empty where none does; None: not answered, or in part."""
        try:
            answer = self._http.post("/v1/searches", files={"image": image}, headers={"Prefer": "wait=10"})
        except httpx.HTTPError:
            return None
        job = answer.json() if answer.status_code == 200 else {}
        if job.get("state") != "succeeded" or job["result"]["index"]["partial"]:
            return None
        hits = job["result"]["items"][0]["hits"]
        return hits[0]["product"]["id"] if hits and hits[0]["score"] > SAME else ""

    def get(self, path: str) -> Any:
        return self._http.get(path).json()

    def post(self, path: str) -> Posted:
        return self._post(path)

    def cancel(self, job_id: str) -> None:
        assert self._http.delete(f"/v1/jobs/{job_id}").status_code == 200

    def delete(self, path: str) -> dict[str, Any]:
        answer = self._http.delete(path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def row_errors(self, job_id: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._http.get(f"/v1/imports/{job_id}/errors").text.splitlines()]

    def job(self, job_id: str) -> dict[str, Any]:
        """The job; an empty one while the gateway cannot tell."""
        try:
            answer = self._http.get(f"/v1/jobs/{job_id}")
        except httpx.HTTPError:
            return {"state": "queued"}
        return dict(answer.json()) if answer.status_code == 200 else {"state": "queued"}

    def end(self, job_id: str, within: float = 60.0) -> dict[str, Any]:
        """The job once it has ended."""

        def ended() -> dict[str, Any] | None:
            job = self.job(job_id)
            return None if job["state"] in OPEN else job

        return dict(until(ended, within=within, what=f"the end of job {job_id}"))

    def close(self) -> None:
        self._http.close()


@contextmanager
def stocked(url: str, folder: Path, products: int) -> Iterator[Shop]:
    """A shop with so many products, loaded from the data folder: `p{n}` shows `photo(n)`."""
    shop = Shop(url)
    job = shop.load(folder, {f"p{n}": photo(n) for n in range(products)})
    assert shop.end(job)["state"] == "succeeded"
    yield shop
    shop.close()


@contextmanager
def shopping(shop: Shop, products: int, every_s: float = 0.1) -> Iterator[list[Posted]]:
    """Somebody searches for one product after another while the block runs; the list fills with answers."""
    posted: list[Posted] = []
    over = threading.Event()

    def go_round() -> None:
        number = 0
        while not over.wait(every_s):
            posted.append(shop.search_for(number % products))
            number += 1

    thread = threading.Thread(target=go_round)
    thread.start()
    try:
        yield posted
    finally:
        over.set()
        thread.join()


def missing(job: dict[str, Any]) -> list[int]:
    """Shards that a search has no answer of."""
    assert job["state"] == "succeeded", job
    return list(job["result"]["index"]["missing"])


def found(job: dict[str, Any], *, partial: bool = False) -> list[tuple[str, float]]:
    """(product, score) of each hit of a search, best first."""
    assert partial or not missing(job), job
    assert job["state"] == "succeeded", job
    return [(hit["product"]["id"], hit["score"]) for hit in job["result"]["items"][0]["hits"]]
