"""Wrist watches seen from above; turned, with another time and a strap that lies askew."""

from __future__ import annotations

import math

from services.cli.sample.canvas import Canvas
from services.cli.sample.design import Design, Shape
from services.cli.sample.geometry import Path, Pen, dashes, ellipse, flip, rounded, turn
from services.cli.sample.palette import BRASS, INK, STEEL, WHITE, Rgb, contrast, darker, lighter, luma
from services.cli.sample.shading import CHROME, Shade, along, fall, grained, puff
from services.cli.sample.texture import brushed, cloth, leather

CUTS = ("field watch", "dress watch", "chronograph", "square watch", "diver watch")
_ROSE: Rgb = (214, 160, 138)
_X, _Y = 50.0, 50.0


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    radius = {"dress watch": 20.0, "diver watch": 23.5, "chronograph": 23.0}.get(design.cut, 21.5)
    radius *= design.between("radius", 0.95, 1.05)
    metal = design.choose("metal", (STEEL, STEEL, BRASS, _ROSE, (66, 66, 72)))
    square = design.cut == "square watch"
    _strap(canvas, design, radius, metal)
    _case(canvas, design, radius, metal, square)
    dial_tone = _dial_tone(design)
    inner = radius * (0.84 if design.cut != "diver watch" else 0.74)
    dial = canvas.draw(dial_tone, _rim(inner, square), shades=[puff(-1.2, 0.3), along(((0, 0.12), (0.5, 0), (1, -0.14)))])
    _bezel(canvas, design, radius, inner, metal)
    _indices(canvas, design, inner, dial_tone, metal, square)
    if design.cut == "chronograph":
        _subdials(canvas, design, inner, dial_tone)
    _hands(canvas, design, inner, dial_tone, metal, turned)
    glare = [(_X - inner, _Y - inner), (_X - inner * 0.1, _Y - inner), (_X - inner * 0.75, _Y + inner), (_X - inner, _Y + inner)]
    canvas.fill(canvas.mask(glare).within(dial), (255, 255, 255), opacity=0.09)


def _rim(radius: float, square: bool) -> Path:
    if square:
        return rounded(_X - radius * 0.9, _Y - radius, _X + radius * 0.9, _Y + radius, radius * 0.24)
    return ellipse(_X, _Y, radius, radius)


def _strap_kind(design: Design) -> str:
    return design.choose("strap", ("leather", "leather", "links", "nato", "rubber"))


def _dial_tone(design: Design) -> Rgb:
    if _strap_kind(design) == "links":
        return design.color
    return design.choose("dial", (WHITE, (236, 228, 210), INK, darker(design.second.rgb, 0.15), darker(design.color, 0.3)))


def _strap(canvas: Canvas, design: Design, radius: float, metal: Rgb) -> None:
    kind = _strap_kind(design)
    wide, slim = radius * 0.62, radius * 0.48
    upper = Pen(_X - wide, _Y - radius * 0.7).curve((_X - slim - 0.5, 16), (_X - slim, 3)).line((_X + slim, 3)).curve((_X + slim + 0.5, 16), (_X + wide, _Y - radius * 0.7)).path
    lower = Pen(_X - wide, _Y + radius * 0.7).curve((_X - slim - 0.5, 84), (_X - slim, 92)).curve((_X - slim, 97.5), (_X, 97.5)).curve((_X + slim, 97.5), (_X + slim, 92)).curve((_X + slim + 0.5, 84), (_X + wide, _Y + radius * 0.7)).path
    sheen: Shade = along(((0, -0.3), (0.25, 0.16), (0.6, 0.02), (1, -0.34)))
    if kind == "links":
        _links(canvas, metal, upper, lower, wide)
        return
    tone = design.color
    skin = {"leather": leather(), "nato": cloth()}.get(kind)
    shades = [puff(1.4, 0.5), sheen, fall(-0.05, 0.05)] + ([grained(skin, 0.07)] if skin else [])
    band = canvas.mask(upper, lower)
    canvas.fill(band, tone, *shades)
    if kind == "nato":
        bars = [[(_X + dx, 0), (_X + dx + slim * 0.42, 0), (_X + dx + slim * 0.42, 100), (_X + dx, 100)] for dx in (-slim * 0.75, slim * 0.33)]
        canvas.fill(canvas.mask(*bars).within(band), design.second.rgb, sheen, grained(cloth(), 0.07))
    elif kind == "leather":
        thread = lighter(tone, 0.55) if luma(tone) < 150 else darker(tone, 0.4)
        line = [(_X - wide + 2, _Y - radius), (_X - slim + 1.3, 4.0)]
        seams = [line, flip(line, _X), [(x, 100 - y + 0.5) for x, y in line], [(x, 100 - y + 0.5) for x, y in flip(line, _X)]]
        canvas.fill(canvas.mask(*(d for seam in seams for d in dashes(seam, 1.1, 0.8, 0.4))), thread, opacity=0.9)
    else:
        ribs = [rounded(_X - slim * 0.6, y, _X + slim * 0.6, y + 0.9, 0.4) for y in (8, 11, 14, 17, 20)]
        canvas.fill(canvas.mask(*ribs), darker(tone, 0.5), opacity=0.5)
    holes = [ellipse(_X, y, 0.9, 0.9) for y in (79, 83, 87, 91)]
    canvas.fill(canvas.mask(*holes), darker(tone, 0.7))
    buckle = canvas.mask(rounded(_X - slim - 2, 1, _X + slim + 2, 8, 1.6), cut=[rounded(_X - slim + 0.4, 2.8, _X + slim - 0.4, 6.2, 0.8)])
    canvas.fill(buckle, metal, along(CHROME, 0.5), puff(0.8, 0.6))
    canvas.draw(metal, rounded(_X - 0.7, 2, _X + 0.7, 8, 0.5), shades=[puff(0.5, 0.6)])


