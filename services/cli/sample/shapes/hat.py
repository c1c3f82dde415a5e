"""Hats; turned, seen from the other side."""

from __future__ import annotations

import math

from services.cli.sample.canvas import Canvas, Mask, Paint
from services.cli.sample.design import Design, Shape
from services.cli.sample.geometry import Path, Pen, dashes, ellipse, flip, ribbon, rounded, smooth
from services.cli.sample.palette import Rgb, darker, lighter, luma, mix
from services.cli.sample.motifs import print_motif
from services.cli.sample.patterns import pattern
from services.cli.sample.shading import Shade, along, barrel, creases, fall, grained, puff
from services.cli.sample.texture import cloth, knit, straw

CUTS = ("baseball cap", "bucket hat", "fedora", "beanie", "sun hat")


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    paint = pattern(canvas, design)
    {
        "baseball cap": _cap,
        "bucket hat": _bucket,
        "fedora": _fedora,
        "beanie": _beanie,
        "sun hat": _sun,
    }[design.cut](canvas, design, paint, turned)


def _felt(depth: float = 4.0) -> list[Shade]:
    return [puff(depth, 0.45), grained(cloth(), 0.07), fall(0.08, -0.12)]


def _thread(canvas: Canvas, tone: Rgb, within: Mask, *lines: Path) -> None:
    color = lighter(tone, 0.45) if luma(tone) < 140 else darker(tone, 0.3)
    stitches = canvas.mask(*(dash for line in lines for dash in dashes(line, 0.9, 0.7, 0.3)))
    canvas.fill(stitches.within(within), color, opacity=0.75)


def _cap(canvas: Canvas, design: Design, paint: Paint, turned: bool) -> None:
    tall = design.between("tall", 22, 27)

    def side(path: Path) -> Path:
        return flip(path) if turned else path

    brim_tone = design.choose("brim", (design.color, design.second.rgb, darker(design.color, 0.12)))
    low = 66.0
    crown = side(Pen(27, low).curve((24, tall), (58, tall), second=(30, tall)).curve((90, tall + 4), (91, low - 2), second=(86, tall)).curve((60, low + 5), (27, low)).path)
    underside = side(Pen(28, low - 3).curve((6, low - 2), (3, low + 11), second=(10, low)).curve((18, low + 9), (46, low + 2)).path)
    brim = side(Pen(29, low - 7).curve((8, low - 5), (3, low + 10), second=(11, low - 5)).curve((20, low + 3), (52, low + 2), second=(36, low - 1)).path)
    body = canvas.mask(crown)
    panels = [side(Pen(x, tall).curve((bend, 40), (foot, low + 3)).path) for x, bend, foot in ((56, 42, 46), (60, 74, 72))]
    canvas.fill(body, paint, puff(6, 0.5), grained(cloth(), 0.07), creases([ribbon(line, 0.5) for line in panels], 0.6, 0.25))
    two_panels = design.chance("two panels", 0.3)
    if two_panels:
        front = side([*Pen(27, low + 4).curve((24, tall - 2), (57, tall - 2), second=(30, tall - 2)).curve((43, 40), (46, low + 6)).path])
        canvas.fill(canvas.mask(front).within(body), design.second.rgb, *_felt(4))
    _thread(canvas, design.color, body, *[[(x + d, y) for x, y in line] for line in panels for d in (-0.9, 0.9)])
    button = ellipse(42.0 if turned else 58.0, tall, 2.6, 1.5)
    canvas.draw(design.accent.rgb, button, shades=[puff(0.8, 0.6)])
    eyelets = [(66.0, 36.0), (80.0, 40.0)]
    canvas.draw(darker(design.color, 0.5), *[side(ellipse(x, y, 0.9, 0.9)) for x, y in eyelets])
    canvas.draw(darker(brim_tone, 0.45), underside)
    visor = canvas.draw(brim_tone, brim, shades=_felt(2.4), cast=0.8)
    for inset in (1.5, 3.0, 4.5):
        line = side(Pen(29 - inset * 0.2, low - 7 + inset).curve((10 + inset, low - 4 + inset), (4 + inset * 1.6, low + 8.5)).path)
        _thread(canvas, brim_tone, visor, line)
    x = 64.0 if turned else 36.0
    if design.pattern == "plain" and not two_panels:
        print_motif(canvas, design, x, 47, 7.5)
    if design.chance("band", 0.3):
        edge = side(Pen(40, low + 2).curve((66, low + 4), (91, low - 3)).path)
        canvas.fill(canvas.mask(ribbon(edge, 2.4)).within(body), design.accent.rgb, puff(0.8, 0.5))


