"""Dresses from the front, as on a hanger; turned, the back."""

from __future__ import annotations

from services.cli.sample.canvas import Canvas, Mask, Paint
from services.cli.sample.design import Design, Shape
from services.cli.sample.geometry import Path, Pen, dashes, ellipse, flip, ribbon, rounded
from services.cli.sample.palette import darker, lighter, mix
from services.cli.sample.patterns import pattern
from services.cli.sample.shading import along, creases, fall, grained, puff
from services.cli.sample.texture import cloth

CUTS = ("A-line dress", "slip dress", "maxi dress", "shirt dress", "tiered dress")

# cut: waist y, waist half width, hem y, hem half width
_SKIRTS = {
    "A-line dress": (42.0, 12.0, 90.0, 31.0),
    "slip dress": (46.0, 15.0, 90.0, 20.0),
    "maxi dress": (37.0, 12.0, 97.0, 27.0),
    "shirt dress": (46.0, 14.0, 91.0, 23.0),
    "tiered dress": (40.0, 13.0, 93.0, 32.0),
}


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    waist, slim, hem, wide = _SKIRTS[design.cut]
    hem = min(97.0, hem * design.between("length", 0.95, 1.02))
    wide *= design.between("flare", 0.9, 1.12)
    paint = pattern(canvas, design, scale=0.8)
    strappy = design.cut == "slip dress" or (design.cut in ("maxi dress", "tiered dress") and design.chance("straps", 0.6))
    scoop = 14.0 if turned else design.between("scoop", 17, 21)
    light = (puff(2.6, 0.34), grained(cloth(), 0.07))

    if strappy:
        for side in (False, True):
            line = Pen(50 + 8.5, 24).curve((50 + 8, 12), (50 + 7, 5)).path
            canvas.draw(darker(design.color, 0.1), ribbon(flip(line) if side else line, 1.3), shades=[puff(0.5, 0.6)])
    else:
        canvas.draw(darker(design.color, 0.4), [*ellipse(50, 10, 8.6, 2.6, 180, 360), (58, 16), (54, scoop + 1), (46, scoop + 1), (42, 16)])
        _sleeves(canvas, design, paint)
    bodice = _bodice(canvas, waist, slim, scoop, strappy)
    skirt = _skirt(canvas, design, waist, slim, hem, wide)
    canvas.fill(skirt, paint, *light, fall(-0.04, -0.06), creases(_pleats(design, waist, slim, hem, wide), 1.3, 0.34))
    canvas.cast(bodice, 0.5, 0.3)
    canvas.fill(bodice, paint, *light, fall(0.08, -0.02), creases(_darts(waist), 1.0, 0.26))
    if design.cut == "tiered dress":
        _tiers(canvas, design, skirt, waist, slim, hem, wide)
    if design.cut == "shirt dress" and not turned:
        _placket(canvas, design, hem)
    if turned:
        zip_line = [(50.0, 24.0 if strappy else scoop), (50.0, waist + 14)]
        canvas.fill(canvas.mask(ribbon(zip_line, 0.7)), darker(design.color, 0.5), opacity=0.7)
    _belt(canvas, design, waist, slim, turned)
    _hem(canvas, design, skirt, hem, wide)


def _bodice(canvas: Canvas, waist: float, slim: float, scoop: float, strappy: bool) -> Mask:
    if strappy:
        right = Pen(50, 23.5).curve((54, 23), (58.5, 20.5)).curve((61, 24), (66, 28)).curve((65, 36), (50 + slim, waist)).line((50, waist + 1))
    else:
        right = Pen(50, scoop).curve((57, scoop - 1), (58, 9)).line((67, 12)).curve((63, 20), (66.5, 28)).curve((65, 36), (50 + slim, waist)).line((50, waist + 1))
    return canvas.mask(right.mirrored())


def _skirt(canvas: Canvas, design: Design, waist: float, slim: float, hem: float, wide: float) -> Mask:
    bell = design.between("bell", 0.3, 0.6)
    right = Pen(50, waist - 0.5).line((50 + slim, waist - 0.5))
    right.curve((50 + slim + (wide - slim) * bell, waist + (hem - waist) * 0.3), (50 + wide, hem - 3))
    ripples, ripple = 4, 0.3 if design.cut == "slip dress" else 1.3
    for i in range(ripples):
        x0 = 50 + wide * (1 - i / ripples)
        x1 = 50 + wide * (1 - (i + 1) / ripples)
        y = hem - 3 * ((ripples - i - 1) / ripples) ** 2 + (0.0 if i < ripples - 1 else 0.3)
        right.curve(((x0 + x1) / 2, y + ripple), (x1, y))
    return canvas.mask(right.mirrored())


def _pleats(design: Design, waist: float, slim: float, hem: float, wide: float) -> list[Path]:
    rng = design.rng("pleats")
    count = 5 if design.cut == "slip dress" else 9
    lines = []
    for i in range(count):
        share = -0.85 + 1.7 * (i + rng.uniform(0.2, 0.8)) / count
        start = waist + rng.uniform(0, 6 if design.cut != "slip dress" else 18)
        lines.append(
            ribbon(Pen(50 + slim * share * 0.9, start).curve((50 + (slim + wide) / 2 * share * 0.9, (waist + hem) / 2), (50 + wide * share, hem)).path, 0.3, rng.uniform(1.6, 3.2))
        )
    return lines


