"""The dial with its marks and its glass."""

from __future__ import annotations

import math

from services.cli.sample.drawing.geometry import Path, ellipse, rounded, turn
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import INK, WHITE, Rgb, contrast, darker, luma
from services.cli.sample.drawing.shading import along, puff
from services.cli.sample.shapes.watch.watch import Watch, X, Y, spoke


def draw_dial(watch: Watch) -> tuple[Rgb, Mask]:
    """The dial's colour, and where it is."""
    design = watch.design
    tones = (WHITE, (236, 228, 210), INK, darker(design.second.rgb, 0.15), darker(design.color, 0.3))
    # with a bracelet the dial alone shows the product's colour
    tone = design.color if watch.strap == "links" else design.choose("dial", tones)
    light = [puff(-1.2, 0.3), along(((0, 0.12), (0.5, 0), (1, -0.14)))]
    return tone, watch.canvas.draw(tone, watch.rim(watch.inner), shades=light)


def draw_indices(watch: Watch, dial: Rgb) -> None:
    canvas, design, inner = watch.canvas, watch.design, watch.inner
    ink = contrast(dial)
    kind = design.choose("indices", ("bars", "dots", "wedges", "minimal"))
    marks = [_mark(watch, kind, a) for a in range(0, 360, 90 if kind == "minimal" else 30)]
    applied = design.chance("applied", 0.5) and abs(luma(watch.metal) - luma(dial)) > 70
    canvas.draw(watch.metal if applied else ink, *marks, cast=0.25)
    if not watch.square:
        minutes = [spoke(a, inner * 0.955, inner * 0.985, 0.25) for a in range(0, 360, 6)]
        canvas.fill(canvas.mask(*minutes), ink, opacity=0.8)
    if design.cut == "field watch" or design.chance("date", 0.3):
        canvas.draw(WHITE, rounded(X + inner * 0.5, Y - 1.7, X + inner * 0.72, Y + 1.7, 0.3), cast=0.25)
        digits = [rounded(X + inner * at, Y - 1, X + inner * (at + 0.05), Y + 1, 0.1) for at in (0.55, 0.63)]
        canvas.draw(INK, *digits)


def _mark(watch: Watch, kind: str, degrees: int) -> Path:
    heavy = degrees % 90 == 0
    reach = watch.inner * 0.92
    if watch.square:
        angle = math.radians(degrees)
        reach /= max(abs(math.sin(angle)) / 0.9, abs(math.cos(angle)))
    if kind == "dots":
        size = 1.3 if heavy else 0.9
        return turn(ellipse(X, Y - reach + 1.2, size, size), degrees, X, Y)
    if kind == "wedges":
        wedge = [(X - 1.1, Y - reach), (X + 1.1, Y - reach), (X, Y - reach + (4.6 if heavy else 3.2))]
        return turn(wedge, degrees, X, Y)
    return spoke(degrees, reach - (4 if heavy else 2.6), reach, 1.3 if heavy else 0.8)


def draw_glare(watch: Watch, dial: Mask) -> None:
    r = watch.inner
    glare = [(X - r, Y - r), (X - r * 0.1, Y - r), (X - r * 0.75, Y + r), (X - r, Y + r)]
    watch.canvas.fill(watch.canvas.mask(glare).within(dial), (255, 255, 255), opacity=0.09)
