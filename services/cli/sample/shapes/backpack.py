"""Backpacks from the front; turned, the side that one wears."""

from __future__ import annotations

from services.cli.sample.canvas import Canvas, Mask
from services.cli.sample.design import Design, Shape
from services.cli.sample.geometry import Path, Pen, dashes, ellipse, flip, ribbon, rounded, smooth, strap
from services.cli.sample.palette import BRASS, STEEL, Rgb, darker, lighter, luma, mix
from services.cli.sample.patterns import pattern
from services.cli.sample.shading import CHROME, along, creases, fall, grained, puff
from services.cli.sample.texture import cloth, leather

CUTS = ("daypack", "roll-top backpack", "flap backpack", "mini backpack", "hiking pack")
_LEATHERS: tuple[Rgb, ...] = ((164, 106, 62), (104, 66, 44), (52, 46, 46), (206, 168, 122))

# cut: half width, top, bottom
_BODIES = {
    "daypack": (26.0, 17.0, 91.0),
    "roll-top backpack": (24.0, 13.0, 91.0),
    "flap backpack": (27.0, 20.0, 90.0),
    "mini backpack": (25.0, 27.0, 85.0),
    "hiking pack": (23.0, 11.0, 93.0),
}


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    half, top, bottom = _BODIES[design.cut]
    half *= design.between("width", 0.94, 1.06)
    webbing = design.choose("webbing", (darker(design.color, 0.45), design.second.rgb, (58, 56, 60)))
    hide = design.choose("hide", _LEATHERS)
    _loop(canvas, top, webbing)
    if not turned:
        _straps_behind(canvas, half, top, bottom, webbing)
    paint = pattern(canvas, design)
    if design.cut in ("hiking pack", "roll-top backpack"):
        _side_pockets(canvas, design, half, bottom)
    body = canvas.mask(_outline(design, half, top, bottom))
    canvas.fill(body, paint, puff(6, 0.5), grained(cloth(), 0.08), fall(0.05, -0.12), creases(_folds(design, half, bottom), 1.4, 0.2))
    if turned:
        _harness(canvas, design, half, top, bottom, webbing)
        return
    {
        "daypack": _daypack,
        "mini backpack": _daypack,
        "roll-top backpack": _roll_top,
        "flap backpack": _flap,
        "hiking pack": _hiking,
    }[design.cut](canvas, design, body, half, top, bottom, webbing, hide)


def _outline(design: Design, half: float, top: float, bottom: float) -> Path:
    dome = 15.0 if design.cut in ("roll-top backpack", "hiking pack") else design.between("dome", 26, 34)
    corner = 7.0
    right = Pen(50, top)
    right.curve((50 + half * 0.7, top), (50 + half * 0.95, top + dome), second=(50 + half * 0.95, top + dome * 0.3))
    right.curve((50 + half * 1.05, (top + bottom) / 2 + 10), (50 + half, bottom - corner))
    right.curve((50 + half, bottom), (50 + half - corner, bottom)).curve((50 + half / 2, bottom + 0.8), (50, bottom + 0.8))
    return right.mirrored()


def _folds(design: Design, half: float, bottom: float) -> list[Path]:
    rng = design.rng("folds")
    lines = []
    for side in (-1, 1):
        for _ in range(2):
            y = rng.uniform(40, bottom - 12)
            lines.append(ribbon(Pen(50 + side * half, y).curve((50 + side * half * 0.7, y + 3), (50 + side * half * 0.5, y + rng.uniform(2, 8))).path, 1.6, 0.3))
    return lines


def _loop(canvas: Canvas, top: float, webbing: Rgb) -> None:
    line = Pen(43, top + 3).curve((42, top - 9), (57, top + 3), second=(58, top - 9)).path
    canvas.draw(webbing, ribbon(line, 2.4), shades=[puff(0.9, 0.6)])


def _straps_behind(canvas: Canvas, half: float, top: float, bottom: float, webbing: Rgb) -> None:
    for side in (False, True):
        line = Pen(50 + half * 0.5, top + 8).curve((50 + half + 12, top + 18), (50 + half * 0.8, bottom - 5), second=(50 + half + 10, bottom - 22)).path
        canvas.draw(darker(webbing, 0.25), ribbon(flip(line) if side else line, 3.6), shades=[puff(1.2, 0.5)])


