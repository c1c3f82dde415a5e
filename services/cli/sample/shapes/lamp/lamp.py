"""A lamp being drawn, and its cloth shade."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.geometry import ellipse
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import BRASS, STEEL, Rgb, darker, lighter
from services.cli.sample.drawing.shading import barrel, grained
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import cloth
from services.cli.sample.drawing.wrap import wrapped
from services.cli.sample.patterns.pattern import pattern

GLOW: Rgb = (255, 226, 160)
_TILT = 0.09  # height of the shade's rim to its width


@dataclass(frozen=True, slots=True)
class Lamp:
    canvas: Canvas
    design: Design
    lit: bool
    turned: bool

    @property
    def metal(self) -> Rgb:
        return self.design.choose("metal", (BRASS, STEEL, (62, 60, 64), BRASS))


def draw_glow(lamp: Lamp, mask: Mask, strength: float) -> None:
    """Warm light that comes through a shade, strongest in its lower middle."""
    width, height = mask.size
    spot = Image.radial_gradient("L").resize((width, height * 2))
    spot = spot.crop((0, height // 4, width, height // 4 + height))
    glow = spot.point([round(max(0, 235 - v) * strength) for v in range(256)])
    layer = Image.new("RGB", mask.size, GLOW)
    layer.putalpha(Image.composite(glow, Image.new("L", mask.size), mask.image))
    lamp.canvas.image.alpha_composite(layer, (mask.left, mask.top))


def draw_shade(lamp: Lamp, top: float, bottom: float, narrow: float, wide: float) -> None:
    """A cloth drum or cone about the middle; `narrow` and `wide` are half widths."""
    canvas, design = lamp.canvas, lamp.design
    inside = lighter(GLOW, 0.4) if lamp.lit else darker(design.color, 0.35)
    canvas.draw(inside, ellipse(50, bottom, wide, wide * _TILT))
    outline = [
        (50 - narrow, top),
        *ellipse(50, top, narrow, narrow * _TILT, 180, 360),
        (50 + wide, bottom),
        *ellipse(50, bottom, wide, wide * _TILT, 0, 180),
    ]
    paint = wrapped(canvas, pattern(canvas, design), 50, wide, wide * _TILT)
    light = [barrel(0.45 if lamp.lit else 0.75), grained(cloth(), 0.07)]
    body = canvas.draw(paint, outline, shades=light)
    if lamp.lit:
        draw_glow(lamp, body, 0.6)
    trim = darker(design.color, 0.25) if design.pattern == "plain" else design.second.rgb
    for y, half in ((bottom - 0.7, wide), (top + 0.9, narrow)):
        band = ribbon(ellipse(50, y, half - 0.2, half * _TILT, 0, 180), 1.3)
        canvas.fill(canvas.mask(band).within(body), trim, barrel(0.5))