def _links(canvas: Canvas, metal: Rgb, upper: Path, lower: Path, wide: float) -> None:
    band = canvas.mask(upper, lower)
    canvas.fill(band, metal, along(CHROME, 0.45), grained(brushed(), 0.12))
    rows = [rounded(_X - wide, y, _X + wide, y + 0.7, 0.3) for y in range(3, 98, 5)]
    canvas.fill(canvas.mask(*rows).within(band), darker(metal, 0.7), opacity=0.75)
    columns = [[(x, 0.0), (x + 0.6, 0.0), (x + 0.6, 100.0), (x, 100.0)] for x in (_X - wide * 0.36, _X + wide * 0.32)]
    canvas.fill(canvas.mask(*columns).within(band), darker(metal, 0.6), opacity=0.6)


def _case(canvas: Canvas, design: Design, radius: float, metal: Rgb, square: bool) -> None:
    lugs = []
    for sx in (-1, 1):
        for sy in (-1, 1):
            lug = [(_X + sx * radius * 0.5, _Y + sy * radius * 0.7), (_X + sx * radius * 0.82, _Y + sy * radius * 0.5), (_X + sx * radius * 0.8, _Y + sy * radius * 1.16), (_X + sx * radius * 0.62, _Y + sy * radius * 1.18)]
            lugs.append(lug)
    canvas.draw(metal, *lugs, shades=[puff(1.2, 0.6)], cast=0.6)
    crown = rounded(_X + radius * (0.88 if square else 0.97), _Y - 2.2, _X + radius + 3, _Y + 2.2, 0.7)
    canvas.draw(metal, crown, shades=[fall(0.5, -0.5), puff(0.6, 0.5)])
    canvas.fill(canvas.mask(*[rounded(_X + radius + 1, y, _X + radius + 3, y + 0.3, 0.1) for y in (_Y - 1.4, _Y - 0.5, _Y + 0.4, _Y + 1.3)]), darker(metal, 0.6))
    if design.cut == "chronograph":
        for degrees in (-32, 32):
            pusher = turn(rounded(_X + radius * 0.96, _Y - 1.6, _X + radius + 3.4, _Y + 1.6, 0.6), degrees, _X, _Y)
            canvas.draw(metal, pusher, shades=[puff(0.7, 0.7)])
    canvas.draw(metal, _rim(radius, square), shades=[along(CHROME, 0.5), puff(2, 0.55)], cast=1)
    canvas.draw(lighter(metal, 0.15), _rim(radius * 0.93, square), shades=[along(CHROME, -0.35), grained(brushed(), 0.08)])


def _bezel(canvas: Canvas, design: Design, radius: float, inner: float, metal: Rgb) -> None:
    if design.cut == "diver watch":
        tone = design.choose("bezel", (INK, (34, 62, 112), darker(design.accent.rgb, 0.2)))
        ring = canvas.mask(ellipse(_X, _Y, radius * 0.95, radius * 0.95), cut=[ellipse(_X, _Y, inner, inner)])
        canvas.fill(ring, tone, along(((0, 0.1), (0.25, 0.35), (0.5, 0), (1, -0.2))))
        middle = (radius * 0.95 + inner) / 2
        ticks = [_spoke(a, middle - 1.3, middle + 1.3, 0.9 if a % 90 else 1.8) for a in range(0, 360, 30)]
        canvas.draw(WHITE, *ticks)
        canvas.draw((244, 214, 110), [(_X - 2, _Y - middle - 1.4), (_X + 2, _Y - middle - 1.4), (_X, _Y - middle + 1.8)])