def _side_pockets(canvas: Canvas, design: Design, half: float, bottom: float) -> None:
    for side in (False, True):
        pocket = Pen(50 + half - 3, bottom - 30).curve((50 + half + 5, bottom - 29), (50 + half + 5.5, bottom - 18)).line((50 + half + 4, bottom - 3), (50 + half - 3, bottom - 1)).path
        canvas.draw(darker(design.color, 0.15), flip(pocket) if side else pocket, shades=[puff(2, 0.5), grained(cloth(), 0.1)])


def _seam(canvas: Canvas, design: Design, path: Path) -> None:
    tone = darker(design.color, 0.4) if luma(design.color) > 90 else lighter(design.color, 0.3)
    canvas.fill(canvas.mask(*dashes(path, 1.0, 0.6, 0.32)), tone, opacity=0.8)


def _zip(canvas: Canvas, design: Design, path: Path, *, pull: bool = True) -> None:
    metal = design.choose("metal", (BRASS, STEEL, (70, 70, 74)))
    canvas.draw(darker(design.color, 0.55), ribbon(path, 1.9))
    canvas.fill(canvas.mask(*dashes(path, 0.5, 0.5, 0.9)), metal)
    if pull:
        x, y = path[-1]
        canvas.draw(metal, rounded(x - 0.9, y - 1, x + 0.9, y + 1.6, 0.4), shades=[puff(0.5, 0.7)], cast=0.4)
        canvas.draw(design.accent.rgb, rounded(x - 0.7, y + 1.4, x + 0.7, y + 6, 0.6), shades=[puff(0.5, 0.6)], cast=0.4)


def _pocket(canvas: Canvas, design: Design, outline: Path, tone: Rgb) -> None:
    canvas.draw(tone, outline, shades=[puff(3, 0.5), grained(cloth(), 0.1)], cast=1.1)


def _badge(canvas: Canvas, design: Design, x: float, y: float, hide: Rgb) -> None:
    kind = design.choose("badge", ("diamond", "patch", "round"))
    if kind == "diamond":
        canvas.draw(hide, [(x, y - 4), (x + 3.4, y), (x, y + 4), (x - 3.4, y)], shades=[puff(0.7, 0.5), grained(leather(), 0.08)], cast=0.3)
        canvas.draw(darker(hide, 0.5), rounded(x - 1.6, y - 0.5, x - 0.5, y + 0.5, 0.3), rounded(x + 0.5, y - 0.5, x + 1.6, y + 0.5, 0.3))
    elif kind == "patch":
        patch = rounded(x - 5, y - 2.6, x + 5, y + 2.6, 0.8)
        canvas.draw(hide, patch, shades=[puff(0.7, 0.5), grained(leather(), 0.08)], cast=0.3)
        canvas.draw(darker(hide, 0.5), *[rounded(x - 3.2 + i * 1.7, y - 0.7, x - 2.2 + i * 1.7, y + 0.7, 0.2) for i in range(4)])
    else:
        canvas.draw(hide, ellipse(x, y, 3.4, 3.4), shades=[puff(0.7, 0.5)], cast=0.3)
        canvas.draw(lighter(hide, 0.6), [(x - 2, y + 1.3), (x - 0.4, y - 1.4), (x + 0.5, y), (x + 1, y - 0.7), (x + 2.1, y + 1.3)])


def _daypack(canvas: Canvas, design: Design, body: Mask, half: float, top: float, bottom: float, webbing: Rgb, hide: Rgb) -> None:
    arc = Pen(50 - half * 0.93, top + 31).curve((50 - half * 0.9, top + 5), (50, top + 5), second=(50 - half * 0.6, top + 5)).curve((50 + half * 0.6, top + 5), (50 + half * 0.93, top + 31), second=(50 + half * 0.9, top + 5)).path
    _zip(canvas, design, arc)
    tall = (bottom - top) * design.between("pocket", 0.4, 0.48)
    tone = design.choose("pocket tone", (design.second.rgb, darker(design.color, 0.14), darker(design.color, 0.14)))
    y = bottom - tall
    pocket = smooth([(50 - half * 0.76, y + 3), (50 - half * 0.5, y), (50 + half * 0.5, y), (50 + half * 0.76, y + 3), (50 + half * 0.8, bottom - 7), (50 + half * 0.66, bottom - 2.6), (50 - half * 0.66, bottom - 2.6), (50 - half * 0.8, bottom - 7)])
    _pocket(canvas, design, pocket, tone)
    line = Pen(50 - half * 0.68, y + 6).curve((50, y + 3), (50 + half * 0.6, y + 6)).path
    _zip(canvas, design, line)
    if design.chance("base", 0.5):
        base = canvas.mask([(0, bottom - 9), (100, bottom - 9), (100, 100), (0, 100)]).within(body)
        canvas.fill(base, hide, puff(3, 0.5), grained(leather(), 0.08), fall(0, -0.2))
        _seam(canvas, design, [(50 - half, bottom - 8), (50 + half, bottom - 8)])
    _badge(canvas, design, 50, top + (y - top) * 0.6, hide)


