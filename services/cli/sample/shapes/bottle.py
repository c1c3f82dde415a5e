"""Drinking bottles; turned, from the other side."""

from __future__ import annotations

from services.cli.sample.canvas import Canvas, Mask, Paint
from services.cli.sample.design import Design, Shape
from services.cli.sample.geometry import Path, Pen, ellipse, flip, ribbon, rounded, smooth
from services.cli.sample.palette import OAK, STEEL, WHITE, Rgb, darker, lighter, mix
from services.cli.sample.motifs import print_motif
from services.cli.sample.patterns import pattern
from services.cli.sample.shading import CHROME, along, barrel, fall, grained, puff
from services.cli.sample.surface import wrapped
from services.cli.sample.texture import brushed, wood

CUTS = ("steel bottle", "sports bottle", "glass bottle", "vacuum flask", "slim bottle")

# cut: body half width, neck half width, shoulder y, shoulder height
_BODIES = {
    "steel bottle": (14.5, 8.0, 31.0, 11.0),
    "sports bottle": (16.5, 12.5, 34.0, 5.0),
    "glass bottle": (14.5, 6.5, 37.0, 15.0),
    "vacuum flask": (14.0, 13.0, 33.0, 2.5),
    "slim bottle": (10.5, 6.5, 29.0, 8.0),
}
_TILT = 0.13


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    half, neck, shoulder, rise = _BODIES[design.cut]
    half *= design.between("half", 0.92, 1.1)
    bottom = 93.0
    shoulder += design.between("shoulder", 0, 4)
    body = canvas.mask(_outline(design, half, neck, shoulder, rise, bottom))
    if design.cut == "glass bottle":
        _glass(canvas, design, body, half, neck, shoulder, rise, bottom)
    else:
        _coated(canvas, design, body, half, neck, shoulder, bottom, turned)
    _cap(canvas, design, half, neck, shoulder, rise, turned)


def _outline(design: Design, half: float, neck: float, shoulder: float, rise: float, bottom: float) -> Path:
    waist = design.between("waist", 0.84, 0.94) if design.cut == "sports bottle" else 1.0
    right = Pen(50, shoulder - rise - 2).line((50 + neck, shoulder - rise - 2), (50 + neck, shoulder - rise))
    right.curve((50 + neck, shoulder - rise * 0.3), (50 + half, shoulder + rise * 0.5), second=(50 + half, shoulder - rise * 0.4))
    if waist < 1:
        right.curve((50 + half * (2 * waist - 1), 58), (50 + half, 78))
    right.line((50 + half, bottom - 4)).curve((50 + half, bottom - 1), (50 + half - 3, bottom))
    right.path += ellipse(50, bottom - 0.6, half - 3, (half - 3) * _TILT, 0, 90)
    return right.mirrored()


def _coated(canvas: Canvas, design: Design, body: Mask, half: float, neck: float, shoulder: float, bottom: float, turned: bool) -> None:
    paint = wrapped(canvas, pattern(canvas, design, scale=0.75), 50, half, half * _TILT)
    canvas.fill(body, paint, barrel(0.9), fall(0.05, -0.1))
    if design.chance("steel ring", 0.6):
        ring = ribbon(ellipse(50, bottom - 4.5, half + 1, half * _TILT, 0, 180), 2.6)
        canvas.fill(canvas.mask(ring).within(body), STEEL, along(CHROME, 0.7), grained(brushed(), 0.1))
    if design.pattern == "plain":
        kind = design.choose("decor", ("motif", "bands", "label", "none"))
        middle = (shoulder + bottom) / 2 + 4
        if kind == "motif" and not turned:
            print_motif(canvas, design, 50, middle, half * 0.55)
        elif kind == "bands":
            for y, tone in ((middle - 3, design.second.rgb), (middle + 2.4, design.accent.rgb)):
                canvas.fill(canvas.mask(ribbon(ellipse(50, y, half + 1, half * _TILT, 0, 180), 3)).within(body), tone, barrel(0.9))
        elif kind == "label" and not turned:
            canvas.draw(mix(design.second.rgb, WHITE, 0.1), rounded(47, middle - 15, 53, middle + 12, 1), shades=[along(((0, 0.1), (1, -0.12)))])
    gloss = rounded(50 - half * 0.7, shoulder + 6, 50 - half * 0.56, bottom - 10, 1.2)
    canvas.fill(canvas.mask(gloss).within(body), (255, 255, 255), opacity=0.3)


