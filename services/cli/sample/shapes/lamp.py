"""Lamps; turned, the other way round and switched on or off."""

from __future__ import annotations

from PIL import Image

from services.cli.sample.canvas import Canvas, Mask, Paint
from services.cli.sample.design import Design, Shape
from services.cli.sample.geometry import Path, Pen, ellipse, flip, ribbon, rounded, smooth, turn
from services.cli.sample.palette import BRASS, OAK, STEEL, WALNUT, Rgb, darker, lighter, mix
from services.cli.sample.patterns import pattern
from services.cli.sample.shading import CHROME, along, ball, barrel, fall, grained, puff
from services.cli.sample.surface import wrapped
from services.cli.sample.texture import cloth, wood

CUTS = ("table lamp", "cone lamp", "mushroom lamp", "tripod lamp", "desk lamp")
_GLOW: Rgb = (255, 226, 160)


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    lit = design.chance("lit", 0.5) != turned
    {
        "table lamp": _table,
        "cone lamp": _table,
        "mushroom lamp": _mushroom,
        "tripod lamp": _tripod,
        "desk lamp": _desk,
    }[design.cut](canvas, design, lit, turned)


def _metal(design: Design) -> Rgb:
    return design.choose("metal", (BRASS, STEEL, (62, 60, 64), BRASS))


