"""The sample shop's products: what each is called, costs and looks like."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from services.cli.sample.design import Design, Shape
from services.cli.sample.palette import COLORS, PARTNERS
from services.cli.sample.shapes import SHAPES
from services.cli.sample.wording import BRANDS, COLLECTIONS, FACTS, LABELS


@dataclass(frozen=True, slots=True)
class Product:
    id: str
    title: str
    description: str
    price: str
    currency: str
    rating: str
    rating_count: int
    brand: str
    color: str
    category: str
    availability: str
    labels: tuple[str, ...]
    url: str
    shape: Shape
    design: Design


def products(seed: int, count: int) -> Iterator[Product]:
    """The first `count` products, the categories taking turns; a smaller catalogue is a larger one's beginning."""
    for i in range(count):
        yield _product(seed, SHAPES[i % len(SHAPES)], i // len(SHAPES))


def _product(seed: int, shape: Shape, number: int) -> Product:
    name = f"{seed}/{shape.category}/{number}"
    design = _design(seed, shape, number, name)
    rng = random.Random(f"{name}/facts")
    low, high, materials, merits = FACTS[shape.category]
    collection = COLLECTIONS[(number * 7 + rng.randrange(3)) % len(COLLECTIONS)]
    looks = "" if design.pattern in ("plain", "printed") else f"{design.pattern} "
    material, merit = rng.choice(materials), rng.choice(merits)
    product_id = f"{shape.category.upper()}-{number + 1:03d}"
    return Product(
        id=product_id,
        title=f"{collection} {looks}{design.cut}, {design.main.name}",
        description=f"{looks.capitalize()}{design.cut} in {design.main.name} and {design.second.name}, "
        f"made of {material}. It {merit}.",
        price=f"{rng.randint(low, high)}.{rng.choice(('90', '90', '95', '50', '00'))}",
        currency="EUR",
        rating=f"{min(5.0, max(2.8, rng.gauss(4.3, 0.4))):.1f}",
        rating_count=round(rng.lognormvariate(4.2, 1.1)),
        brand=rng.choice(BRANDS),
        color=design.main.name,
        category=shape.category,
        availability=rng.choices(("in_stock", "out_of_stock", "preorder"), (88, 8, 4))[0],
        labels=tuple(sorted(rng.sample(LABELS, rng.choices((0, 1, 2), (5, 4, 1))[0]))),
        url=f"https://shop.example/p/{product_id.lower()}",
        shape=shape,
        design=design,
    )


def _design(seed: int, shape: Shape, number: int, name: str) -> Design:
    """Cuts, patterns and colours are dealt out in turn, so that neighbours differ in all three."""
    deck = list(COLORS)
    random.Random(f"{seed}/{shape.category}/colors").shuffle(deck)
    main = deck[number % len(deck)]
    second, accent = random.Random(f"{name}/colors").sample(PARTNERS[main], 2)
    return Design(
        seed=name,
        cut=shape.cuts[number % len(shape.cuts)],
        pattern=shape.patterns[number % len(shape.patterns)],
        main=COLORS[main],
        second=COLORS[second],
        accent=COLORS[accent],
    )