def _glass(canvas: Canvas, design: Design, body: Mask, half: float, neck: float, shoulder: float, rise: float, bottom: float) -> None:
    tint = lighter(design.color, 0.35)
    canvas.fill(body, tint, along(((0, -0.5), (0.08, -0.1), (0.2, 0.35), (0.5, 0.15), (0.85, 0.1), (0.94, -0.2), (1, -0.55))), fall(0.1, -0.1))
    level = shoulder + design.between("level", 4, 16)
    drink = mix(design.color, WHITE, 0.08)
    liquid = canvas.mask([*ellipse(50, level, half + 2, half * _TILT, 180, 360), (70, 100), (30, 100)]).within(body)
    canvas.fill(liquid, drink, along(((0, -0.3), (0.2, 0.2), (0.6, 0), (1, -0.4))), fall(0.1, -0.15))
    canvas.fill(canvas.mask(ellipse(50, level, half - 1, half * _TILT)).within(body), lighter(drink, 0.35))
    if design.chance("sleeve", 0.6):
        y = design.between("sleeve at", 56, 62)
        sleeve = Pen(50 - half - 0.5, y).curve((50, y + half * _TILT * 2), (50 + half + 0.5, y)).line((50 + half + 0.5, bottom - 8)).curve((50, bottom - 8 + half * _TILT * 2), (50 - half - 0.5, bottom - 8)).path
        paint: Paint = design.second.rgb
        if design.pattern != "plain":
            paint = wrapped(canvas, pattern(canvas, design, scale=0.7), 50, half, half * _TILT)
        canvas.fill(canvas.mask(sleeve).within(body), paint, barrel(0.8))
    for x, width, share in ((-0.72, 1.6, 0.5), (-0.5, 0.7, 0.35), (0.78, 1.0, 0.3)):
        streak = rounded(50 + half * x, shoulder + 3, 50 + half * x + width, bottom - 9, 0.8)
        canvas.fill(canvas.mask(streak).within(body), (255, 255, 255), opacity=share)
    shine = ribbon(Pen(50 - neck * 0.6, shoulder - rise).curve((50 - neck * 0.7, shoulder - 3), (50 - half * 0.7, shoulder + 3)).path, 1)
    canvas.fill(canvas.mask(shine).within(body), (255, 255, 255), opacity=0.5)


def _cap(canvas: Canvas, design: Design, half: float, neck: float, shoulder: float, rise: float, turned: bool) -> None:
    base = shoulder - rise - 0.5
    tone = design.choose("cap", (design.second.rgb, (64, 64, 70), STEEL, design.accent.rgb))
    if design.cut == "glass bottle":
        _stopper(canvas, design, neck, base)
    elif design.cut == "sports bottle":
        _spout(canvas, tone, neck + 1.5, base, turned)
    elif design.cut == "vacuum flask":
        _cup(canvas, design, tone, neck + 0.8, base, turned)
    else:
        _screw(canvas, design, tone, neck + 0.6, base, turned)


def _lid(canvas: Canvas, tone: Rgb, half: float, top: float, bottom: float) -> None:
    outline = [*ellipse(50, top, half, half * _TILT, 180, 360), *ellipse(50, bottom, half, half * _TILT, 0, 180)]
    canvas.draw(tone, outline, shades=[along(CHROME, 0.6) if tone == STEEL else barrel(0.9)], cast=0.6)
    canvas.draw(lighter(tone, 0.15), ellipse(50, top, half - 0.4, half * _TILT - 0.2), shades=[fall(0.15, -0.1)])


