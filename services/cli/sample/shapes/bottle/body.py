"""The body of a coated bottle: steel under lacquer."""

from __future__ import annotations

from services.cli.sample.drawing.geometry import rounded
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import STEEL, WHITE, mix
from services.cli.sample.drawing.shading import CHROME, along, barrel, fall, grained
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import brushed
from services.cli.sample.drawing.wrap import wrapped
from services.cli.sample.patterns.pattern import pattern
from services.cli.sample.patterns.prints import print_motif
from services.cli.sample.shapes.bottle.bottle import BOTTOM, TILT, Bottle


def draw_coated(bottle: Bottle, body: Mask) -> None:
    canvas, design, half = bottle.canvas, bottle.design, bottle.half
    paint = wrapped(canvas, pattern(canvas, design, scale=0.75), 50, half, half * TILT)
    canvas.fill(body, paint, barrel(0.9), fall(0.05, -0.1))
    if design.chance("steel ring", 0.6):
        ring = canvas.mask(ribbon(bottle.ring(BOTTOM - 4.5), 2.6)).within(body)
        canvas.fill(ring, STEEL, along(CHROME, 0.7), grained(brushed(), 0.1))
    if design.pattern == "plain":
        _decorate(bottle, body)
    gloss = rounded(50 - half * 0.7, bottle.shoulder + 6, 50 - half * 0.56, BOTTOM - 10, 1.2)
    canvas.fill(canvas.mask(gloss).within(body), (255, 255, 255), opacity=0.3)


def _decorate(bottle: Bottle, body: Mask) -> None:
    canvas, design = bottle.canvas, bottle.design
    y = (bottle.shoulder + BOTTOM) / 2 + 4
    kind = design.choose("decor", ("motif", "bands", "label", "none"))
    if kind == "bands":
        for at, tone in ((y - 3, design.second.rgb), (y + 2.4, design.accent.rgb)):
            canvas.fill(canvas.mask(ribbon(bottle.ring(at), 3)).within(body), tone, barrel(0.9))
    elif bottle.turned:
        return
    elif kind == "motif":
        print_motif(canvas, design, 50, y, bottle.half * 0.55)
    elif kind == "label":
        tone = mix(design.second.rgb, WHITE, 0.1)
        canvas.draw(tone, rounded(47, y - 15, 53, y + 12, 1), shades=[along(((0, 0.1), (1, -0.12)))])
