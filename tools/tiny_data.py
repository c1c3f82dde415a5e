"""Lays down what the bundled model `tiny` learns from: `python -m tools.tiny_data FOLDER`.

Only photos whose licence allows it, and none of the catalogues that measure it: the clothing photos (CC0),
the COCO photos and the things cut out of them, a sample catalogue of another seed than the demo's, drawn by
our own code, and, as a last resort, since it has things that no other has, the ImageNet sample.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from benchmarks.shop import need_data
from services.cli.sample.catalog import write_sample

DRAWN_SEED = 2026
DRAWN = 600
# Smaller things are enlarged more than a search ever enlarges.
LEAST_SIDE = 80

Row = tuple[str, str, str]  # id, category, images


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("python -m tools.tiny_data FOLDER")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True)
    photos = need_data() / "photos"
    (folder / "clothing").symlink_to(photos / "clothing" / "train")
    (folder / "imagenet").symlink_to(photos / "imagenet-sample")
    (folder / "coco").symlink_to(need_data() / "coco-val" / "images")
    rows = [*_clothing(folder), *_one_each(folder, "imagenet"), *_one_each(folder, "coco")]
    rows += [*_cut_out(folder, need_data() / "coco-val" / "labels"), *_drawn(folder)]
    with (folder / "products.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "category", "images"), *rows])
    print(f"{len(rows)} things, {sum(row[2].count('|') + 1 for row in rows)} pictures")


def _clothing(folder: Path) -> Iterator[Row]:
    for path in sorted((folder / "clothing").glob("*/*")):
        yield f"clothing/{path.name}", path.parent.name, str(path.relative_to(folder))


def _one_each(folder: Path, name: str) -> Iterator[Row]:
    for path in sorted((folder / name).iterdir()):
        yield f"{name}/{path.name}", name, str(path.relative_to(folder))


def _cut_out(folder: Path, boxes: Path) -> Iterator[Row]:
    (folder / "things").mkdir()
    for path in sorted((folder / "coco").iterdir()):
        found = boxes / f"{path.stem}.txt"
        lines = found.read_text().splitlines() if found.exists() else []
        with Image.open(path) as photo:
            for number, line in enumerate(lines):
                x, y, w, h = (float(value) for value in line.split()[1:])
                edges = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
                sides = (photo.width, photo.height) * 2
                thing = photo.convert("RGB").crop([round(e * s) for e, s in zip(edges, sides, strict=True)])
                if min(thing.size) >= LEAST_SIDE:
                    name = f"things/{path.stem}-{number}.jpg"
                    thing.save(folder / name, quality=92)
                    yield name, "thing", name


def _drawn(folder: Path) -> Iterator[Row]:
    sample = write_sample(folder / "drawn", seed=DRAWN_SEED, products=DRAWN)
    photographed = {query.product_id: query.file for query in sample.queries}
    with sample.manifest.open(encoding="utf-8") as file:
        for product in csv.DictReader(file):
            images = product["images"].split("|")
            if product["id"] in photographed:
                images.append(photographed[product["id"]])
            yield f"drawn/{product['id']}", product["category"], "|".join(f"drawn/{i}" for i in images)


if __name__ == "__main__":
    main()