def _darts(waist: float) -> list[Path]:
    return [path for x in (-1, 1) for path in (
        ribbon([(50 + x * 7, waist), (50 + x * 7.5, 30)], 1.2, 0.2),
        ribbon(Pen(50 + x * 15, 28).curve((50 + x * 10, 30), (50 + x * 7, 29)).path, 1.0, 0.3),
    )]  # fmt: skip


def _sleeves(canvas: Canvas, design: Design, paint: Paint) -> None:
    kind = "long" if design.cut == "shirt dress" and design.chance("long", 0.6) else design.choose("sleeve", ("cap", "puffed", "none"))
    if kind == "none":
        return
    if kind == "long":
        outline = Pen(63, 10).curve((72, 13), (80, 50)).line((74, 52)).curve((69, 34), (64, 28)).path
    elif kind == "puffed":
        outline = Pen(62, 10).curve((76, 9), (79, 24), second=(79, 14)).line((70, 28)).curve((66, 26), (64, 24)).path
    else:
        outline = Pen(62, 10).curve((70, 12), (74, 21)).line((65, 25)).path
    for mirrored in (False, True):
        path = flip(outline) if mirrored else outline
        canvas.draw(paint, path, shades=[puff(2.2, 0.45), grained(cloth(), 0.07)])


def _tiers(canvas: Canvas, design: Design, skirt: Mask, waist: float, slim: float, hem: float, wide: float) -> None:
    rng = design.rng("tiers")
    for share in (0.36, 0.68):
        y = waist + (hem - waist) * share
        half = slim + (wide - slim) * (share * 0.9 + 0.1)
        seam = Pen(50 - half - 2, y - 1.5).curve((50, y + 2.5), (50 + half + 2, y - 1.5)).path
        canvas.fill(canvas.mask(ribbon(seam, 1.3)).within(skirt), darker(design.color, 0.6), opacity=0.35)
        gathers = []
        for _ in range(26):
            x = rng.uniform(-half, half)
            top = y + 1.4 - 2.4 * (x / half) ** 2
            gathers.append(ribbon([(50 + x, top), (50 + x * 1.04, top + rng.uniform(2, 6))], 0.5, 0.05))
        canvas.fill(canvas.mask(*gathers).within(skirt), darker(design.color, 0.6), opacity=0.3)


def _placket(canvas: Canvas, design: Design, hem: float) -> None:
    strip = rounded(48.3, 16, 51.7, hem - 1, 0.5)
    canvas.draw(mix(design.color, design.second.rgb, 0.12), strip, shades=[along(((0, 0.12), (0.8, 0), (1, -0.3)))])
    canvas.draw(lighter(design.second.rgb, 0.2), *[ellipse(50, y, 0.8, 0.8) for y in range(20, int(hem) - 4, 6)], cast=0.25)
    for side in (False, True):
        wing = [(50.0, 18.5), (56.5, 9.0), (60.0, 12.0), (55.0, 20.5)]
        canvas.draw(lighter(design.color, 0.12), flip(wing) if side else wing, shades=[puff(0.8, 0.5)], cast=0.5)


def _belt(canvas: Canvas, design: Design, waist: float, slim: float, turned: bool) -> None:
    kind = "sash" if design.cut == "shirt dress" else design.choose("belt", ("none", "sash", "band", "none"))
    if kind == "none" or design.cut == "slip dress":
        return
    band = Pen(50 - slim - 0.4, waist - 1.2).curve((50, waist + 0.6), (50 + slim + 0.4, waist - 1.2)).path
    tone = design.accent.rgb if kind == "band" else design.second.rgb
    canvas.draw(tone, ribbon(band, 3.2), shades=[puff(1.2, 0.5)], cast=0.4)
    if kind == "sash" and not turned:
        x, y = 53.0, waist - 0.4
        loops = [
            Pen(x, y).curve((x + 8, y - 5), (x + 7.5, y + 1)).curve((x + 5, y + 4), (x, y)).path,
            Pen(x, y).curve((x - 6, y - 5), (x - 6.5, y + 1)).curve((x - 4, y + 4), (x, y)).path,
            ribbon(Pen(x, y).curve((x + 3, y + 8), (x + 2, y + 15)).path, 1.2, 2.4),
            ribbon(Pen(x, y).curve((x - 1, y + 7), (x - 3, y + 13)).path, 1.2, 2.2),
        ]
        canvas.draw(tone, *loops, shades=[puff(1, 0.6)], cast=0.6)
        canvas.draw(tone, ellipse(x, y, 1.5, 1.4), shades=[puff(0.8, 0.7)])


def _hem(canvas: Canvas, design: Design, skirt: Mask, hem: float, wide: float) -> None:
    line = Pen(50 - wide, hem - 4.2).curve((50, hem + 0.2), (50 + wide, hem - 4.2)).path
    canvas.fill(canvas.mask(*dashes(line, 0.8, 0.6, 0.3)).within(skirt), darker(design.color, 0.5), opacity=0.5)


SHAPE = Shape(
    category="dress",
    cuts=CUTS,
    patterns=("floral", "plain", "leafy", "pinstriped", "dotted", "plain", "floral", "upright-striped", "checked", "plain", "star", "tartan"),
    draw=draw,
    stands=False,
)
