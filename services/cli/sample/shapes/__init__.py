"""One module per category: what its products look like."""

from __future__ import annotations

from services.cli.sample.design import Shape
from services.cli.sample.shapes import (
    backpack,
    bottle,
    chair,
    dress,
    handbag,
    hat,
    headphones,
    lamp,
    mug,
    sneaker,
    tshirt,
    watch,
)

SHAPES: tuple[Shape, ...] = tuple(
    module.SHAPE
    for module in (
        mug, sneaker, tshirt, lamp, handbag, watch, dress, chair, backpack, bottle, hat, headphones,
    )
)  # fmt: skip
