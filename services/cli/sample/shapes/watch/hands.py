"""The hands and a chronograph's small dials."""

from __future__ import annotations

from services.cli.sample.drawing.geometry import Path, ellipse, turn
from services.cli.sample.drawing.palette import INK, Rgb, contrast, darker, lighter
from services.cli.sample.drawing.shading import along, puff
from services.cli.sample.shapes.watch.watch import Watch, X, Y, spoke

_MINUTES = (608, 605, 490, 70, 116, 592)  # times at which the hands do not hide each other


def draw_subdials(watch: Watch, dial: Rgb) -> None:
    canvas, inner = watch.canvas, watch.inner
    tone = contrast(dial, lighter(dial, 0.25), darker(dial, 0.14))
    for dx, dy, degrees in ((-0.42, 0.0, 40), (0.42, 0.0, 200), (0.0, 0.45, 300)):
        x, y, r = X + dx * inner, Y + dy * inner, inner * 0.25
        canvas.draw(tone, ellipse(x, y, r, r), shades=[puff(-0.6, 0.4)])
        tick = [(x - 0.15, y - r + 0.3), (x + 0.15, y - r + 0.3), (x, y - r + 1.2)]
        canvas.draw(contrast(tone), *[turn(tick, a, x, y) for a in range(0, 360, 30)])
        hand = [(x - 0.35, y + 0.8), (x + 0.35, y + 0.8), (x + 0.1, y - r * 0.8), (x - 0.1, y - r * 0.8)]
        canvas.draw(watch.design.accent.rgb, turn(hand, degrees, x, y))


def draw_hands(watch: Watch, dial: Rgb, turned: bool) -> None:
    canvas, design, inner = watch.canvas, watch.design, watch.inner
    ink = contrast(dial, lighter(watch.metal, 0.45), INK)
    minutes = design.choose("time back" if turned else "time", _MINUTES)
    slim = design.between("hands", 0.8, 1.2)
    for degrees, reach, width in ((minutes / 2, 0.52, 1.3), (minutes * 6.0, 0.8, 1.0)):
        hand = _hand(degrees, inner * reach, width * slim)
        canvas.draw(ink, hand, shades=[along(((0, 0.25), (1, -0.25)))], cast=0.5)
    second = spoke(design.between("second", 0, 360), -5, inner * 0.86, 0.4)
    canvas.draw(design.accent.rgb, second, ellipse(X, Y, 1.6, 1.6), cast=0.4)
    canvas.draw(watch.metal, ellipse(X, Y, 0.8, 0.8), shades=[puff(0.4, 0.7)])


def _hand(degrees: float, reach: float, width: float) -> Path:
    right = [(width * 0.6, 2.4), (width, -reach * 0.75)]
    outline = [
        *((X + dx, Y + dy) for dx, dy in right),
        (X, Y - reach),
        *((X - dx, Y + dy) for dx, dy in right[::-1]),
    ]
    return turn(outline, degrees, X, Y)
