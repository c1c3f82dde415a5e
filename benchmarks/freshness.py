"""From the acknowledged write to the search that shows it: a price, a delete, a product with a photo."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import httpx

from benchmarks.shop import fashion_photo, fashion_rows, import_fashion, quantiles, report, search, shop

TURNS = int(os.environ.get("TURNS", "25"))
STORED = 300


def main() -> None:
    rows = fashion_rows()
    with shop() as (stack, client):
        import_fashion(client, rows[:STORED])
        search(client, fashion_photo(rows[0]))

        def shows(photo: bytes, seen: Callable[[list[dict[str, Any]]], bool], **fields: Any) -> float:
            started = time.perf_counter()
            while True:
                hits = search(client, photo, limit=5, **fields)["result"]["items"][0]["hits"]
                if seen(hits):
                    return time.perf_counter() - started

        patched, deleted, pictured = [], [], []
        for n in range(TURNS):
            row = rows[n]
            photo = fashion_photo(row)
            price = {"amount": f"{n + 1}.00", "currency": "XTS"}
            httpx.patch(f"{stack.url}/v1/products/{row['id']}", json={"price": price}).raise_for_status()
            # Found by a filter on the new price: the index itself must show it, not only the join.
            wanted = {"price": {"min": n + 1, "max": n + 1, "currency": "XTS"}}
            patched.append(
                shows(
                    photo, lambda hits, i=row["id"]: [h["product"]["id"] for h in hits] == [i], filters=wanted
                )
            )
            client.delete(f"/v1/products/{row['id']}")
            deleted.append(
                shows(photo, lambda hits, i=row["id"]: i not in [h["product"]["id"] for h in hits])
            )

            new = rows[-1 - n]
            photo = fashion_photo(new)
            image = client.post("/v1/images", files={"image": photo})
            body = {"title": new["title"], "images": [f"upload:{image['id']}"]}
            client.put(f"/v1/products/new-{n}", body)
            pictured.append(shows(photo, lambda hits, i=f"new-{n}": i in [h["product"]["id"] for h in hits]))
    figures = {
        name: quantiles(took) for name, took in (("patch", patched), ("delete", deleted), ("photo", pictured))
    }
    report(
        "freshness",
        [["ms", "p50", "p95", "p99"], *([name, *f.values()] for name, f in figures.items())],
        **{f"{name}_p95_ms": f["p95"] for name, f in figures.items()},
    )


if __name__ == "__main__":
    main()
