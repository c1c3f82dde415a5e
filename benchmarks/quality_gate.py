"""What the quality gate's thresholds reject: good photos by mistake, damaged ones on purpose.

Needs the real photos (`TUSOU_DATA`, default ../shared/data). The last line is one JSON object:
`false_reject` is the share of good photos rejected by folder, `caught` that of damaged ones by damage.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageFilter

from shared.images.header import Header, read_header
from workers.vision.quality import QualityThresholds, judge, measure

FOLDERS = ("photos/clothing", "catalogs/fashion", "catalogs/general")
DAMAGED_PER_FOLDER = 353
THRESHOLDS = QualityThresholds()

Damage = Callable[[Image.Image], Image.Image]


def exposed(gain: float, offset: float = 0) -> Damage:
    return lambda image: image.point(lambda value: value * gain + offset)


DAMAGES: dict[str, Damage] = {
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(8)),
    "dark": exposed(0.08),
    "flat": exposed(0.05, 121),
    "tiny": lambda image: image.resize((20, 20)),
    "blown_out": exposed(32),
}


def photos(folder: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if isinstance(read_header(path.read_bytes()), Header))


def loaded(paths: list[Path]) -> Iterator[Image.Image]:
    for path in paths:
        with Image.open(path) as image:
            yield image.convert("RGB")


def rejected(image: Image.Image) -> bool:
    return bool(judge(measure(image, min(image.size)), THRESHOLDS))


def share(verdicts: list[bool]) -> float:
    return round(sum(verdicts) / len(verdicts), 4)


def main() -> None:
    data = Path(os.environ.get("TUSOU_DATA", "../shared/data"))
    false_reject: dict[str, float] = {}
    caught: dict[str, dict[str, float]] = {damage: {} for damage in DAMAGES}
    for folder in FOLDERS:
        paths = photos(data / folder)
        if not paths:
            raise SystemExit(
                f"no photos in {data / folder}: TUSOU_DATA must name the folder that holds {folder}"
            )
        false_reject[folder] = share([rejected(image) for image in loaded(paths)])
        print(f"{folder}: {len(paths)} good photos, {false_reject[folder]:.2%} rejected")
        some = random.Random(7).sample(paths, min(DAMAGED_PER_FOLDER, len(paths)))
        for name, damage in DAMAGES.items():
            caught[name][folder] = share([rejected(damage(image)) for image in loaded(some)])
            print(f"    {name:10} {caught[name][folder]:7.2%} of {len(some)} rejected")
    print(json.dumps({"name": "quality_gate", "false_reject": false_reject, "caught": caught}))


if __name__ == "__main__":
    main()
