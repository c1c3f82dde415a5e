"""The real photos that the gate is calibrated with and judged by, in two halves that share no photo."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from PIL import Image

from benchmarks.shop import need_data
from shared.images.header import Header, read_header

T = TypeVar("T")

# The aims hold for these, and thresholds are found on one half of each.
FOLDERS = ("photos/clothing", "catalogs/fashion", "catalogs/general")
# No threshold ever saw these.
OTHERS = ("photos/imagenet-sample", "coco-val")
CALIBRATE, REPORT = 0, 1


def photos(folder: str) -> list[Path]:
    """All photos of a folder of the data, sorted. Exits where there are none."""
    files = sorted(path for path in (need_data() / folder).rglob("*") if path.is_file())
    found = [path for path in files if isinstance(read_header(path.read_bytes()), Header)]
    if not found:
        raise SystemExit(f"no photos in {need_data() / folder} (TUSOU_DATA)")
    return found


def half(paths: Iterable[Path], which: int) -> list[Path]:
    """Those of one half, by their content: byte-identical copies fall in the same."""
    return [path for path in paths if seed_of(path) % 2 == which]


def some(paths: list[Path], count: int) -> list[Path]:
    """At most `count`, always the same ones, whatever they are called."""
    return sorted(paths, key=lambda path: hashlib.sha256(path.read_bytes()).digest()[8:])[:count]


def seed_of(path: Path) -> int:
    return int.from_bytes(hashlib.sha256(path.read_bytes()).digest()[:4], "big")


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def each(work: Callable[[Path], T], paths: Iterable[Path]) -> list[T]:
    """`work` of every photo, in order, on both cores: Pillow and NumPy let the other thread run."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, paths))
