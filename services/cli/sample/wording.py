"""The words of the sample shop: invented brands, collections and what is said of a product."""

from __future__ import annotations

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
    "Alma", "Birk", "Cleo", "Dune", "Elba", "Fenn", "Gaia", "Hazel", "Iris", "Juno", "Kite", "Lark",
    "Mika", "Nell", "Oslo", "Pina", "Rilla", "Suvi", "Tove", "Wren",
)  # fmt: skip

LABELS = ("new", "bestseller", "sale", "limited edition", "recycled", "handmade")

# category: lowest and highest price, what it is made of, what is good about it
FACTS: dict[str, tuple[int, int, tuple[str, ...], tuple[str, ...]]] = {
    "mug": (9, 26, ("glazed stoneware", "fine bone china", "enamelled steel"),
            ("keeps its heat to the last sip", "goes into the dishwasher", "fits both hands on a cold morning")),
    "sneaker": (49, 139, ("supple leather and recycled mesh", "cotton canvas on a rubber sole", "washable knit"),
                ("light enough to forget", "made for long days on pavement", "comes with a second pair of laces")),
    "t-shirt": (15, 42, ("organic cotton jersey", "a cotton and linen blend", "heavy combed cotton"),
                ("keeps its shape wash after wash", "cut a little roomy", "soft from the first day")),
    "lamp": (39, 189, ("powder-coated steel and linen", "turned wood and cotton", "hand-glazed ceramic"),
             ("dims in three steps", "casts a warm, even light", "comes with its bulb")),
    "handbag": (59, 249, ("full-grain leather", "vegan leather lined with cotton", "waxed canvas with leather trim"),
                ("has room for a tablet", "closes safely", "grows more handsome with the years")),
    "watch": (79, 349, ("brushed steel and mineral glass", "a slim case with sapphire glass", "polished steel"),
              ("is watertight to 50 m", "runs for three years on one battery", "has a strap that changes without tools")),
    "dress": (45, 159, ("flowing viscose", "washed linen", "crisp cotton poplin"),
              ("has pockets", "moves with every step", "is lined throughout")),
    "chair": (69, 429, ("solid ash and wool felt", "oiled oak", "bent beech and woven cloth"),
              ("arrives assembled", "holds 120 kg", "has felt pads under its feet")),
    "backpack": (45, 149, ("water-repellent canvas", "recycled polyester", "waxed cotton with leather details"),
                 ("takes a 15-inch laptop", "has a pocket on its back for the passport", "carries lighter than it looks")),
    "bottle": (14, 39, ("double-walled steel", "borosilicate glass", "steel without lacquer"),
               ("keeps cold for 24 hours", "fits every cup holder", "does not leak, even upside down")),
    "hat": (19, 79, ("wool felt", "brushed cotton", "soft lambswool"),
            ("folds into a coat pocket", "has an adjustable inner band", "shades without squeezing")),
    "headphones": (39, 299, ("aluminium and memory foam", "walnut and soft leatherette", "recycled plastic and steel"),
                   ("plays for 40 hours", "shuts the street out", "folds flat for the journey")),
}  # fmt: skip