def _spoke(degrees: float, start: float, stop: float, width: float) -> Path:
    return turn([(_X - width / 2, _Y - stop), (_X + width / 2, _Y - stop), (_X + width / 2, _Y - start), (_X - width / 2, _Y - start)], degrees, _X, _Y)


def _indices(canvas: Canvas, design: Design, inner: float, dial: Rgb, metal: Rgb, square: bool) -> None:
    ink = contrast(dial)
    kind = design.choose("indices", ("bars", "dots", "wedges", "minimal"))
    step = 90 if kind == "minimal" else 30
    marks: list[Path] = []
    for a in range(0, 360, step):
        reach = inner * 0.92
        if square:
            reach /= max(abs(math.sin(math.radians(a))) / 0.9, abs(math.cos(math.radians(a))))
        heavy = a % 90 == 0
        if kind == "dots":
            marks.append(turn(ellipse(_X, _Y - reach + 1.2, 1.3 if heavy else 0.9, 1.3 if heavy else 0.9), a, _X, _Y))
        elif kind == "wedges":
            marks.append(turn([(_X - 1.1, _Y - reach), (_X + 1.1, _Y - reach), (_X, _Y - reach + (4.6 if heavy else 3.2))], a, _X, _Y))
        else:
            marks.append(_spoke(a, reach - (4 if heavy else 2.6), reach, 1.3 if heavy else 0.8))
    tone = metal if design.chance("applied", 0.5) and abs(luma(metal) - luma(dial)) > 70 else ink
    canvas.draw(tone, *marks, cast=0.25)
    if not square:
        minutes = [_spoke(a, inner * 0.955, inner * 0.985, 0.25) for a in range(0, 360, 6)]
        canvas.fill(canvas.mask(*minutes), ink, opacity=0.8)
    if design.cut == "field watch" or design.chance("date", 0.3):
        canvas.draw(WHITE, rounded(_X + inner * 0.5, _Y - 1.7, _X + inner * 0.72, _Y + 1.7, 0.3), cast=0.25)
        canvas.draw(INK, rounded(_X + inner * 0.55, _Y - 1, _X + inner * 0.6, _Y + 1, 0.1), rounded(_X + inner * 0.63, _Y - 1, _X + inner * 0.68, _Y + 1, 0.1))


def _subdials(canvas: Canvas, design: Design, inner: float, dial: Rgb) -> None:
    tone = contrast(dial, lighter(dial, 0.25), darker(dial, 0.14))
    ink = contrast(tone)
    for dx, dy, degrees in ((-0.42, 0.0, 40), (0.42, 0.0, 200), (0.0, 0.45, 300)):
        x, y, r = _X + dx * inner, _Y + dy * inner, inner * 0.25
        canvas.draw(tone, ellipse(x, y, r, r), shades=[puff(-0.6, 0.4)])
        canvas.draw(ink, *[turn([(x - 0.15, y - r + 0.3), (x + 0.15, y - r + 0.3), (x, y - r + 1.2)], a, x, y) for a in range(0, 360, 30)])
        canvas.draw(design.accent.rgb, turn([(x - 0.35, y + 0.8), (x + 0.35, y + 0.8), (x + 0.1, y - r * 0.8), (x - 0.1, y - r * 0.8)], degrees, x, y))


def _hands(canvas: Canvas, design: Design, inner: float, dial: Rgb, metal: Rgb, turned: bool) -> None:
    ink = contrast(dial, lighter(metal, 0.45), INK)
    minutes = design.rng("time back" if turned else "time").choice((608, 605, 490, 70, 116, 592))
    slim = design.between("hands", 0.8, 1.2)

    def hand(degrees: float, reach: float, width: float) -> Path:
        return turn([(_X - width * 0.6, _Y + 2.4), (_X + width * 0.6, _Y + 2.4), (_X + width, _Y - reach * 0.75), (_X, _Y - reach), (_X - width, _Y - reach * 0.75)], degrees, _X, _Y)

    for degrees, reach, width in ((minutes / 2, 0.52, 1.3), (minutes * 6.0, 0.8, 1.0)):
        canvas.draw(ink, hand(degrees, inner * reach, width * slim), shades=[along(((0, 0.25), (1, -0.25)))], cast=0.5)
    second = [*_spoke(design.between("second", 0, 360), -5, inner * 0.86, 0.4)]
    canvas.draw(design.accent.rgb, second, ellipse(_X, _Y, 1.6, 1.6), cast=0.4)
    canvas.draw(metal, ellipse(_X, _Y, 0.8, 0.8), shades=[puff(0.4, 0.7)])


SHAPE = Shape(
    category="watch",
    cuts=CUTS,
    patterns=("plain",),
    draw=draw,
    stands=False,
)
