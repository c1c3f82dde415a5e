"""Paints the catalogue's pictures; also a program of its own, so that several paint at once.

It prints a JSON line for each product painted: its place in the catalogue and its pictures' names.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from services.cli.sample.products import Product, products
from services.cli.sample.queries import query_files
from services.cli.sample.scene.photo import photograph
from services.cli.sample.scene.studio import shots
from services.cli.sample.seeded import seeded

_SHOT_QUALITY = 88
_PHOTO_QUALITY = 84


@dataclass(frozen=True, slots=True)
class Order:
    """The products at `first`, `first + step`, … of a catalogue of `count`, painted into `folder`."""

    folder: str
    seed: int
    count: int
    first: int
    step: int


@dataclass(frozen=True, slots=True)
class Painted:
    """A product's place in the catalogue and its pictures' names within the folder."""

    place: int
    images: tuple[str, ...]


def paint(order: Order) -> Iterator[Painted]:
    """Raises OSError where the folder cannot be written."""
    folder = Path(order.folder)
    photos = query_files(order.seed, order.count)
    catalogue = enumerate(products(order.seed, order.count))
    for place, product in islice(catalogue, order.first, None, order.step):
        if place in photos:
            _photograph(product, folder / photos[place])
        yield Painted(place, _shoot(product, folder))


def _shoot(product: Product, folder: Path) -> tuple[str, ...]:
    names = []
    for number, picture in enumerate(shots(product.shape, product.design), start=1):
        names.append(f"images/{product.id}-{number}.jpg")
        picture.save(folder / names[-1], quality=_SHOT_QUALITY)
    return tuple(names)


def _photograph(product: Product, path: Path) -> None:
    rng = seeded(f"{product.design.seed}/{path.name}")
    photograph(product.shape, product.design, rng).save(path, quality=_PHOTO_QUALITY)


def main() -> None:
    """Takes the order as JSON in its only argument."""
    # Ctrl-C reaches the whole group: the parent decides what becomes of it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for painted in paint(Order(**json.loads(sys.argv[1]))):
        sys.stdout.write(json.dumps(asdict(painted)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
