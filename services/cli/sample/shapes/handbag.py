"""Handbags from the front; turned, seen from the back without the clasp."""

from __future__ import annotations

from services.cli.sample.canvas import Canvas, Paint
from services.cli.sample.design import Design, Shape
from services.cli.sample.geometry import Path, Pen, dashes, ellipse, flip, ribbon, rounded, smooth, strap, turn
from services.cli.sample.palette import BRASS, STEEL, Rgb, darker, lighter, luma
from services.cli.sample.patterns import pattern
from services.cli.sample.shading import CHROME, Shade, along, creases, fall, grained, puff
from services.cli.sample.texture import leather

CUTS = ("tote bag", "satchel", "bucket bag", "crossbody bag", "frame bag")


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    metal = design.choose("metal", (BRASS, BRASS, STEEL))
    hide = design.choose("hide", (darker(design.color, 0.25), design.second.rgb, (150, 98, 60)))
    paint = pattern(canvas, design)
    {
        "tote bag": _tote,
        "satchel": _satchel,
        "bucket bag": _bucket,
        "crossbody bag": _crossbody,
        "frame bag": _frame,
    }[design.cut](canvas, design, paint, hide, metal, turned)


def _skin(depth: float = 4.0) -> list[Shade]:
    return [puff(depth, 0.46), grained(leather(), 0.06), fall(0.08, -0.14)]


def _stitches(canvas: Canvas, tone: Rgb, *lines: Path) -> None:
    thread = lighter(tone, 0.5) if luma(tone) < 150 else darker(tone, 0.35)
    canvas.fill(canvas.mask(*(d for line in lines for d in dashes(line, 1.0, 0.7, 0.34))), thread, opacity=0.8)


def _ring(canvas: Canvas, metal: Rgb, x: float, y: float, size: float = 2.4) -> None:
    ring = canvas.mask(ellipse(x, y, size, size), cut=[ellipse(x, y, size * 0.6, size * 0.6)])
    canvas.cast(ring, 0.4)
    canvas.fill(ring, metal, along(CHROME, 0.6))


def _handle(canvas: Canvas, tone: Rgb, left: float, right: float, foot: float, top: float, width: float) -> None:
    line = Pen(left, foot).curve((left - 1, top), (right, foot), second=(right + 1, top)).path
    canvas.draw(tone, ribbon(line, width), shades=[puff(width / 3, 0.6)], cast=0.6)


def _clasp(canvas: Canvas, design: Design, metal: Rgb, x: float, y: float) -> None:
    kind = design.choose("clasp", ("turn", "bar", "dome", "tongue"))
    if kind == "turn":
        canvas.draw(metal, rounded(x - 4, y - 2.8, x + 4, y + 2.8, 0.9), shades=[along(CHROME, 0.6), puff(0.6, 0.5)], cast=0.5)
        canvas.draw(darker(metal, 0.4), rounded(x - 0.7, y - 2, x + 0.7, y + 2, 0.6), cast=0.3)
    elif kind == "bar":
        canvas.draw(metal, rounded(x - 7, y - 1.1, x + 7, y + 1.1, 1), shades=[along(CHROME, 0.6), puff(0.5, 0.5)], cast=0.5)
    elif kind == "dome":
        canvas.draw(metal, ellipse(x, y, 3, 3), shades=[puff(1.2, 0.9)], cast=0.5)
    else:
        canvas.draw(design.accent.rgb, rounded(x - 3, y - 9, x + 3, y + 4, 2.4), shades=[*_skin(1)], cast=0.5)
        canvas.draw(metal, ellipse(x, y + 1, 1.3, 1.3), shades=[puff(0.6, 0.8)])