def _screw(canvas: Canvas, design: Design, tone: Rgb, half: float, base: float, turned: bool) -> None:
    top = base - design.between("cap height", 7, 10)
    kind = design.choose("grip", ("loop", "ribs", "bamboo"))
    if kind == "loop":
        loop = Pen(50 - half * 0.8, top + 2).curve((50 - half * 0.9, top - 12), (50 + half * 0.8, top + 2), second=(50 + half * 0.9, top - 12)).path
        canvas.draw(tone, ribbon(loop, 2.4), shades=[puff(0.9, 0.6)])
    timber = OAK if kind == "bamboo" else tone
    _lid(canvas, timber, half, top, base)
    if kind == "bamboo":
        canvas.fill(canvas.mask(ribbon(ellipse(50, top + 2, half, half * _TILT, 0, 180), 0.8)), darker(OAK, 0.3))
        canvas.fill(canvas.mask(ellipse(50, top, half - 0.4, half * _TILT - 0.2)), lighter(OAK, 0.25), grained(wood(), 0.2))
    elif kind == "ribs":
        ribs = [rounded(50 + half * x - 0.3, top + 1.6, 50 + half * x + 0.3, base + 0.4, 0.3) for x in (-0.8, -0.6, -0.36, -0.12, 0.12, 0.36, 0.6, 0.8)]
        canvas.fill(canvas.mask(*ribs), darker(tone, 0.6), opacity=0.5)


def _spout(canvas: Canvas, tone: Rgb, half: float, base: float, turned: bool) -> None:
    _lid(canvas, tone, half, base - 7, base)
    side = -1 if turned else 1
    handle = Pen(50 + side * half * 0.9, base - 4).curve((50 + side * (half + 10), base - 8), (50 + side * half * 0.2, base - 19), second=(50 + side * (half + 6), base - 22)).path
    canvas.draw(tone, ribbon(handle, 2.6), shades=[puff(1, 0.6)])
    straw = rounded(46.4, base - 19, 53.6, base - 6, 2.4)
    canvas.draw(lighter(tone, 0.5), straw, shades=[barrel(0.8)])
    canvas.draw(darker(tone, 0.2), ellipse(50, base - 7, 6, 1.2), shades=[barrel(0.5)])


def _cup(canvas: Canvas, design: Design, tone: Rgb, half: float, base: float, turned: bool) -> None:
    top = base - design.between("cup", 15, 19)
    if design.chance("carry", 0.5):
        side = -1 if turned else 1
        grip = Pen(50 + side * (half - 1), base - 12).curve((50 + side * (half + 11), base - 10), (50 + side * (half - 1), base + 22), second=(50 + side * (half + 12), base + 20)).path
        canvas.draw(darker(tone, 0.3), ribbon(grip, 3), shades=[puff(1.1, 0.6)])
    _lid(canvas, tone, half, top, base)
    for y in (top + 3.5, base - 2):
        canvas.fill(canvas.mask(ribbon(ellipse(50, y, half, half * _TILT, 0, 180), 0.7)), darker(tone, 0.5), opacity=0.6)


def _stopper(canvas: Canvas, design: Design, neck: float, base: float) -> None:
    if design.chance("swing", 0.4):
        canvas.draw(WHITE, [*ellipse(50, base - 5, neck * 0.9, 1.4, 180, 360), *ellipse(50, base - 0.4, neck * 0.95, 1.2, 0, 180)], shades=[barrel(0.7)])
        for side in (False, True):
            wire = smooth([(50 + neck * 0.5, base - 5), (50 + neck + 2, base - 2), (50 + neck + 1, base + 6), (50 + neck - 0.5, base + 4)], closed=False)
            canvas.draw(STEEL, ribbon(flip(wire) if side else wire, 0.9), shades=[puff(0.4, 0.7)])
        canvas.draw((206, 72, 60), rounded(50 - neck, base - 0.6, 50 + neck, base + 1, 0.6), shades=[barrel(0.7)])
        return
    cork: Rgb = (204, 160, 112)
    outline = [*ellipse(50, base - 9, neck * 1.02, 1.5, 180, 360), *ellipse(50, base, neck * 0.9, 1.2, 0, 180)]
    canvas.draw(cork, outline, shades=[barrel(0.7), grained(wood(), 0.12)])
    canvas.draw(lighter(cork, 0.2), ellipse(50, base - 9, neck, 1.4))
    lip = [*ellipse(50, base, neck + 1, 1.3, 180, 360), *ellipse(50, base + 2, neck + 1, 1.3, 0, 180)]
    canvas.draw(lighter(design.color, 0.4), lip, shades=[barrel(0.8)])


SHAPE = Shape(
    category="bottle",
    cuts=CUTS,
    patterns=("plain", "plain", "plain", "two-tone", "plain", "wave", "speckled", "plain", "leafy", "dotted", "plain", "terrazzo", "zigzag"),
    draw=draw,
    stands=True,
)