def _bucket(canvas: Canvas, design: Design, paint: Paint, turned: bool) -> None:
    top, low, brim = 27.0, 56.0, design.between("brim", 75, 80)
    wide = design.between("wide", 38, 42)
    crown_path = Pen(50, top).line((66, top)).curve((70.5, top), (71.5, top + 5)).line((76, low)).curve((60, low + 5), (50, low + 5)).mirrored()
    skirt = Pen(50, low - 1).curve((66, low - 1), (76, low - 3)).curve((84, brim - 10), (50 + wide, brim - 4)).curve((50 + wide * 0.7, brim + 4), (50, brim + 4))
    lower = canvas.draw(paint, skirt.mirrored(), shades=[puff(4, 0.5), grained(cloth(), 0.07), fall(0.16, -0.2)])
    rows = []
    for i in range(1, 6):
        share = i / 6
        half = 26 + (wide - 26) * share
        y = low + (brim - low) * share
        rows.append(Pen(50 - half - 1, y - 3.5).curve((50, y + 8), (50 + half + 1, y - 3.5)).path)
    _thread(canvas, design.color, lower, *rows)
    body = canvas.mask(crown_path)
    canvas.cast(body, 0.8, 0.35)
    canvas.fill(body, paint, barrel(0.45), *_felt(4))
    lid = Pen(50 - 20, top + 3.4).curve((50, top + 8.5), (50 + 20, top + 3.4)).path
    _thread(canvas, design.color, body, lid, [(x, y + 1.6) for x, y in lid])
    if design.chance("ribbon", 0.4):
        band = Pen(24, low - 2).curve((50, low + 8), (76, low - 2)).path
        canvas.fill(canvas.mask(ribbon([(x, y - 3) for x, y in band], 4)).within(body), design.second.rgb, barrel(0.5))
    canvas.draw(darker(design.color, 0.55), ellipse(66 if not turned else 34, 40, 0.9, 0.9), ellipse(66 if not turned else 34, 45, 0.9, 0.9))
    if design.pattern == "plain" and not turned and design.chance("patch", 0.6):
        canvas.draw(design.second.rgb, rounded(44, 43, 56, 50, 1), shades=[puff(0.7, 0.4)], cast=0.3)
        canvas.draw(design.accent.rgb, ellipse(50, 46.5, 2, 2))


def _brim(canvas: Canvas, paint: Paint, y: float, wide: float, deep: float, curl: float, *shades: Shade) -> Mask:
    outline = smooth([(50 - wide, y - curl), (50 - wide * 0.7, y - deep * 0.6), (50, y - deep), (50 + wide * 0.7, y - deep * 0.6), (50 + wide, y - curl), (50 + wide * 0.66, y + deep * 0.75), (50, y + deep), (50 - wide * 0.66, y + deep * 0.75)])
    return canvas.draw(paint, outline, shades=shades)