def _roll_top(canvas: Canvas, design: Design, body: Mask, half: float, top: float, bottom: float, webbing: Rgb, hide: Rgb) -> None:
    band = canvas.mask(rounded(50 - half - 2, bottom - 24, 50 + half + 2, bottom + 3, 4)).within(body)
    canvas.fill(band, design.second.rgb, puff(3, 0.5), grained(cloth(), 0.1), fall(0, -0.2))
    roll = rounded(50 - half * 0.95, top - 1, 50 + half * 0.95, top + 12, 6)
    canvas.draw(lighter(design.color, 0.06), roll, shades=[puff(3, 0.55), fall(0.15, -0.25), grained(cloth(), 0.08)], cast=1.4)
    canvas.draw(darker(design.color, 0.2), rounded(50 - half * 0.95, top + 5, 50 + half * 0.95, top + 6, 0.5))
    for x in (50 - half * 0.45, 50 + half * 0.45):
        canvas.draw(webbing, rounded(x - 1.8, top - 1, x + 1.8, top + 42, 0.6), shades=[puff(0.6, 0.5)], cast=0.7)
        _buckle(canvas, design, x, top + 26)
        canvas.draw(hide, [(x - 1.8, top + 36), (x + 1.8, top + 36), (x + 1.8, top + 43), (x, top + 46), (x - 1.8, top + 43)], shades=[puff(0.5, 0.5)], cast=0.3)
    _zip(canvas, design, [(50 - half * 0.55, bottom - 36), (50 + half * 0.5, bottom - 36)])
    _badge(canvas, design, 50, bottom - 13, hide)


def _buckle(canvas: Canvas, design: Design, x: float, y: float) -> None:
    metal = design.choose("metal", (BRASS, STEEL, (70, 70, 74)))
    frame = canvas.mask(rounded(x - 2.8, y - 2.2, x + 2.8, y + 2.2, 0.7), cut=[rounded(x - 1.9, y - 1.3, x + 1.9, y + 1.3, 0.4)])
    canvas.cast(frame, 0.4)
    canvas.fill(frame, metal, along(CHROME, 0.6))
    canvas.draw(metal, rounded(x - 0.3, y - 0.2, x + 0.3, y + 2.2, 0.2))


def _flap(canvas: Canvas, design: Design, body: Mask, half: float, top: float, bottom: float, webbing: Rgb, hide: Rgb) -> None:
    for x in (50 - half * 0.5, 50 + half * 0.5):
        outline = rounded(x - half * 0.4, bottom - 27, x + half * 0.4, bottom - 4, 3)
        _pocket(canvas, design, outline, darker(design.color, 0.1))
    drop = top + (bottom - top) * design.between("flap", 0.48, 0.58)
    right = Pen(50, top - 1).curve((50 + half * 0.9, top - 1), (50 + half * 1.01, top + 13)).line((50 + half * 1.02, drop - 8))
    right.curve((50 + half, drop), (50 + half - 9, drop)).line((50, drop + 1))
    tone = design.choose("flap tone", (design.second.rgb, lighter(design.color, 0.05), design.color))
    lid = canvas.draw(tone, right.mirrored(), shades=[puff(4, 0.45), grained(cloth(), 0.08), fall(0.1, -0.06)], cast=1.6)
    edge = Pen(50 - half + 1.5, drop - 9).curve((50 - half + 2, drop - 1.6), (50 - half + 10, drop - 1.6)).line((50 + half - 10, drop - 1.6)).curve((50 + half - 2, drop - 1.6), (50 + half - 1.5, drop - 9)).path
    canvas.fill(canvas.mask(*dashes(edge, 1.0, 0.6, 0.32)).within(lid), lighter(tone, 0.4), opacity=0.7)
    for x in (50 - half * 0.5, 50 + half * 0.5):
        canvas.draw(hide, rounded(x - 2.1, top + 16, x + 2.1, drop + 12, 1.2), shades=[puff(0.7, 0.5), grained(leather(), 0.08)], cast=0.8)
        _buckle(canvas, design, x, drop + 4)
        canvas.draw(darker(hide, 0.6), *[ellipse(x, drop + y, 0.4, 0.4) for y in (-4, -2, 8.5)])
    _badge(canvas, design, 50, (top + drop) / 2 + 4, hide)


