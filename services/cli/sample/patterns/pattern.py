"""A design's pattern as a picture of the whole canvas."""

from __future__ import annotations

import functools
from collections.abc import Callable

from PIL import Image

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas, Paint
from services.cli.sample.patterns import scatter, stripes
from services.cli.sample.patterns.stripes import Layers


def pattern(canvas: Canvas, design: Design, *, scale: float = 1.0) -> Paint:
    """The design's pattern; `scale` enlarges its motifs. What is not patterned is one colour."""
    layers = _layers(design, scale)
    if not layers:
        return design.color
    picture = Image.new("RGB", (canvas.size, canvas.size), design.color)
    for color, paths in layers:
        mask = canvas.mask(*paths)
        picture.paste(color, (mask.left, mask.top), mask.image)
    return picture


@functools.lru_cache(maxsize=4)  # a product is drawn up to three times in a row
def _layers(design: Design, scale: float) -> Layers:
    make = _PATTERNS.get(design.pattern)
    return make(design, scale) if make else []


_PATTERNS: dict[str, Callable[[Design, float], Layers]] = {
    "striped": stripes.striped,
    "pinstriped": stripes.pinstriped,
    "upright-striped": stripes.upright_striped,
    "checked": stripes.checked,
    "tartan": stripes.tartan,
    "zigzag": stripes.zigzag,
    "two-tone": stripes.two_tone,
    "dotted": scatter.dotted,
    "speckled": scatter.speckled,
    "terrazzo": scatter.terrazzo,
    "floral": scatter.floral,
    "leafy": scatter.leafy,
    "wave": scatter.waves,
    "heart": scatter.hearts,
    "star": scatter.stars,
}
