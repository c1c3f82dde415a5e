"""AP50 of the YOLOX file on COCO photos with known boxes, beside the figure its file came with."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.average_precision import Known, ap50
from benchmarks.shop import need_data, report
from workers.models.detectors.coco import COCO
from workers.models.detectors.yolox import YoloX

REFERENCE = 0.497
# COCO counts the best hundred of a photo, whatever they score.
MIN_SCORE = 0.001
MOST = 100


def known_items(folder: Path, photo: Path) -> list[Known]:
    """The photo's `class cx cy w h` lines; a photo of nothing known has no file."""
    path = folder / "labels" / f"{photo.stem}.txt"
    items = []
    for line in path.read_text(encoding="ascii").splitlines() if path.exists() else ():
        number, *numbers = line.split()
        x, y, width, height = map(float, numbers)
        box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        items.append(Known(box, COCO[int(number)]))
    return items


def measure(data: Path) -> tuple[float, float, int]:
    """AP50, images a second and their number."""
    folder = data / "coco-val"
    detector = YoloX((data / "weights/yolox_nano.onnx").read_bytes(), name="yolox_nano", min_score=MIN_SCORE)
    photos = sorted((folder / "images").iterdir())
    images = [np.asarray(Image.open(photo).convert("RGB")) for photo in photos]
    start = time.perf_counter()
    found = [detector.detect([image])[0][:MOST] for image in images]
    rate = len(images) / (time.perf_counter() - start)
    return ap50(found, [known_items(folder, photo) for photo in photos]), rate, len(images)


def main() -> None:
    ours, rate, count = measure(need_data())
    report(
        "detection",
        [
            [f"{count} COCO photos", "AP50", "images/s"],
            ["yolox_nano through ours", f"{ours:.4f}", f"{rate:.1f}"],
            ["its reference", f"{REFERENCE:.4f}", ""],
        ],
        ap50=round(ours, 4),
        reference=REFERENCE,
        images_per_s=round(rate, 1),
    )


if __name__ == "__main__":
    main()