def _fedora(canvas: Canvas, design: Design, paint: Paint, turned: bool) -> None:
    y = 68.0
    wide, deep = design.between("wide", 42, 46), design.between("deep", 8, 11)
    _brim(canvas, paint, y, wide, deep, design.between("curl", 2, 6), puff(3, 0.5), grained(cloth(), 0.08), fall(0.1, -0.2))
    lean = 3.0 if turned else -3.0
    top = design.between("top", 22, 27)
    crown = smooth([(24, y - 2), (26, 50), (30, 33), (38 + lean, top), (46 + lean, top + 1.5), (52 + lean, top + 4), (58 + lean, top + 0.5), (67 + lean, top + 1), (72, 36), (75, 52), (76, y - 2), (64, y + 4.5), (50, y + 6), (36, y + 4.5)])
    body = canvas.mask(crown)
    canvas.cast(body, 1.2, 0.4)
    dents = [
        ribbon(Pen(52 + lean, top + 3).curve((53 + lean, top + 14), (48 + lean, top + 20)).path, 3, 0.4),
        ribbon(Pen(32, 38).curve((38, 42), (40, 52)).path, 2.4, 0.4),
        ribbon(Pen(70, 38).curve((65, 43), (62, 53)).path, 2.4, 0.4),
    ]
    canvas.fill(body, paint, barrel(0.45), *_felt(5), creases(dents, 1.6, 0.4))
    band = Pen(22, y - 8).curve((50, y + 5), (78, y - 8)).path
    strip = canvas.mask(ribbon(band, design.between("band", 6, 9))).within(body)
    canvas.fill(strip, design.second.rgb, barrel(0.6), puff(0.8, 0.3))
    x = 74.0 if turned else 26.0
    inward = -1 if turned else 1
    bow = [[(x + inward * 1, y - 10), (x + inward * 9, y - 8), (x + inward * 9, y - 1), (x + inward * 1, y - 3)]]
    canvas.draw(lighter(design.second.rgb, 0.1), *bow, shades=[puff(0.8, 0.5)], cast=0.4)
    if design.chance("feather", 0.45):
        quill = Pen(x + inward * 4, y - 5).curve((x - inward * 2, y - 22), (x + inward * 3, y - 32)).path
        canvas.draw(design.accent.rgb, ribbon(quill, 2, 4.4), ellipse(x + inward * 3, y - 32, 2.2, 2.8), shades=[puff(1, 0.6)], cast=0.7)
        canvas.draw(lighter(design.accent.rgb, 0.5), ribbon(quill, 0.5))


def _beanie(canvas: Canvas, design: Design, paint: Paint, turned: bool) -> None:
    top, low = design.between("top", 24, 30), 66.0
    if design.chance("pompom", 0.65):
        rng = design.rng("pompom")
        tone = design.choose("pompom tone", (design.second.rgb, lighter(design.color, 0.3), design.accent.rgb))
        canvas.draw(tone, ellipse(50, top - 5, 9.5, 9), shades=[puff(4, 0.6)])
        for shade in (darker(tone, 0.25), tone, lighter(tone, 0.25)):
            tufts = []
            for _ in range(90):
                x, y = rng.gauss(0, 1), rng.gauss(0, 1)
                far = rng.uniform(5, 10.6) / math.hypot(x, y)
                tufts.append(ribbon([(50 + x * far * 0.55, top - 5 + y * far * 0.55), (50 + x * far, top - 5 + y * far)], 1.1, 0.4))
            canvas.fill(canvas.mask(*tufts), shade, opacity=0.6)
    dome = Pen(50, top).curve((76, top), (79, low), second=(76, top + 14)).line((50, low + 4))
    body = canvas.mask(dome.mirrored())
    gathers = [ribbon(Pen(50 + s * 4, top + 1).curve((50 + s * 20, top + 6), (50 + s * 26, top + 30)).path, 1.6, 0.3) for s in (-0.9, -0.45, 0, 0.45, 0.9)]
    canvas.fill(body, paint, puff(6, 0.5), grained(knit(), 0.3), creases(gathers, 1, 0.25))
    cuff_tone: Paint = design.choose("cuff", (paint, design.second.rgb, darker(design.color, 0.12)))
    cuff = smooth([(20.5, low - 8), (50, low - 4), (79.5, low - 8), (81, low), (79.5, low + 9), (50, low + 13), (20.5, low + 9), (19, low)])
    band = canvas.draw(cuff_tone, cuff, shades=[puff(3, 0.5), grained(knit(), 0.2)], cast=0.9)
    ribs = [ribbon(Pen(50 + 30 * s, low - 8 + 3 * (1 - s * s)).curve((50 + 31 * s, low), (50 + 30 * s, low + 9 + 3 * (1 - s * s))).path, 0.7) for s in (i / 12 - 1 for i in range(1, 24))]
    canvas.fill(canvas.mask(*ribs).within(band), darker(design.color, 0.7), opacity=0.28)
    if not turned and design.chance("label", 0.6):
        canvas.draw(design.choose("label tone", ((150, 98, 58), (60, 56, 54), (236, 228, 212))), rounded(45, low, 55, low + 7, 0.6), shades=[puff(0.5, 0.4)], cast=0.3)