def _tote(canvas: Canvas, design: Design, paint: Paint, hide: Rgb, metal: Rgb, turned: bool) -> None:
    top, bottom = design.between("top", 40, 44), 90.0
    wide, slim = design.between("wide", 36, 41), design.between("slim", 28, 33)
    reach = design.between("reach", 4, 12)
    _handle(canvas, darker(hide, 0.3), 36, 64, top + 2, reach + 3, 2.6)
    inside = Pen(50 - wide + 1, top).curve((50, top - 4), (50 + wide - 1, top)).curve((50, top + 5), (50 - wide + 1, top)).path
    canvas.draw(darker(design.color, 0.55), inside)
    outline = Pen(50, top + 2.4).curve((50 + wide * 0.6, top + 2), (50 + wide, top)).curve((50 + (wide + slim) / 2 - 1, 66), (50 + slim, bottom - 3)).curve((50 + slim - 1, bottom), (50 + slim - 5, bottom)).line((50, bottom + 0.6))
    body = canvas.mask(outline.mirrored())
    rng = design.rng("sag")
    sag = [ribbon(Pen(x, top + 4).curve((x + rng.uniform(-5, 5), 65), (x + rng.uniform(-8, 8), bottom - 4)).path, 0.4, 2.4) for x in (32, 58, 70)]
    canvas.fill(body, paint, *_skin(), creases(sag, 1.6, 0.2))
    if design.chance("base", 0.55):
        y = bottom - design.between("base height", 12, 20)
        base = canvas.mask([(0, y), (100, y), (100, 100), (0, 100)]).within(body)
        canvas.fill(base, hide, *_skin(3))
        _stitches(canvas, hide, [(50 - wide + 6, y + 1.3), (50 + wide - 6, y + 1.3)])
    for x in (36.0, 64.0):
        canvas.draw(hide, [(x - 2.2, top + 1), (x + 2.2, top + 1), (x + 2.2, top + 12), (x, top + 14), (x - 2.2, top + 12)], shades=_skin(0.8), cast=0.5)
        canvas.draw(metal, ellipse(x, top + 10.6, 0.8, 0.8), shades=[puff(0.4, 0.9)])
    _handle(canvas, hide, 36, 64, top + 6, reach, 2.8)
    if not turned and design.chance("charm", 0.6):
        canvas.draw(design.accent.rgb, rounded(62, top + 16, 67, top + 23, 1.2), ribbon([(64, top + 4), (64.5, top + 17)], 0.8), shades=[puff(0.8, 0.5)], cast=0.7)


def _satchel(canvas: Canvas, design: Design, paint: Paint, hide: Rgb, metal: Rgb, turned: bool) -> None:
    top, bottom, half = 40.0, 84.0, design.between("half", 33, 38)
    _handle(canvas, hide, 40, 60, top + 1, design.between("reach", 12, 20), 3.4)
    for x in (39.5, 60.5):
        _ring(canvas, metal, x, top + 0.6)
    body = smooth([(50 - half + 3, top + 3), (50, top - 1), (50 + half - 3, top + 3), (50 + half, bottom - 8), (50 + half - 4, bottom - 0.5), (50, bottom + 0.4), (50 - half + 4, bottom - 0.5), (50 - half, bottom - 8)])
    canvas.draw(paint, body, shades=_skin())
    if turned:
        pocket = rounded(50 - half * 0.7, top + 12, 50 + half * 0.7, bottom - 7, 3)
        canvas.draw(darker(design.color, 0.08), pocket, shades=_skin(1.5), cast=0.6)
        _stitches(canvas, design.color, [(50 - half * 0.7 + 2, top + 14), (50 + half * 0.7 - 2, top + 14)])
        return
    drop = top + (bottom - top) * design.between("drop", 0.5, 0.68)
    kind = design.choose("flap", ("round", "straight", "pointed"))
    right = Pen(50, top - 1.6).line((50 + half - 4, top + 1.6)).curve((50 + half - 0.5, top + 3), (50 + half - 0.4, top + 9))
    if kind == "round":
        right.curve((50 + half - 2, drop), (50, drop + 4), second=(50 + half * 0.5, drop + 4))
    elif kind == "straight":
        right.line((50 + half - 1, drop - 5)).curve((50 + half - 1, drop), (50 + half - 7, drop)).line((50, drop))
    else:
        right.line((50 + half - 2, drop - 12)).line((50, drop + 5))
    tone: Paint = design.choose("flap tone", (paint, paint, hide))
    flap = canvas.draw(tone, right.mirrored(), shades=_skin(3), cast=1.3)
    inner = [(50 + (x - 50) * 0.955, top + 2 + (y - top - 2) * 0.95) for x, y in right.mirrored()]
    thread = [d for d in dashes(inner, 1.0, 0.7, 0.34) if d[0][1] > top + 6]
    canvas.fill(canvas.mask(*thread).within(flap), lighter(design.color, 0.5) if luma(design.color) < 150 else darker(design.color, 0.35), opacity=0.75)
    _clasp(canvas, design, metal, 50, drop - 1 if kind == "straight" else drop)


