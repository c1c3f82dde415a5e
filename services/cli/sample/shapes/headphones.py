"""Headphones seen from the front, a little from one side; turned, from the other."""

from __future__ import annotations

from collections.abc import Callable

from services.cli.sample.canvas import Canvas
from services.cli.sample.design import Design, Shape
from services.cli.sample.geometry import Path, Pen, Point, dashes, ellipse, flip, ribbon, rounded, smooth, turn
from services.cli.sample.palette import BRASS, STEEL, Rgb, darker, lighter, luma, mix
from services.cli.sample.shading import CHROME, along, ball, fall, grained, puff
from services.cli.sample.texture import brushed, cloth, leather, mesh

Side = Callable[[Path], Path]
"""Mirrors an outline when the other side is shown."""

CUTS = ("over-ear headphones", "studio headphones", "on-ear headphones", "retro headphones", "gaming headset")


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    metal = design.choose("metal", (STEEL, BRASS, (60, 60, 66), STEEL))
    pad = design.choose("pad", ((54, 52, 56), (54, 52, 56), (150, 104, 70), (232, 224, 208), darker(design.color, 0.45)))
    size = {"on-ear headphones": 1.0, "retro headphones": 1.02}.get(design.cut, 1.24) * design.between("size", 0.94, 1.06)
    top = design.between("top", 10, 15)

    def side(path: Path) -> Path:
        return flip(path) if turned else path

    # the far cup shows its cushion, the near one its outer face
    far, near = (23.0, 66.0), (74.0, 67.0)
    _band(canvas, design, side, far, near, top, metal)
    _cup_inside(canvas, design, side, far, size, pad)
    if design.cut == "gaming headset":
        _microphone(canvas, design, side, far)
    _cup_outside(canvas, design, side, near, size, metal, pad)


def _band(canvas: Canvas, design: Design, side: Side, far: Point, near: Point, top: float, metal: Rgb) -> None:
    thin = design.cut == "retro headphones"
    arc = (
        Pen(far[0] - 2, far[1] - 12)
        .curve((far[0] - 5, 30), (50, top), second=(33, top))
        .curve((66, top), (near[0] + 4, near[1] - 12), second=(near[0] + 7, 30))
        .path
    )
    slider_far = [(far[0] - 3.4, far[1] - 24), (far[0] - 1, far[1] + 2)]
    slider_near = [(near[0] + 4.8, near[1] - 24), (near[0] + 2.4, near[1] + 2)]
    for line in (slider_far, slider_near):
        canvas.draw(metal, side(ribbon(line, 2.2)), shades=[along(CHROME, 0.7)])
    if thin:
        canvas.draw(metal, side(ribbon(arc, 2.6)), shades=[puff(0.9, 0.9)])
        canvas.draw(design.color, side(ribbon(arc[12:-12], 4.4)), shades=[puff(1.4, 0.6)], cast=0.3)
        return
    width = design.between("band", 6, 8.5)
    canvas.draw(design.color, side(ribbon(arc, width * 0.8)), shades=[puff(2, 0.6), fall(0.12, -0.1)])
    cushion = arc[10:-10]
    tone = design.choose("band tone", (design.second.rgb, darker(design.color, 0.3), design.color))
    canvas.draw(tone, side(ribbon(cushion, width)), shades=[puff(2.2, 0.6), grained(leather(), 0.06)], cast=0.4)
    thread = lighter(tone, 0.5) if luma(tone) < 150 else darker(tone, 0.3)
    seam = side([(x, y + 0.1) for x, y in cushion])
    canvas.fill(canvas.mask(*dashes(seam, 1.1, 0.8, 0.35)), thread, opacity=0.7)
    if design.cut == "gaming headset":
        canvas.draw(design.accent.rgb, side(ribbon(arc[4:9], width * 0.84)), side(ribbon(arc[-9:-4], width * 0.84)), shades=[puff(1.6, 0.5)])


def _cup_inside(canvas: Canvas, design: Design, side: Side, at: Point, size: float, pad: Rgb) -> None:
    x, y = at
    shell = turn(ellipse(x - 3.5, y, 9.5 * size, 19 * size), 6, x, y)
    canvas.draw(design.color, side(shell), shades=[puff(3, 0.5), along(((0, 0.2), (1, -0.3)))])
    ring = turn(ellipse(x + 2, y, 9.5 * size, 18.5 * size), 6, x, y)
    foam = design.cut == "retro headphones"
    tone = design.choose("foam", ((232, 124, 52), (70, 68, 72), design.accent.rgb)) if foam else pad
    canvas.draw(tone, side(ring), shades=[puff(3.6, 0.6), grained(mesh() if foam else leather(), 0.1)], cast=0.6)
    if not foam:
        hollow = turn(ellipse(x + 3.4, y, 5 * size, 11.5 * size), 6, x, y)
        canvas.draw(darker(pad, 0.45), side(hollow), shades=[puff(-2, 0.4), grained(cloth(), 0.08)])


