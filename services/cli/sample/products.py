"""The sample shop's products: what each is called, costs and looks like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.palette import COLORS, PARTNERS
from services.cli.sample.seeded import seeded
from services.cli.sample.shapes.registry import SHAPES
from services.cli.sample.wording import BRANDS, COLLECTIONS, FACTS, LABELS, LOOKS, MADE_OF


@dataclass(frozen=True, slots=True)
class Product:
    """Its manifest's fields as text, and how it is drawn."""

    id: str
    title: str
    description: str
    price: str
    currency: str
    rating: str
    rating_count: str
    brand: str
    color: str
    category: str
    availability: str
    labels: tuple[str, ...]
    url: str
    shape: Shape
    design: Design


def products(seed: int, count: int) -> Iterator[Product]:
    """The categories take turns; a smaller catalogue is the beginning of a larger one."""
    for place in range(count):
        yield _product(seed, SHAPES[place % len(SHAPES)], place // len(SHAPES))


def _product(seed: int, shape: Shape, number: int) -> Product:
    name = f"{seed}/{shape.category}/{number}"
    design = _design(seed, shape, number, name)
    facts = FACTS[shape.category]
    rng = seeded(f"{name}/facts")
    collection = COLLECTIONS[(number * 7 + rng.randrange(3)) % len(COLLECTIONS)]
    what = f"{LOOKS.get(design.pattern, design.pattern)} {design.cut}".lstrip()
    material = MADE_OF.get(design.cut, rng.choice(facts.materials))
    made = f"in {design.main.name} and {design.second.name}, made of {material}"
    product_id = f"{shape.category.upper()}-{number + 1:03d}"
    return Product(
        id=product_id,
        title=f"{collection} {what}, {design.main.name}",
        description=f"{what[0].upper()}{what[1:]} {made}. It {rng.choice(facts.merits)}.",
        price=f"{rng.randint(facts.cheapest, facts.dearest)}.{rng.choice(('90', '90', '95', '50', '00'))}",
        currency="EUR",
        rating=f"{min(5.0, max(2.8, rng.gauss(4.3, 0.4))):.1f}",
        rating_count=str(round(rng.lognormvariate(4.2, 1.1))),
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
    seeded(f"{seed}/{shape.category}/colors").shuffle(deck)
    main = deck[number % len(deck)]
    second, accent = seeded(f"{name}/colors").sample(PARTNERS[main], 2)
    return Design(
        seed=name,
        cut=shape.cuts[number % len(shape.cuts)],
        pattern=shape.patterns[number % len(shape.patterns)],
        main=COLORS[main],
        second=COLORS[second],
        accent=COLORS[accent],
    )