def _hiking(canvas: Canvas, design: Design, body: Mask, half: float, top: float, bottom: float, webbing: Rgb, hide: Rgb) -> None:
    low = canvas.mask([(0, bottom - 20), (50, bottom - 17), (100, bottom - 20), (100, 100), (0, 100)]).within(body)
    canvas.fill(low, design.second.rgb, puff(3, 0.5), grained(cloth(), 0.1), fall(0, -0.2))
    panel = smooth([(50 - half * 0.55, 42), (50 + half * 0.55, 42), (50 + half * 0.62, bottom - 24), (50 - half * 0.62, bottom - 24)])
    _pocket(canvas, design, panel, darker(design.color, 0.12))
    _zip(canvas, design, [(50.0, 43.0), (50.0, bottom - 30)])
    lid = smooth([(50 - half, top + 6), (50 - half * 0.5, top - 2), (50 + half * 0.5, top - 2), (50 + half, top + 6), (50 + half * 1.02, 32), (50 + half * 0.8, 36), (50 - half * 0.8, 36), (50 - half * 1.02, 32)])
    canvas.draw(design.choose("lid", (design.second.rgb, lighter(design.color, 0.08))), lid, shades=[puff(4, 0.5), grained(cloth(), 0.08), fall(0.12, -0.1)], cast=1.6)
    _zip(canvas, design, [(50 - half * 0.6, 26.0), (50 + half * 0.55, 26.0)])
    for side in (-1, 1):
        x = 50 + side * half * 0.6
        canvas.draw(webbing, rounded(x - 1.3, 30, x + 1.3, 52, 0.5), shades=[puff(0.5, 0.5)], cast=0.6)
        _buckle(canvas, design, x, 41)
        for y in (56.0, 66.0):
            canvas.draw(webbing, *strap([(50 + side * half * 0.58, y), (50 + side * half * 0.98, y - 3)], 1.2), cast=0.3)
    if design.chance("bedroll", 0.55):
        mat = rounded(50 - half - 4, bottom - 6, 50 + half + 4, bottom + 4, 4.5)
        canvas.draw(design.accent.rgb, mat, shades=[puff(2.5, 0.5), fall(0.2, -0.3)], cast=1)
        for side in (-1, 1):
            canvas.draw(webbing, rounded(50 + side * half * 0.6 - 1.2, bottom - 7, 50 + side * half * 0.6 + 1.2, bottom + 4.6, 0.5), shades=[fall(0.2, -0.3)])
    _badge(canvas, design, 50, top + 7.5, hide)


def _harness(canvas: Canvas, design: Design, half: float, top: float, bottom: float, webbing: Rgb) -> None:
    pad = smooth([(50 - half * 0.7, top + 16), (50, top + 12), (50 + half * 0.7, top + 16), (50 + half * 0.74, bottom - 8), (50, bottom - 5), (50 - half * 0.74, bottom - 8)])
    canvas.draw(mix(darker(design.color, 0.35), (70, 70, 74), 0.3), pad, shades=[puff(3, 0.5), grained(cloth(), 0.16)])
    canvas.draw(darker(design.color, 0.6), ribbon([(50, top + 15), (50, bottom - 8)], 1.4))
    for side in (False, True):
        line = Pen(50 + half * 0.28, top + 6).curve((50 + half * 1.15, top + 22), (50 + half * 0.9, bottom - 8), second=(50 + half * 0.8, bottom - 30)).path
        web = [(50 + half * 0.72, bottom - 26), (50 + half * 0.9, bottom - 4)]
        if side:
            line, web = flip(line), flip(web)
        canvas.draw(webbing, ribbon(web, 2), cast=0.5)
        cushion = canvas.draw(design.choose("cushion", (design.color, darker(design.color, 0.2), design.second.rgb)), ribbon(line, 7.5, 5), shades=[puff(2, 0.5), grained(cloth(), 0.1)], cast=1.4)
        canvas.fill(canvas.mask(ribbon(line, 1.4)).within(cushion), webbing)
    canvas.draw(webbing, rounded(50 - half * 0.68, top + 30, 50 + half * 0.68, top + 32, 0.6), cast=0.5)
    _buckle(canvas, design, 50, top + 31)


SHAPE = Shape(
    category="backpack",
    cuts=CUTS,
    patterns=("plain", "plain", "plain", "dotted", "plain", "checked", "plain", "plain", "leafy", "plain", "zigzag"),
    draw=draw,
    stands=False,
)