def _cup_outside(canvas: Canvas, design: Design, side: Side, at: Point, size: float, metal: Rgb, pad: Rgb) -> None:
    x, y = at
    foam = design.cut == "retro headphones"
    tone = design.choose("foam", ((232, 124, 52), (70, 68, 72), design.accent.rgb)) if foam else pad
    cushion = turn(ellipse(x - 5, y, 12.5 * size, 19.5 * size), -5, x, y)
    canvas.draw(tone, side(cushion), shades=[puff(3.5, 0.6), grained(mesh() if foam else leather(), 0.1)], cast=1)
    wide, tall = 13.5 * size, 18.5 * size
    if design.cut == "studio headphones":
        wide, tall = 15.5 * size, 17.5 * size
    if foam:
        wide, tall = 10.0 * size, 12.5 * size
    if design.cut == "gaming headset":
        face = smooth([(x - wide * 0.7, y - tall), (x + wide * 0.9, y - tall * 0.8), (x + wide, y + tall * 0.5), (x + wide * 0.2, y + tall), (x - wide, y + tall * 0.7), (x - wide * 1.02, y - tall * 0.4)])
    else:
        face = turn(ellipse(x + 0.6, y, wide, tall), -5, x, y)
    canvas.draw(darker(design.color, 0.2), side([(px - 1.8, py + 0.3) for px, py in face]), shades=[puff(2, 0.5)], cast=0.6)
    body = canvas.draw(design.color, side(face), shades=[puff(4, 0.5), ball(0.4)])
    _face(canvas, design, side, (x + 0.6, y), wide, tall, metal)
    gloss = turn(ellipse(x - wide * 0.35, y - tall * 0.52, wide * 0.28, tall * 0.2), -30, x - wide * 0.35, y - tall * 0.52)
    canvas.fill(canvas.mask(side(gloss)).within(body), (255, 255, 255), opacity=0.22)


def _face(canvas: Canvas, design: Design, side: Side, at: Point, wide: float, tall: float, metal: Rgb) -> None:
    x, y = at
    kind = design.choose("face", ("disc", "ring", "grille", "wood", "inset"))

    def oval(share: float) -> Path:
        return side(turn(ellipse(x, y, wide * share, tall * share), -5, x, y))

    if kind == "disc":
        canvas.draw(design.second.rgb, oval(0.62), shades=[puff(1.4, 0.5), ball(0.4)], cast=0.4)
        canvas.draw(design.accent.rgb, oval(0.18), shades=[puff(0.8, 0.6)])
    elif kind == "ring":
        ring = canvas.mask(oval(0.78), cut=[oval(0.64)])
        canvas.fill(ring, metal, along(CHROME, 0.6))
        canvas.draw(mix(design.color, design.second.rgb, 0.25), oval(0.64), shades=[puff(-1.6, 0.4)])
        canvas.draw(metal, side(rounded(x - 3.4, y - 0.7, x + 3.4, y + 0.7, 0.6)), side(rounded(x - 0.7, y - 3.4, x + 0.7, y + 3.4, 0.6)))
    elif kind == "grille":
        canvas.draw(darker(design.color, 0.55), oval(0.72), shades=[grained(mesh(), 0.6), ball(0.4)])
        canvas.fill(canvas.mask(oval(0.76), cut=[oval(0.68)]), metal, along(CHROME, 0.5))
    elif kind == "wood":
        timber: Rgb = design.choose("timber", ((150, 96, 58), (188, 138, 88)))
        canvas.draw(timber, oval(0.8), shades=[puff(1.6, 0.5), grained(brushed(), 0.2), ball(0.4)], cast=0.3)
        canvas.draw(metal, oval(0.16), shades=[puff(0.6, 0.8)])
    else:
        canvas.draw(darker(design.color, 0.14), oval(0.7), shades=[puff(-2, 0.45)])
        canvas.draw(design.second.rgb, side(rounded(x - 1.2, y - tall * 0.45, x + 1.2, y + tall * 0.45, 1.2)), shades=[puff(0.6, 0.5)])


def _microphone(canvas: Canvas, design: Design, side: Side, far: Point) -> None:
    x, y = far
    boom = Pen(x - 6, y + 6).curve((x - 4, y + 24), (x + 20, y + 24), second=(x + 2, y + 26)).path
    canvas.draw((58, 58, 64), side(ribbon(boom, 1.8)), shades=[puff(0.7, 0.6)])
    canvas.draw((44, 44, 48), side(smooth([(x + 18, y + 21.5), (x + 27, y + 21), (x + 28.5, y + 24), (x + 27, y + 27), (x + 18, y + 26.5)])), shades=[puff(1.4, 0.6), grained(mesh(), 0.2)])
    canvas.draw(design.accent.rgb, side(rounded(x + 17, y + 21.6, x + 18.6, y + 26.4, 0.6)))


SHAPE = Shape(
    category="headphones",
    cuts=CUTS,
    patterns=("plain",),
    draw=draw,
    stands=False,
)
