"""A search at one client and at sixteen, beside the bare decode + model + FAISS."""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np

from benchmarks.bare import Bare
from benchmarks.posting import multipart, post
from benchmarks.shop import (
    fashion_photo,
    fashion_rows,
    import_fashion,
    processor_seconds,
    quantiles,
    report,
    search,
    shop,
)

ROWS = int(os.environ.get("ROWS", "1000"))
SEARCHES = int(os.environ.get("SEARCHES", "200"))
CLIENTS = 16
BATCH = 8


def main() -> None:
    rows = fashion_rows()
    stored, asked = rows[:ROWS], rows[-SEARCHES:]
    photos = [fashion_photo(row) for row in asked]
    bare = Bare()
    flat = faiss.IndexFlatIP(bare.model.dim)
    for vectors in bare.stream([fashion_photo(row) for row in stored], BATCH):
        flat.add(vectors)

    def bare_search(photo: bytes) -> None:
        flat.search(bare.embed([bare.decode(photo)]), 10)

    with shop(TUSOU_QUALITY_GATE="false") as (stack, client):
        import_fashion(client, stored)
        for photo in photos[:20]:
            search(client, photo)
            bare_search(photo)
        # In turn, so that both see the same machine.
        ours, limit, ours_cpu, bare_cpu = [], [], 0.0, 0.0
        for start in range(0, len(photos), 20):
            turn = photos[start : start + 20]
            before = processor_seconds(stack)
            ours += [_timed(lambda p: search(client, p), photo) for photo in turn]
            time.sleep(0.3)  # what a search leaves to do after its answer is its own
            ours_cpu += processor_seconds(stack) - before
            before = time.process_time()
            limit += [_timed(bare_search, photo) for photo in turn]
            bare_cpu += time.process_time() - before
        bare_rate = _bare_rate(bare, flat, photos)
        rate = _rate(stack.url, photos)
        bare_rate = (bare_rate + _bare_rate(bare, flat, photos)) / 2
    a, b = quantiles(ours), quantiles(limit)
    cpu = (ours_cpu - bare_cpu) / len(photos) * 1000
    report(
        "search_latency",
        [
            ["one client, ms", "p50", "p95", "p99"],
            ["POST with Prefer: wait", *a.values()],
            ["bare decode + model + FAISS", *b.values()],
            ["searches/s", "", "", ""],
            [f"{CLIENTS} clients", f"{rate:.1f}", "", ""],
            [f"bare, batches of {BATCH}", f"{bare_rate:.1f}", "", ""],
            ["processor ms per search beyond the bare", f"{cpu:.1f}", "", ""],
        ],
        overhead_p50_ms=round(a["p50"] - b["p50"], 1),
        p99_ms=a["p99"],
        throughput_ratio=round(rate / bare_rate, 3),
        overhead_cpu_ms=round(cpu, 1),
        ours=round(rate, 1),
        limit=round(bare_rate, 1),
    )


def _timed(call: Callable[[bytes], object], photo: bytes) -> float:
    started = time.perf_counter()
    call(photo)
    return time.perf_counter() - started


def _bare_rate(bare: Bare, flat: faiss.IndexFlatIP, photos: list[bytes]) -> float:
    started = time.perf_counter()
    for vectors in bare.stream(photos, BATCH):
        flat.search(np.ascontiguousarray(vectors), 10)
    return len(photos) / (time.perf_counter() - started)


def _rate(url: str, photos: list[bytes]) -> float:
    """Searches a second of 16 clients."""
    host = url.removeprefix("http://")
    bodies = [multipart(photo) for photo in photos]

    def work(number: int) -> int:
        connection = http.client.HTTPConnection(host)
        mine = bodies[number::CLIENTS] * 2
        for body in mine:
            status, said = post(connection, body, wait=30)
            if status != 200 or said["state"] != "succeeded":
                raise SystemExit(f"a search did not succeed: {status} {said}")
        return len(mine)

    with ThreadPoolExecutor(CLIENTS) as pool:
        started = time.perf_counter()
        done = sum(pool.map(work, range(CLIENTS)))
        return done / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
