"""Searches of one client while an import runs, beside the same searches on an idle deployment."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from benchmarks.shop import (
    fashion_photo,
    fashion_rows,
    import_fashion,
    quantiles,
    report,
    search,
    shop,
    timed_searches,
    write_rows,
)

ROWS = int(os.environ.get("ROWS", "1500"))
STORED = 500
SEARCHES = 100


def main() -> None:
    rows = fashion_rows()
    photos = [fashion_photo(row) for row in rows[-SEARCHES:]]
    with shop(TUSOU_QUALITY_GATE="false") as (_, client), tempfile.TemporaryDirectory() as folder:
        import_fashion(client, rows[:STORED])
        for photo in photos[:10]:
            search(client, photo)
        idle = timed_searches(client, photos, len(photos)).seconds
        manifest = write_rows(rows[STORED : STORED + ROWS], Path(folder) / "more.csv")
        job = client.start_import(manifest, base="catalogs/fashion")
        while not (client.get(f"/v1/jobs/{job['id']}")["progress"] or {}).get("rows_done"):
            time.sleep(0.1)
        busy: list[float] = []
        while client.get(f"/v1/jobs/{job['id']}")["state"] == "running" and len(busy) < SEARCHES * 3:
            busy += timed_searches(client, photos, 10).seconds
    a, b = quantiles(idle), quantiles(busy)
    report(
        "search_during_import",
        [
            ["ms", "p50", "p95", "p99"],
            ["idle", *a.values()],
            [f"importing ({len(busy)} searches)", *b.values()],
        ],
        idle_p50_ms=a["p50"],
        idle_p95_ms=a["p95"],
        busy_p50_ms=b["p50"],
        busy_p95_ms=b["p95"],
    )


if __name__ == "__main__":
    main()
