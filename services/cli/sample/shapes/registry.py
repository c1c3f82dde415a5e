"""All categories, in the order in which the catalogue takes turns."""

from __future__ import annotations

from services.cli.sample.design import Shape
from services.cli.sample.shapes import mug
from services.cli.sample.shapes.backpack import shape as backpack
from services.cli.sample.shapes.bottle import shape as bottle
from services.cli.sample.shapes.chair import shape as chair
from services.cli.sample.shapes.dress import shape as dress
from services.cli.sample.shapes.handbag import shape as handbag
from services.cli.sample.shapes.hat import shape as hat
from services.cli.sample.shapes.headphones import shape as headphones
from services.cli.sample.shapes.lamp import shape as lamp
from services.cli.sample.shapes.sneaker import shape as sneaker
from services.cli.sample.shapes.tshirt import shape as tshirt
from services.cli.sample.shapes.watch import shape as watch

SHAPES: tuple[Shape, ...] = (
    mug.SHAPE,
    sneaker.SHAPE,
    tshirt.SHAPE,
    lamp.SHAPE,
    handbag.SHAPE,
    watch.SHAPE,
    dress.SHAPE,
    chair.SHAPE,
    backpack.SHAPE,
    bottle.SHAPE,
    hat.SHAPE,
    headphones.SHAPE,
)
