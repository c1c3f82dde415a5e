"""The case: lugs, crown, pushers, rim, and a diver's bezel."""

from __future__ import annotations

from services.cli.sample.drawing.geometry import ellipse, rounded, turn
from services.cli.sample.drawing.palette import INK, WHITE, Rgb, darker, lighter
from services.cli.sample.drawing.shading import CHROME, along, fall, grained, puff
from services.cli.sample.drawing.texture import brushed
from services.cli.sample.shapes.watch.watch import Watch, X, Y, spoke

_LUME: Rgb = (244, 214, 110)


def draw_case(watch: Watch) -> None:
    canvas, metal, r = watch.canvas, watch.metal, watch.radius
    lug = ((0.5, 0.7), (0.82, 0.5), (0.8, 1.16), (0.62, 1.18))
    signs = ((-1, -1), (-1, 1), (1, -1), (1, 1))
    lugs = [[(X + sx * r * dx, Y + sy * r * dy) for dx, dy in lug] for sx, sy in signs]
    canvas.draw(metal, *lugs, shades=[puff(1.2, 0.6)], cast=0.6)
    crown = rounded(X + r * (0.88 if watch.square else 0.97), Y - 2.2, X + r + 3, Y + 2.2, 0.7)
    canvas.draw(metal, crown, shades=[fall(0.5, -0.5), puff(0.6, 0.5)])
    grooves = [rounded(X + r + 1, Y + dy, X + r + 3, Y + dy + 0.3, 0.1) for dy in (-1.4, -0.5, 0.4, 1.3)]
    canvas.draw(darker(metal, 0.6), *grooves)
    if watch.design.cut == "chronograph":
        pusher = rounded(X + r * 0.96, Y - 1.6, X + r + 3.4, Y + 1.6, 0.6)
        for degrees in (-32, 32):
            canvas.draw(metal, turn(pusher, degrees, X, Y), shades=[puff(0.7, 0.7)])
    canvas.draw(metal, watch.rim(r), shades=[along(CHROME, 0.5), puff(2, 0.55)], cast=1)
    polish = [along(CHROME, -0.35), grained(brushed(), 0.08)]
    canvas.draw(lighter(metal, 0.15), watch.rim(r * 0.93), shades=polish)


def draw_bezel(watch: Watch) -> None:
    canvas, outer = watch.canvas, watch.radius * 0.95
    tones = (INK, (34, 62, 112), darker(watch.design.accent.rgb, 0.2))
    ring = canvas.mask(ellipse(X, Y, outer, outer), cut=[ellipse(X, Y, watch.inner, watch.inner)])
    gloss = along(((0, 0.1), (0.25, 0.35), (0.5, 0), (1, -0.2)))
    canvas.fill(ring, watch.design.choose("bezel", tones), gloss)
    middle = (outer + watch.inner) / 2
    ticks = [spoke(a, middle - 1.3, middle + 1.3, 0.9 if a % 90 else 1.8) for a in range(0, 360, 30)]
    canvas.draw(WHITE, *ticks)
    canvas.draw(_LUME, [(X - 2, Y - middle - 1.4), (X + 2, Y - middle - 1.4), (X, Y - middle + 1.8)])