def _bucket(canvas: Canvas, design: Design, paint: Paint, hide: Rgb, metal: Rgb, turned: bool) -> None:
    top, bottom = 36.0, 88.0
    wide, slim = design.between("wide", 24, 28), design.between("slim", 22, 29)
    line = Pen(50 - wide + 3, top + 6).curve((38, -6), (50 + wide - 3, top + 6), second=(62, -6)).path
    canvas.draw(hide, ribbon(line, 3), shades=[puff(1, 0.6)])
    ruffle: Path = [(50 - wide, top)]
    for i in range(7):
        x = 50 - wide + wide * 2 * (i + 0.5) / 7
        ruffle += Pen(*ruffle[-1]).curve((x, top - 4.5), (50 - wide + wide * 2 * (i + 1) / 7, top)).path[1:]
    canvas.draw(darker(design.color, 0.3), [*ruffle, (50 + wide - 2, top + 8), (50 - wide + 2, top + 8)], shades=[puff(1.6, 0.5)])
    right = Pen(50, top + 3).line((50 + wide, top + 1)).curve((50 + wide - 3, top + 9), (50 + wide - 0.5, top + 16)).curve((50 + slim + 3, 66), (50 + slim, bottom - 5)).curve((50 + slim - 1, bottom), (50 + slim - 6, bottom + 0.6)).line((50, bottom + 1.6))
    body = canvas.mask(right.mirrored())
    gathers = [ribbon(Pen(50 + wide * s, top + 2).curve((50 + wide * s * 0.94, top + 14), (50 + slim * s * 0.9, top + 26)).path, 1.4, 0.3) for s in (-0.75, -0.45, -0.15, 0.15, 0.45, 0.75)]
    canvas.fill(body, paint, *_skin(), creases(gathers, 0.9, 0.35))
    base = canvas.mask([(0, bottom - 12), *Pen(10, bottom - 12).curve((50, bottom - 9), (90, bottom - 12)).path, (100, 100), (0, 100)]).within(body)
    canvas.fill(base, hide, *_skin(2))
    cord = Pen(50 - wide + 1, top + 8).curve((50, top + 12), (50 + wide - 1, top + 8)).path
    canvas.draw(hide, ribbon(cord, 1.5), shades=[puff(0.5, 0.6)], cast=0.5)
    canvas.draw(metal, *[ellipse(50 + wide * s, top + 8.2 + 1.8 * (1 - s * s), 1.3, 1.3) for s in (-0.8, -0.48, -0.16, 0.16, 0.48, 0.8)], shades=[puff(0.4, 0.8)])
    if not turned:
        tassels = [ribbon(Pen(50, top + 10).curve((50 + s * 5, top + 16), (50 + s * 4, top + 26)).path, 1.1) for s in (-1, 1)]
        ends = [ribbon([(50 + s * 4, top + 25), (50 + s * 4.3, top + 32)], 2, 3.6) for s in (-1, 1)]
        canvas.draw(hide, *tassels, *ends, shades=[puff(0.6, 0.6)], cast=0.7)


def _crossbody(canvas: Canvas, design: Design, paint: Paint, hide: Rgb, metal: Rgb, turned: bool) -> None:
    middle, half = 64.0, design.between("half", 33, 38)
    line = Pen(50 - half + 3, middle - 8).curve((22, 2), (50 + half - 3, middle - 8), second=(78, 2)).path
    if design.chance("chain", 0.5):
        links = [turn(ellipse(x, y, 1.5, 0.85), 35 if i % 2 else -35, x, y) for i, (x, y) in enumerate(_beads(line, 1.9))]
        canvas.draw(metal, *links, shades=[puff(0.4, 0.9)])
    else:
        canvas.draw(hide, ribbon(line, 2), shades=[puff(0.7, 0.6)])
    if design.chance("moon", 0.55):
        outline = Pen(50 - half, middle - 14).curve((50, middle - 7), (50 + half, middle - 14)).curve((50 + half + 3, middle + 22), (50, middle + 22), second=(50 + half * 0.6, middle + 22)).curve((50 - half * 0.6, middle + 22), (50 - half, middle - 14), second=(50 - half - 3, middle + 22)).path
    else:
        outline = rounded(50 - half, middle - 17, 50 + half, middle + 20, 12)
    canvas.draw(paint, outline, shades=_skin(5))
    zip_line = Pen(50 - half + 5, middle - 9).curve((50, middle - 2), (50 + half - 5, middle - 9)).path
    canvas.draw(darker(design.color, 0.5), ribbon(zip_line, 1.7))
    canvas.fill(canvas.mask(*dashes(zip_line, 0.5, 0.5, 0.8)), metal)
    _stitches(canvas, design.color, [(x, y + 2.2) for x, y in zip_line], [(x, y - 2.2) for x, y in zip_line])
    for x in (50 - half + 3, 50 + half - 3):
        _ring(canvas, metal, x, middle - 9, 2.2)
    if not turned:
        pull = zip_line[-3]
        canvas.draw(design.accent.rgb, ribbon([pull, (pull[0] + 0.6, pull[1] + 5)], 1), ribbon([(pull[0] + 0.6, pull[1] + 5), (pull[0] + 1, pull[1] + 12)], 2, 3.4), shades=[puff(0.6, 0.6)], cast=0.6)


