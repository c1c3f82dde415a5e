"""The strap: leather, rubber or cloth with holes and a buckle, or a bracelet of links."""

from __future__ import annotations

from services.cli.sample.drawing.canvas import Shade
from services.cli.sample.drawing.curves import Pen
from services.cli.sample.drawing.geometry import Path, ellipse, flip, rectangle, rounded
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import darker, lighter, luma
from services.cli.sample.drawing.shading import CHROME, along, fall, grained, puff
from services.cli.sample.drawing.strokes import dashes
from services.cli.sample.drawing.texture import brushed, cloth, leather
from services.cli.sample.shapes.watch.watch import Watch, X, Y

_SHEEN = along(((0, -0.3), (0.25, 0.16), (0.6, 0.02), (1, -0.34)))


def draw_strap(watch: Watch) -> None:
    wide, slim = watch.radius * 0.62, watch.radius * 0.48
    band = watch.canvas.mask(*_outlines(watch, wide, slim))
    if watch.strap == "links":
        _links(watch, band, wide)
        return
    tone = watch.design.color
    shades: list[Shade] = [puff(1.4, 0.5), _SHEEN, fall(-0.05, 0.05)]
    if watch.strap != "rubber":
        shades.append(grained(leather() if watch.strap == "leather" else cloth(), 0.07))
    watch.canvas.fill(band, tone, *shades)
    if watch.strap == "nato":
        bars = [rectangle(X + dx, 0, X + dx + slim * 0.42, 100) for dx in (-slim * 0.75, slim * 0.33)]
        second = watch.design.second.rgb
        watch.canvas.fill(watch.canvas.mask(*bars).within(band), second, _SHEEN, grained(cloth(), 0.07))
    elif watch.strap == "leather":
        _seams(watch, wide, slim)
    else:
        ribs = [rounded(X - slim * 0.6, y, X + slim * 0.6, y + 0.9, 0.4) for y in (8, 11, 14, 17, 20)]
        watch.canvas.fill(watch.canvas.mask(*ribs), darker(tone, 0.5), opacity=0.5)
    watch.canvas.draw(darker(tone, 0.7), *[ellipse(X, y, 0.9, 0.9) for y in (79, 83, 87, 91)])
    _buckle(watch, slim)


def _outlines(watch: Watch, wide: float, slim: float) -> tuple[Path, Path]:
    high, low = Y - watch.radius * 0.7, Y + watch.radius * 0.7
    upper = Pen(X - wide, high).bend((X - slim - 0.5, 16), (X - slim, 3)).line((X + slim, 3))
    upper.bend((X + slim + 0.5, 16), (X + wide, high))
    lower = Pen(X - wide, low).bend((X - slim - 0.5, 84), (X - slim, 92)).bend((X - slim, 97.5), (X, 97.5))
    lower.bend((X + slim, 97.5), (X + slim, 92)).bend((X + slim + 0.5, 84), (X + wide, low))
    return upper.path, lower.path


def _seams(watch: Watch, wide: float, slim: float) -> None:
    tone = watch.design.color
    upper = [(X - wide + 2, Y - watch.radius), (X - slim + 1.3, 4.0)]
    lower = [(x, 100.5 - y) for x, y in upper]
    lines = (upper, flip(upper, X), lower, flip(lower, X))
    thread = lighter(tone, 0.55) if luma(tone) < 150 else darker(tone, 0.4)
    stitches = [dash for line in lines for dash in dashes(line, 1.1, 0.8, 0.4)]
    watch.canvas.fill(watch.canvas.mask(*stitches), thread, opacity=0.9)


def _buckle(watch: Watch, slim: float) -> None:
    hole = rounded(X - slim + 0.4, 2.8, X + slim - 0.4, 6.2, 0.8)
    frame = watch.canvas.mask(rounded(X - slim - 2, 1, X + slim + 2, 8, 1.6), cut=[hole])
    watch.canvas.fill(frame, watch.metal, along(CHROME, 0.5), puff(0.8, 0.6))
    watch.canvas.draw(watch.metal, rounded(X - 0.7, 2, X + 0.7, 8, 0.5), shades=[puff(0.5, 0.6)])


def _links(watch: Watch, band: Mask, wide: float) -> None:
    canvas, metal = watch.canvas, watch.metal
    canvas.fill(band, metal, along(CHROME, 0.45), grained(brushed(), 0.12))
    rows = [rounded(X - wide, y, X + wide, y + 0.7, 0.3) for y in range(3, 98, 5)]
    canvas.fill(canvas.mask(*rows).within(band), darker(metal, 0.7), opacity=0.75)
    columns = [rectangle(x, 0, x + 0.6, 100) for x in (X - wide * 0.36, X + wide * 0.32)]
    canvas.fill(canvas.mask(*columns).within(band), darker(metal, 0.6), opacity=0.6)
