"""R@1, R@10 and mAP@100 on the general catalogue through the API, beside exact cosine on the same vectors.

A query is each image whose product has another image; itself and byte-identical copies are excluded.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from benchmarks.shop import MODEL, need_data, report, search, shop
from services.cli.client import Client
from services.cli.embedded.stack import Stack
from shared.db.engine import Database
from shared.db.tables import images, indexes, segments
from shared.storage.open import open_store
from shared.vectors.codec import decode_block
from workers.trainer.evaluation.retrieval import DEPTH, Ranking, Retrieval, retrieval


def main() -> None:
    folder = need_data() / "catalogs/general"
    products = [
        json.loads(line) for line in (folder / "products.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    with shop(TUSOU_QUALITY_GATE="false") as (stack, client):
        job = client.wait(
            client.start_import(folder / "products.jsonl", base="catalogs/general"), timeout=600
        )
        if job["state"] != "succeeded":
            raise SystemExit(f"the import did not end well: {job}")
        known = _images(stack)
        copies = defaultdict(set)
        digests = {}
        for product in products:
            for source in product["images"]:
                digest = hashlib.sha256((folder / source).read_bytes()).hexdigest()
                digests[product["id"], source] = digest
                copies[digest].add(known[product["id"], source]["id"])
        queries = [
            (product["id"], source, copies[digest])
            for product in products
            for source in product["images"]
            for digest in [digests[product["id"], source]]
            if any(digests[product["id"], other] != digest for other in product["images"])
        ]
        version = job["result"]["version"]
        by_image = [_rank(client, folder, q, known, version, "image") for q in queries]
        by_product = [_rank(client, folder, q, known, version, "product") for q in queries]
        exact = _exact(stack, queries, known)
    ours, limit, product = (_figures(found) for found in (by_image, exact, by_product))
    report(
        "relevance",
        [
            [f"{len(queries)} queries, {MODEL}", "R@1", "R@10", "mAP@100"],
            ["through the API, by image", *(f"{v:.4f}" for v in (ours.r1, ours.r10, ours.map))],
            ["exact cosine, same vectors", *(f"{v:.4f}" for v in (limit.r1, limit.r10, limit.map))],
            ["through the API, by product", f"{product.r1:.4f}", f"{product.r10:.4f}", ""],
        ],
        r1=round(ours.r1, 4),
        r10=round(ours.r10, 4),
        map=round(ours.map, 4),
        exact_r1=round(limit.r1, 4),
        exact_map=round(limit.map, 4),
        r10_product=round(product.r10, 4),
        queries=len(queries),
        model=MODEL,
    )


Query = tuple[str, str, set[str]]


def _images(stack: Stack) -> dict[tuple[str, str], dict[str, Any]]:
    with Database(stack.settings.sql_url).read() as c:
        owned = select(images).where(images.c.product_id.is_not(None))
        return {(i.product_id, i.source): dict(i._mapping) for i in c.execute(owned)}


def _right(query: Query, known: dict[tuple[str, str], dict[str, Any]]) -> set[str]:
    product_id, _, excluded = query
    return {i["id"] for (owner, _), i in known.items() if owner == product_id} - excluded


def _rank(client: Client, folder: Path, query: Query, known: Any, version: str, group_by: str) -> Ranking:
    product_id, source, excluded = query
    job = search(
        client,
        (folder / source).read_bytes(),
        limit=DEPTH,
        group_by=group_by,
        min_version=version,
        exclude={"image_ids": sorted(excluded), "product_ids": []},
    )
    hits = job["result"]["items"][0]["hits"]
    count = len(_right(query, known)) if group_by == "image" else 1
    return Ranking(tuple(hit["product"]["id"] == product_id for hit in hits), count)


def _exact(stack: Stack, queries: list[Query], known: Any) -> list[Ranking]:
    """The oracle: every stored vector against every other, in float32."""
    ids, vectors, owners = [], [], []
    store = open_store(stack.settings.store_url)
    with Database(stack.settings.sql_url).read() as c:
        parts = list(c.execute(select(segments)))
        fingerprint = c.execute(select(indexes.c.fingerprint)).scalar_one()
    for part in parts:
        data = store.get_range(part.object, part.offset, part.length, sha256=part.sha256)
        dim = int.from_bytes(data[6:8], "little")
        rows = decode_block(data, fingerprint=fingerprint, dim=dim)
        ids += rows.image_ids
        owners += rows.product_ids
        vectors.append(rows.vectors.astype(np.float32))
    matrix = np.concatenate(vectors)
    place = {image_id: n for n, image_id in enumerate(ids)}
    found: list[Ranking] = []
    for product_id, source, excluded in queries:
        scores = matrix @ matrix[place[known[product_id, source]["id"]]]
        order = [n for n in np.argsort(-scores, kind="stable") if ids[n] not in excluded][:DEPTH]
        count = len(_right((product_id, source, excluded), known))
        found.append(Ranking(tuple(owners[n] == product_id for n in order), count))
    return found


def _figures(rankings: list[Ranking]) -> Retrieval:
    found = retrieval(rankings)
    assert found is not None, "each query has a right answer"
    return found


if __name__ == "__main__":
    main()