def _beads(line: Path, step: float) -> Path:
    """Points along a line at least `step` apart."""
    beads = [line[0]]
    for a, b in zip(line, line[1:], strict=False):
        for i in range(8):
            x, y = a[0] + (b[0] - a[0]) * i / 8, a[1] + (b[1] - a[1]) * i / 8
            if (x - beads[-1][0]) ** 2 + (y - beads[-1][1]) ** 2 >= step * step:
                beads.append((x, y))
    return beads


def _frame(canvas: Canvas, design: Design, paint: Paint, hide: Rgb, metal: Rgb, turned: bool) -> None:
    top, bottom, half = 42.0, 86.0, design.between("half", 30, 35)
    line = Pen(50 - half * 0.62, top + 1).curve((50 - half * 0.6, 10), (50 + half * 0.62, top + 1), second=(50 + half * 0.6, 10)).path
    canvas.draw(hide, ribbon(line, 3.2), shades=[puff(1, 0.6)])
    right = Pen(50, top + 1).line((50 + half * 0.72, top + 1))
    right.curve((50 + half * 1.3, top + 20), (50, bottom), second=(50 + half * 1.1, bottom))
    body = canvas.mask(right.mirrored())
    gathers = [ribbon(Pen(50 + half * 0.7 * s, top + 3).curve((50 + half * 0.95 * s, top + 14), (50 + half * s * 0.9, top + 27)).path, 1.4, 0.2) for s in (-0.9, -0.6, -0.3, 0, 0.3, 0.6, 0.9)]
    canvas.fill(body, paint, *_skin(5), creases(gathers, 1.0, 0.3))
    frame = rounded(50 - half * 0.76, top - 2.4, 50 + half * 0.76, top + 3, 1.6)
    canvas.draw(metal, frame, shades=[along(CHROME, 0.55), puff(0.8, 0.6)], cast=0.7)
    canvas.fill(canvas.mask(rounded(50 - half * 0.74, top + 0.2, 50 + half * 0.74, top + 0.7, 0.2)), darker(metal, 0.6))
    for side in (-1, 1):
        canvas.draw(metal, *strap([(50 + side * 0.6, top - 2), (50 + side * 2.2, top - 6)], 1.2), ellipse(50 + side * 2.4, top - 6.4, 1.7, 1.7), shades=[puff(0.7, 0.9)], cast=0.4)
        _ring(canvas, metal, 50 + side * half * 0.62, top + 0.4, 2)
    if not turned and design.chance("bow", 0.4):
        _bow(canvas, design.accent.rgb, 50, top + 12)


def _bow(canvas: Canvas, tone: Rgb, x: float, y: float) -> None:
    loop = Pen(x, y).curve((x + 11, y - 8), (x + 11, y), second=(x + 13, y - 3)).curve((x + 10, y + 7), (x, y)).path
    tail = ribbon([(x, y), (x + 5, y + 9)], 1.6, 3.4)
    canvas.draw(tone, loop, flip(loop, x), tail, flip(tail, x), shades=[puff(1.4, 0.6)], cast=0.8)
    canvas.draw(tone, ellipse(x, y, 1.9, 2.1), shades=[puff(0.9, 0.7)], cast=0.3)


SHAPE = Shape(
    category="handbag",
    cuts=CUTS,
    patterns=("plain", "plain", "plain", "plain", "dotted", "upright-striped", "plain", "plain", "plain", "floral", "checked"),
    draw=draw,
    stands=True,
)