def _sun(canvas: Canvas, design: Design, paint: Paint, turned: bool) -> None:
    base: Rgb = mix((226, 196, 142), design.color, 0.62)
    y = 66.0
    wide, deep = design.between("wide", 45, 48), design.between("deep", 13, 17)
    brim = _brim(canvas, base, y, wide, deep, design.between("curl", -2, 2), puff(3, 0.4), grained(straw(), 0.55), fall(0.12, -0.16))
    rings = []
    for share in (0.72, 0.86):
        rings.append(ribbon([*ellipse(50, y + 0.5, wide * share, deep * share), (50 + wide * share, y + 0.5)], 0.6))
    canvas.fill(canvas.mask(*rings).within(brim), darker(base, 0.5), opacity=0.3)
    if design.chance("edge", 0.5):
        edge = [(50 + (px - 50) * 1, py) for px, py in ellipse(50, y, wide - 1.2, deep - 0.6)]
        canvas.fill(canvas.mask(ribbon(edge, 1.7)).within(brim), design.color)
    top = design.between("top", 28, 33)
    crown = Pen(50, top).curve((72, top), (75, y - 2), second=(73, top + 8)).curve((64, y + 5), (50, y + 5.5)).mirrored()
    body = canvas.mask(crown)
    canvas.cast(body, 1.4, 0.4)
    canvas.fill(body, base, puff(5, 0.45), grained(straw(), 0.55), barrel(0.4))
    scarf = Pen(22, y - 8).curve((50, y + 4.5), (78, y - 8)).path
    cloth_paint: Paint = paint if design.pattern != "plain" else design.color
    canvas.fill(canvas.mask(ribbon(scarf, 9)).within(body), cloth_paint, barrel(0.55), puff(1.2, 0.4))
    x, inward = (69.0, 1) if turned else (31.0, -1)
    tails = [ribbon(Pen(x, y).curve((x + inward * 9, y + 3), (x + inward * d, y + r)).path, 2.2, 5) for d, r in ((16, 11), (10, 16))]
    canvas.draw(cloth_paint, *tails, shades=[puff(1, 0.5)], cast=0.7)
    loops = [Pen(x, y - 2).curve((x + dx, y - 10), (x + dx * 1.1, y - 1)).curve((x + dx * 0.6, y + 3), (x, y - 2)).path for dx in (-9.0, 9.0)]
    canvas.draw(cloth_paint, *loops, shades=[puff(1, 0.5)], cast=0.5)
    canvas.draw(darker(design.color, 0.1), ellipse(x, y - 2, 2, 2.4), shades=[puff(1, 0.6), along(((0, 0.1), (1, -0.1)))])


SHAPE = Shape(
    category="hat",
    cuts=CUTS,
    patterns=("plain", "plain", "plain", "striped", "dotted", "plain", "floral", "plain", "zigzag", "floral", "plain", "leafy", "tartan", "checked", "upright-striped"),
    draw=draw,
    stands=True,
)
