"""Images a second of an import through the real pipeline, beside a bare loop of the same model and batch."""

from __future__ import annotations

import os
import time

from benchmarks.bare import Bare
from benchmarks.shop import fashion_photo, fashion_rows, import_fashion, report, shop
from workers.vision.batching.warmup import choose_import_batch

ROWS = int(os.environ.get("ROWS", "1500"))
BARE_ROWS = 400


def main() -> None:
    rows = fashion_rows()[:ROWS]
    photos = [fashion_photo(row) for row in rows[:BARE_ROWS]]
    bare = Bare()
    batch = choose_import_batch(bare.model, on_gpu=bare.model.device == "cuda")
    before = _bare_rate(bare, photos, batch)
    with shop(TUSOU_IMPORT_BATCH=str(batch)) as (_, client):
        started = time.perf_counter()
        job = import_fashion(client, rows)
        ours = job["result"]["embedded"] / (time.perf_counter() - started)
    after = _bare_rate(bare, photos, batch)
    limit = (before + after) / 2
    report(
        "import_rate",
        [
            ["", "images/s"],
            ["ours, from POST to the end of the job", f"{ours:.1f}"],
            ["bare loop before and after", f"{before:.1f}  {after:.1f}"],
        ],
        ours=round(ours, 1),
        limit=round(limit, 1),
        ratio=round(ours / limit, 3),
        batch=batch,
        images=len(rows),
    )


def _bare_rate(bare: Bare, photos: list[bytes], batch: int) -> float:
    started = time.perf_counter()
    for _ in bare.stream(photos, batch):
        pass
    return len(photos) / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