def _shine(canvas: Canvas, mask: Mask, strength: float = 0.6) -> None:
    """Warm light that comes through a shade, strongest in its lower middle."""
    width, height = mask.size
    spot = Image.radial_gradient("L").resize((width, height * 2)).crop((0, height // 4, width, height // 4 + height))
    glow = spot.point([round(max(0, 235 - v) * strength) for v in range(256)])
    layer = Image.new("RGB", mask.size, _GLOW)
    layer.putalpha(Image.composite(glow, Image.new("L", mask.size), mask.image))
    canvas.image.alpha_composite(layer, (mask.left, mask.top))


def _shade(canvas: Canvas, design: Design, paint: Paint, x: float, top: float, bottom: float, narrow: float, wide: float, lit: bool) -> None:
    """A cloth drum or cone, seen a little from below the rim's height."""
    tilt = 0.09
    inner = canvas.mask(ellipse(x, bottom, wide, wide * tilt))
    canvas.fill(inner, lighter(_GLOW, 0.4) if lit else darker(design.color, 0.35))
    side = [(x - narrow, top), *ellipse(x, top, narrow, narrow * tilt, 180, 360), (x + wide, bottom), *ellipse(x, bottom, wide, wide * tilt, 0, 180)]
    body = canvas.mask(side)
    bent = wrapped(canvas, paint, x, wide, wide * tilt)
    canvas.fill(body, bent, barrel(0.45 if lit else 0.75), grained(cloth(), 0.07))
    if lit:
        _shine(canvas, body)
    trim = darker(design.color, 0.25) if design.pattern == "plain" else design.second.rgb
    for y, half in ((bottom - 0.7, wide), (top + 0.9, narrow)):
        band = ribbon(ellipse(x, y, half - 0.2, half * tilt, 0, 180), 1.3)
        canvas.fill(canvas.mask(band).within(body), trim, barrel(0.5))


def _table(canvas: Canvas, design: Design, lit: bool, turned: bool) -> None:
    cone = design.cut == "cone lamp"
    wide = design.between("wide", 27, 32)
    narrow = wide * (design.between("narrow", 0.32, 0.5) if cone else design.between("narrow", 0.72, 0.94))
    top, bottom = design.between("top", 9, 13), design.between("bottom", 44, 49)
    metal = _metal(design)
    canvas.draw(metal, rounded(49, bottom - 4, 51, 66, 0.4), shades=[along(CHROME, 0.7)])
    _foot(canvas, design, metal, bottom)
    _shade(canvas, design, pattern(canvas, design), 50, top, bottom, narrow, wide, lit)
    canvas.draw(metal, rounded(49.3, top - 4, 50.7, top + 0.6, 0.4), ellipse(50, top - 4.6, 1.3, 1.3), shades=[puff(0.6, 0.7)])
    if design.chance("cord", 0.5):
        x = 41.0 if turned else 59.0
        canvas.draw(metal, ribbon([(x, bottom), (x, bottom + 11)], 0.5), ellipse(x, bottom + 12, 1.2, 1.2), shades=[puff(0.5, 0.6)])


def _foot(canvas: Canvas, design: Design, metal: Rgb, shade_bottom: float) -> None:
    kind = design.choose("foot", ("gourd", "ball", "column", "stack", "urn"))
    glaze = design.second.rgb
    ground = 93.0
    if kind == "ball":
        canvas.draw(metal, rounded(42, ground - 4, 58, ground, 1), shades=[along(CHROME, 0.6)])
        canvas.draw(glaze, ellipse(50, ground - 18, 15, 15), shades=[ball(0.9), puff(4, 0.5)])
        canvas.draw(metal, rounded(47, ground - 35, 53, ground - 31.5, 0.8), shades=[along(CHROME, 0.6)])
    elif kind == "column":
        canvas.draw(metal, [*ellipse(50, ground - 3, 16, 2.6, 180, 360), *ellipse(50, ground - 1, 16, 2.6, 0, 180)], shades=[barrel(0.9)])
        canvas.draw(lighter(metal, 0.12), ellipse(50, ground - 3, 16, 2.6), shades=[fall(0.2, -0.1)])
        canvas.draw(metal, rounded(48.4, shade_bottom, 51.6, ground - 3, 0.6), shades=[along(CHROME, 0.9)])
    elif kind == "stack":
        y = ground
        for radius, tone in ((11.0, glaze), (8.6, design.accent.rgb), (6.4, glaze)):
            canvas.draw(tone, ellipse(50, y - radius * 0.85, radius * 1.15, radius * 0.85), shades=[ball(0.8), puff(3, 0.5)])
            y -= radius * 1.62
    else:
        right = Pen(50, ground).line((59, ground), (59.5, ground - 2))
        if kind == "gourd":
            right.curve((71, ground - 16), (56, ground - 25), second=(69, ground - 23)).curve((53, ground - 28), (57, ground - 32)).curve((56, ground - 39), (52, ground - 41))
        else:
            right.curve((62, ground - 10), (67, ground - 26)).curve((67, ground - 35), (54, ground - 37)).line((53, ground - 41))
        right.line((50, ground - 41))
        body = canvas.mask(right.mirrored())
        canvas.fill(body, glaze, barrel(0.8), puff(3, 0.4), fall(0.1, -0.15))
        if design.chance("bands", 0.5):
            for y in (ground - 10, ground - 14):
                band = ribbon(Pen(20, y - 1).curve((50, y + 3), (80, y - 1)).path, 1.2)
                canvas.fill(canvas.mask(band).within(body), design.accent.rgb, barrel(0.6))
        gloss = smooth([(42, ground - 20), (44, ground - 22), (43, ground - 8), (41.5, ground - 11)])
        canvas.fill(canvas.mask(gloss).within(body), (255, 255, 255), opacity=0.3)


def _mushroom(canvas: Canvas, design: Design, lit: bool, turned: bool) -> None:
    wide = design.between("wide", 30, 35)
    brim = design.between("brim", 48, 52)
    top = brim - wide * design.between("dome", 0.85, 1.1)
    stem = design.choose("stem", (design.color, design.second.rgb, lighter(design.second.rgb, 0.3)))
    right = Pen(50, 92).line((66, 92)).curve((67, 86), (57, 82)).curve((54, 72), (55, brim - 2)).line((50, brim - 2))
    canvas.draw(stem, right.mirrored(), shades=[barrel(0.8), puff(2, 0.4)])
    canvas.draw(lighter(_GLOW, 0.5) if lit else darker(design.color, 0.4), ellipse(50, brim, wide - 0.5, wide * 0.13))
    dome = Pen(50 - wide, brim).curve((50 - wide * 1.02, top), (50, top), second=(50 - wide * 0.62, top)).curve((50 + wide * 0.62, top), (50 + wide, brim), second=(50 + wide * 1.02, top)).path
    cap = canvas.mask([*dome, *ellipse(50, brim, wide, wide * 0.13, 0, 180)])
    canvas.fill(cap, wrapped(canvas, pattern(canvas, design), 50, wide, wide * 0.13), ball(0.6 if lit else 0.9), puff(4, 0.4))
    if lit:
        _shine(canvas, cap, 0.45)
    gloss = smooth([(50 - wide * 0.62, brim - wide * 0.52), (50 - wide * 0.36, top + wide * 0.16), (50 - wide * 0.42, top + wide * 0.28), (50 - wide * 0.6, brim - wide * 0.36)])
    canvas.fill(canvas.mask(gloss), (255, 255, 255), opacity=0.3)


def _tripod(canvas: Canvas, design: Design, lit: bool, turned: bool) -> None:
    timber = design.choose("timber", (OAK, WALNUT, mix(OAK, (235, 220, 190), 0.4), (58, 54, 54)))
    lean = 4.0 if turned else -4.0
    for foot, width in ((50 + lean, 2.4), (29.0, 2.8), (71.0, 2.8)):
        tone = darker(timber, 0.25) if width < 2.5 else timber
        leg = ribbon([(50 + (foot - 50) * 0.08, 44), (foot, 95)], width, width * 0.7)
        canvas.draw(tone, leg, shades=[puff(0.9, 0.6), grained(wood(), 0.15)])
    canvas.draw(_metal(design), ellipse(50, 58, 3.2, 2.2), shades=[puff(1, 0.7)])
    wide = design.between("wide", 25, 30)
    _shade(canvas, design, pattern(canvas, design), 50, 8, 44, wide * design.between("narrow", 0.7, 1.0), wide, lit)


def _desk(canvas: Canvas, design: Design, lit: bool, turned: bool) -> None:
    metal = _metal(design)
    color = design.color

    def side(path: Path) -> Path:
        return flip(path) if turned else path

    base = [*ellipse(62, 88, 18, 3.4, 180, 360), *ellipse(62, 91, 18, 3.4, 0, 180)]
    canvas.draw(color, side(base), shades=[barrel(0.8)])
    canvas.draw(lighter(color, 0.12), side(ellipse(62, 88, 18, 3.4)), shades=[fall(0.15, -0.15)])
    elbow = (design.between("elbow x", 76, 82), design.between("elbow y", 48, 54))
    head = (design.between("head x", 40, 46), design.between("head y", 20, 26))
    for a, b in (((62.0, 87.0), elbow), (elbow, head)):
        for offset in (-1.3, 1.3):
            arm = ribbon([(a[0] + offset, a[1]), (b[0] + offset, b[1])], 1.5)
            canvas.draw(metal, side(arm), shades=[puff(0.6, 0.8)])
    knobs = [side(ellipse(x, y, 2.8, 2.8)) for x, y in ((62.0, 85.0), elbow, head)]
    canvas.draw(darker(color, 0.2), *knobs, shades=[puff(1.1, 0.7)], cast=0.5)
    tilt = design.between("tilt", 28, 42)
    x, y = head
    hood = Pen(x - 4, y - 6).line((x + 4, y - 6)).curve((x + 8, y + 2), (x + 17, y + 16)).curve((x, y + 19), (x - 17, y + 16)).curve((x - 8, y + 2), (x - 4, y - 6)).path
    mouth = ellipse(x, y + 16, 17, 4)
    bulb = ellipse(x, y + 17.5, 5, 4.5)
    canvas.draw((255, 244, 205) if lit else (222, 222, 218), side(turn(bulb, tilt, x, y)), shades=[puff(2, 0.4)])
    canvas.draw(lighter(_GLOW, 0.5) if lit else darker(color, 0.4), side(turn(mouth, tilt, x, y)))
    canvas.draw((255, 250, 226) if lit else (214, 214, 210), side(turn(ellipse(x, y + 17, 6, 2.6), tilt, x, y)))
    canvas.draw(color, side(turn(hood, tilt, x, y)), shades=[puff(4, 0.6), along(((0, -0.25), (0.35, 0.3), (1, -0.3)))], cast=0.5)
    canvas.draw(metal, side(turn(rounded(x - 3, y - 10, x + 3, y - 5, 1.4), tilt, x, y)), shades=[along(CHROME, 0.6)])


SHAPE = Shape(
    category="lamp",
    cuts=CUTS,
    patterns=("plain", "plain", "plain", "upright-striped", "plain", "dotted", "plain", "plain", "leafy", "plain", "checked", "floral"),
    draw=draw,
    stands=True,
)
