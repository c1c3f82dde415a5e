"""Searches at one, two and five times what the deployment can hold: who is let in, and how long they wait.

Sixteen clients, each asking again as soon as it is answered, define 1 ×: their rate is the capacity. At 2 ×
and 5 × photos arrive at even distances whatever becomes of the earlier ones, and every time counts from the
moment at which a photo was to arrive, so that a gateway too busy to listen is not let off.
"""

from __future__ import annotations

import http.client
import itertools
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.posting import multipart, post
from benchmarks.shop import fashion_photo, fashion_rows, import_fashion, quantiles, report, shop
from services.cli.client import Client
from shared.settings import Settings

ROWS = int(os.environ.get("ROWS", "300"))
LEVEL_S = float(os.environ.get("LEVEL_S", "12"))  # so long does each load last
CLIENTS = 16
FACTORS = (2, 5)
# Enough of them to be at hand when a photo arrives, though each waits for its answer.
SENDERS = 96
ENDS_WITHIN_S = 60.0


@dataclass(frozen=True)
class Asked:
    """One photo: how it was answered, and how long that took from the moment at which it was to arrive."""

    status: int
    seconds: float
    job_id: str | None


def main() -> None:
    rows = fashion_rows()
    photos = [fashion_photo(row) for row in rows[-100:]]
    with shop(TUSOU_QUALITY_GATE="false") as (stack, client):
        import_fashion(client, rows[:ROWS])
        host = stack.url.removeprefix("http://")
        _closed_loop(host, photos, 3.0)  # warm
        took, rate = _closed_loop(host, photos, LEVEL_S)
        one = quantiles(took)
        table: list[list[object]] = [
            [
                "load",
                "photos/s",
                "accepted/s",
                "refused",
                "accepted p50, ms",
                "p95",
                "p99",
                "refusal p95, ms",
            ],
            [f"1 x: {CLIENTS} clients", f"{rate:.1f}", f"{rate:.1f}", "0.0 %", *one.values(), ""],
        ]
        figures: dict[str, float] = {"p95_1x_ms": one["p95"], "refused_1x": 0.0}
        for factor in FACTORS:
            asked = _open_loop(host, photos, rate * factor, LEVEL_S)
            accepted = [a for a in asked if a.job_id is not None]
            refused = [a.seconds for a in asked if a.status in (429, 503)]
            if len(accepted) + len(refused) != len(asked):
                raise SystemExit(f"neither accepted nor refused: { {a.status for a in asked} }")
            let_in = quantiles([a.seconds + _own_seconds(client, a) for a in accepted])
            turned_away = quantiles(refused)["p95"] if refused else 0.0
            share = len(refused) / len(asked)
            table.append(
                [
                    f"{factor} x: {rate * factor:.0f} photos/s",
                    f"{len(asked) / LEVEL_S:.1f}",
                    f"{len(accepted) / LEVEL_S:.1f}",
                    f"{share * 100:.1f} %",
                    *let_in.values(),
                    turned_away,
                ]
            )
            figures |= {
                f"p95_{factor}x_ms": let_in["p95"],
                f"refused_{factor}x": round(share, 3),
                f"refusal_p95_{factor}x_ms": turned_away,
                f"accepted_{factor}x_per_s": round(len(accepted) / LEVEL_S, 1),
            }
    limit = one["p95"] + Settings().max_queue_wait * 1000
    worst = figures[f"p95_{FACTORS[-1]}x_ms"]
    report(
        "overload",
        table,
        **figures,
        capacity_per_s=round(rate, 1),
        ours=worst,
        limit=round(limit, 1),
        ratio=round(worst / limit, 3),
    )


def _closed_loop(host: str, photos: Sequence[bytes], seconds: float) -> tuple[list[float], float]:
    """Seconds of each search, and searches a second."""
    bodies = [multipart(photo) for photo in photos]
    ends = time.monotonic() + seconds

    def work(number: int) -> list[float]:
        connection = http.client.HTTPConnection(host)
        took = []
        for body in itertools.islice(itertools.cycle(bodies), number, None):
            started = time.monotonic()
            if started >= ends:
                break
            status, said = post(connection, body, wait=30)
            if status != 200 or said["state"] != "succeeded":
                raise SystemExit(f"a search did not succeed: {status} {said}")
            took.append(time.monotonic() - started)
        return took

    started = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        took = [seconds for mine in pool.map(work, range(CLIENTS)) for seconds in mine]
    return took, len(took) / (time.monotonic() - started)


def _open_loop(host: str, photos: Sequence[bytes], rate: float, seconds: float) -> list[Asked]:
    """A photo every 1/rate seconds, for so long."""
    bodies = [multipart(photo) for photo in photos]
    begins = time.monotonic() + 0.1
    arrivals = iter([(n, begins + n / rate) for n in range(int(rate * seconds))])
    next_one = threading.Lock()

    def work(_: int) -> list[Asked]:
        connection = http.client.HTTPConnection(host)
        mine = []
        while True:
            with next_one:
                number, due = next(arrivals, (-1, 0.0))
            if number < 0:
                return mine
            time.sleep(max(0.0, due - time.monotonic()))
            status, said = post(connection, bodies[number % len(bodies)])
            job_id = said["id"] if status == 202 else None
            mine.append(Asked(status, time.monotonic() - due, job_id))

    with ThreadPoolExecutor(SENDERS) as pool:
        return [asked for mine in pool.map(work, range(SENDERS)) for asked in mine]


def _own_seconds(client: Client, asked: Asked) -> float:
    """How long an accepted search took from its acceptance to its end, as the job tells."""
    ends = time.monotonic() + ENDS_WITHIN_S
    while (job := client.get(f"/v1/jobs/{asked.job_id}?wait=10"))["state"] in ("queued", "running"):
        if time.monotonic() > ends:
            raise SystemExit(f"accepted and not answered: {job}")
    if job["state"] != "succeeded":
        raise SystemExit(f"accepted and not answered well: {job}")
    return float(job["timings_ms"]["total"]) / 1000


if __name__ == "__main__":
    main()
