"""The words of the sample shop: invented brands and collections, and what is said of a product."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """Of a category: the range of prices, what its products are made of, and what each does well."""

    cheapest: int
    dearest: int
    materials: tuple[str, ...]
    merits: tuple[str, ...]


BRANDS = (
    "Otterbeck",
    "Havnlys",
    "Brindlewood",
    "Marenvik",
    "Tallgrove",
    "Pikkola",
    "Sorrelby",
    "Lumenau",
    "Quillhart",
    "Casa Nespola",
)

COLLECTIONS = (
    "Alma", "Birk", "Cleo", "Dune", "Elba", "Fenn", "Gaia", "Hazel", "Iris", "Juno",
    "Kite", "Lark", "Mika", "Nell", "Oslo", "Pina", "Rilla", "Suvi", "Tove", "Wren",
)  # fmt: skip

LABELS = ("new", "bestseller", "sale", "limited edition", "recycled", "handmade")

# What a pattern is called before a product's name; the others bear their own.
LOOKS = {
    "plain": "",
    "printed": "",
    "heart": "heart-print",
    "star": "star-print",
    "wave": "wave-print",
    "upright-striped": "candy-striped",
}

# Where the category's materials would not be believed of a cut.
MADE_OF = {
    "camp mug": "enamelled steel",
    "slip-on": "cotton canvas on a rubber sole",
    "desk lamp": "powder-coated steel",
    "mushroom lamp": "lacquered steel",
    "armchair": "wool over a beech frame",
    "shell chair": "recycled plastic on ash legs",
    "spindle chair": "lacquered beech",
    "glass bottle": "borosilicate glass",
    "beanie": "soft lambswool",
    "fedora": "wool felt",
    "sun hat": "plaited straw",
    "gaming headset": "recycled plastic and memory foam",
}

FACTS = {
    "mug": Facts(
        9,
        26,
        ("glazed stoneware", "fine bone china", "speckled earthenware"),
        ("keeps its heat to the last sip", "goes into the dishwasher", "warms both hands on a cold morning"),
    ),
    "sneaker": Facts(
        49,
        139,
        ("supple leather and recycled mesh", "cotton canvas on a rubber sole", "washable knit"),
        ("is light enough to forget", "likes long days on pavement", "comes with a second pair of laces"),
    ),
    "t-shirt": Facts(
        15,
        42,
        ("organic cotton jersey", "a cotton and linen blend", "heavy combed cotton"),
        ("keeps its shape wash after wash", "is cut a little roomy", "is soft from the first day"),
    ),
    "lamp": Facts(
        39,
        189,
        ("powder-coated steel and linen", "turned wood and cotton", "hand-glazed ceramic"),
        ("dims in three steps", "casts a warm, even light", "comes with its bulb"),
    ),
    "handbag": Facts(
        59,
        249,
        ("full-grain leather", "vegan leather lined with cotton", "waxed canvas with leather trim"),
        ("has room for a tablet", "closes safely", "grows more handsome with the years"),
    ),
    "watch": Facts(
        79,
        349,
        ("brushed steel and mineral glass", "steel and sapphire glass", "polished steel"),
        ("is watertight to 50 m", "runs for three years on a battery", "changes straps without tools"),
    ),
    "dress": Facts(
        45,
        159,
        ("flowing viscose", "washed linen", "crisp cotton poplin"),
        ("has pockets", "moves with every step", "is lined throughout"),
    ),
    "chair": Facts(
        69,
        429,
        ("solid ash and wool felt", "oiled oak", "bent beech and woven cloth"),
        ("arrives assembled", "holds 120 kg", "has felt pads under its feet"),
    ),
    "backpack": Facts(
        45,
        149,
        ("water-repellent canvas", "recycled polyester", "waxed cotton with leather details"),
        ("takes a 15-inch laptop", "hides a pocket for the passport", "carries lighter than it looks"),
    ),
    "bottle": Facts(
        14,
        39,
        ("double-walled steel", "recycled steel", "steel without lacquer inside"),
        ("keeps cold for 24 hours", "fits every cup holder", "does not leak, even upside down"),
    ),
    "hat": Facts(
        19,
        79,
        ("brushed cotton", "washed linen", "waxed cotton"),
        ("folds into a coat pocket", "has an adjustable inner band", "shades without squeezing"),
    ),
    "headphones": Facts(
        39,
        299,
        ("aluminium and memory foam", "walnut and soft leatherette", "recycled plastic and steel"),
        ("plays for 40 hours", "shuts the street out", "folds flat for the journey"),
    ),
}
