"""Collages of two to four product photos: the share of items found, and of right products at rank 1 for each.

The collage's own photo of a product is in the catalogue; `right_other` leaves it out, so that another photo
of the product has to be found. Beside it: each cut-out searched alone, with the box known.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageChops

from benchmarks.shop import need_data, report, search, shop
from services.cli.client import Client
from shared.images.box import Box
from workers.models.detectors.nms import overlap

COLLAGES = int(os.environ.get("COLLAGES", "60"))
DETECTOR = os.environ.get("DETECTOR", "yolox_nano")
SIDE = 1000
# A box that shares half of its area with the thing counts as found, as in PASCAL VOC.
FOUND_OVERLAP = 0.5
PAPERS = ((236, 229, 216), (222, 232, 235), (240, 238, 236), (214, 220, 210))


@dataclass(frozen=True)
class Placed:
    """A product's photo in a collage, and where the thing itself stands."""

    product_id: str
    source: str
    box: Box


def main() -> None:
    folder = need_data() / "catalogs/general"
    products = [
        product
        for line in (folder / "products.jsonl").read_text(encoding="utf-8").splitlines()
        if (product := json.loads(line))["images"]
    ]
    weights = str(need_data() / "weights")
    with shop(TUSOU_DETECTOR=DETECTOR, TUSOU_DETECTOR_WEIGHTS=weights, TUSOU_QUALITY_GATE="false") as (
        _,
        client,
    ):
        job = client.wait(
            client.start_import(folder / "products.jsonl", base="catalogs/general"), timeout=600
        )
        version = job["result"]["version"]
        ids = {
            (product["id"], image["source"]): image["id"]
            for product in products
            for image in client.get(f"/v1/products/{product['id']}")["images"]
        }
        found, right, other, known = [], [], [], []
        for photo, placed in collages(folder, products):
            items = _items(client, photo, version)
            left_out = _items(client, photo, version, [ids[p.product_id, p.source] for p in placed])
            for thing in placed:
                best = _best(items, thing.box)
                found.append(best is not None)
                right.append(best is not None and _first(best) == thing.product_id)
                same = _best(left_out, thing.box)
                other.append(same is not None and _first(same) == thing.product_id)
                alone = search(client, photo, crop=list(thing.box), min_version=version)
                known.append(_first(alone["result"]["items"][0]) == thing.product_id)
    report(
        "multi_item",
        [
            [f"{len(found)} things in {COLLAGES} collages, {DETECTOR}", "share"],
            ["found", f"{np.mean(found):.3f}"],
            ["right at rank 1", f"{np.mean(right):.3f}"],
            ["right at rank 1, its own photo left out", f"{np.mean(other):.3f}"],
            ["right at rank 1 where the box is known", f"{np.mean(known):.3f}"],
        ],
        found=round(float(np.mean(found)), 4),
        right=round(float(np.mean(right)), 4),
        right_other=round(float(np.mean(other)), 4),
        limit=round(float(np.mean(known)), 4),
        detector=DETECTOR,
    )


def collages(folder: Path, products: list[dict[str, Any]]) -> Iterator[tuple[bytes, list[Placed]]]:
    """JPEGs of SIDE x SIDE, each with two to four products on plain paper."""
    rng = np.random.default_rng(0)
    for _ in range(COLLAGES):
        count = int(rng.integers(2, 5))
        chosen = [products[n] for n in rng.choice(len(products), count, replace=False)]
        sheet = Image.new("RGB", (SIDE, SIDE), PAPERS[rng.integers(len(PAPERS))])
        quarters = rng.permutation(4)[:count]
        placed = []
        for product, quarter in zip(chosen, quarters, strict=True):
            source = product["images"][rng.integers(len(product["images"]))]
            thing = _cut_out(Image.open(folder / source).convert("RGB"))
            thing.thumbnail((430, 430))
            left = int(quarter % 2) * SIDE // 2 + int(rng.integers(10, SIDE // 2 - thing.width - 9))
            top = int(quarter // 2) * SIDE // 2 + int(rng.integers(10, SIDE // 2 - thing.height - 9))
            edges = (left, top, left + thing.width, top + thing.height)
            # White of the photo becomes paper.
            sheet.paste(ImageChops.multiply(sheet.crop(edges), thing), edges)
            x0, y0, x1, y1 = (edge / SIDE for edge in edges)
            placed.append(Placed(product["id"], source, (x0, y0, x1, y1)))
        out = io.BytesIO()
        sheet.save(out, "JPEG", quality=92)
        yield out.getvalue(), placed


def _cut_out(photo: Image.Image) -> Image.Image:
    """The part of a photo on white in which something is."""
    box = photo.convert("L").point(lambda level: 255 if level < 240 else 0).getbbox()
    return photo.crop(box) if box else photo


def _items(client: Client, photo: bytes, version: str, excluded: list[str] | None = None) -> list[Any]:
    exclude = {"image_ids": excluded or [], "product_ids": []}
    result: list[Any] = search(client, photo, min_version=version, exclude=exclude)["result"]["items"]
    return result


def _best(items: list[Any], box: Box) -> Any | None:
    """The item that stands where the thing does."""
    overlaps = overlap(np.array(box), np.array([item["box"] for item in items]))
    best = int(overlaps.argmax())
    return items[best] if overlaps[best] >= FOUND_OVERLAP else None


def _first(item: Any) -> str | None:
    return item["hits"][0]["product"]["id"] if item["hits"] else None


if __name__ == "__main__":
    main()
