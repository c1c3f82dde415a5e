"""A search as ever, and the search right after a photo that is a bomb: the same photos, in turn."""

from __future__ import annotations

import http.client
import os
import time

from benchmarks.posting import multipart, post
from benchmarks.shop import fashion_photo, fashion_rows, import_fashion, quantiles, report, shop
from tests.hostile.images.bombs import bombs, endless_scans

STORED = 300
TURNS = int(os.environ.get("TURNS", "3"))  # through all bombs
WAIT_S = 60


def main() -> None:
    rows = fashion_rows()
    photos = [multipart(fashion_photo(row)) for row in rows[-20:]]
    hostile = {**{name: bomb.data for name, bomb in bombs().items()}, "endless scans": endless_scans()}
    with shop(TUSOU_QUALITY_GATE="false", TUSOU_DECODE_CPU="2") as (stack, client):
        import_fashion(client, rows[:STORED])
        connection = http.client.HTTPConnection("127.0.0.1", stack.settings.port, timeout=2 * WAIT_S)

        def timed(n: int) -> float:
            started = time.perf_counter()
            status, job = post(connection, photos[n % len(photos)], wait=WAIT_S)
            took = time.perf_counter() - started
            if status != 200 or job["state"] != "succeeded":
                raise SystemExit(f"a search did not succeed: {status} {job}")
            return took

        for n in range(20):
            timed(n)
        as_ever, after = [], []
        for turn in range(TURNS):
            for n, data in enumerate(hostile.values()):
                as_ever.append(timed(turn + n))
                status, job = post(connection, multipart(data), wait=WAIT_S)
                if status >= 500:
                    raise SystemExit(f"a bomb was answered with {status}: {job}")
                after.append(timed(turn + n))
        connection.close()
    ours, limit = quantiles(after), quantiles(as_ever)
    report(
        "after_bombs",
        [
            ["search, ms", "p50", "p95", "p99"],
            ["right after a bomb", *ours.values()],
            ["as ever", *limit.values()],
        ],
        ours=ours["p50"],
        limit=limit["p50"],
        ratio=round(ours["p50"] / limit["p50"], 3),
        p95_ratio=round(ours["p95"] / limit["p95"], 3),
        bombs=len(hostile) * TURNS,
    )


if __name__ == "__main__":
    main()
