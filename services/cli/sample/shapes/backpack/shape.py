"""Backpacks from the front; turned, the side that one wears."""

from __future__ import annotations

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.curves import Pen, bow
from services.cli.sample.drawing.geometry import Path, flip
from services.cli.sample.drawing.palette import Rgb, darker
from services.cli.sample.drawing.shading import creases, fall, grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import cloth
from services.cli.sample.patterns.pattern import pattern
from services.cli.sample.shapes.backpack.daypack import draw_daypack
from services.cli.sample.shapes.backpack.flap import draw_flap
from services.cli.sample.shapes.backpack.harness import draw_harness
from services.cli.sample.shapes.backpack.hiking import draw_hiking
from services.cli.sample.shapes.backpack.pack import Pack
from services.cli.sample.shapes.backpack.roll_top import draw_roll_top

_LEATHERS: tuple[Rgb, ...] = ((164, 106, 62), (104, 66, 44), (52, 46, 46), (206, 168, 122))

# cut: half width, top, bottom, and what is on its front
_KINDS = {
    "daypack": (26.0, 17.0, 91.0, draw_daypack),
    "roll-top backpack": (24.0, 13.0, 91.0, draw_roll_top),
    "flap backpack": (27.0, 20.0, 90.0, draw_flap),
    "mini backpack": (25.0, 27.0, 85.0, draw_daypack),
    "hiking pack": (23.0, 11.0, 93.0, draw_hiking),
}


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    half, top, bottom, draw_front = _KINDS[design.cut]
    webbings = (darker(design.color, 0.45), design.second.rgb, (58, 56, 60))
    pack = Pack(
        canvas,
        design,
        half=half * design.between("width", 0.94, 1.06),
        top=top,
        bottom=bottom,
        webbing=design.choose("webbing", webbings),
        hide=design.choose("hide", _LEATHERS),
    )
    _loop(pack)
    if not turned:
        _straps_behind(pack)
    if design.cut in ("hiking pack", "roll-top backpack"):
        _side_pockets(pack)
    light = [puff(6, 0.5), grained(cloth(), 0.08), fall(0.05, -0.12), creases(_folds(pack), 1.4, 0.2)]
    body = canvas.draw(pattern(canvas, design), _outline(pack), shades=light)
    if turned:
        draw_harness(pack)
    else:
        draw_front(pack, body)


def _outline(pack: Pack) -> Path:
    half, top, bottom = pack.half, pack.top, pack.bottom
    tall = pack.design.cut in ("roll-top backpack", "hiking pack")
    dome = 15.0 if tall else pack.design.between("dome", 26, 34)
    corner = 7.0
    side = 50 + half * 0.95
    right = Pen(50, top).curve((50 + half * 0.7, top), (side, top + dome * 0.3), (side, top + dome))
    right.bend((50 + half * 1.05, (top + bottom) / 2 + 10), (50 + half, bottom - corner))
    right.bend((50 + half, bottom), (50 + half - corner, bottom))
    return right.bend((50 + half / 2, bottom + 0.8), (50, bottom + 0.8)).mirrored()


def _folds(pack: Pack) -> list[Path]:
    rng = pack.design.rng("folds")
    lines = []
    for reach in (-pack.half, -pack.half, pack.half, pack.half):
        y = rng.uniform(40, pack.bottom - 12)
        end = (50 + reach * 0.5, y + rng.uniform(2, 8))
        lines.append(ribbon(bow((50 + reach, y), (50 + reach * 0.7, y + 3), end), 1.6, 0.3))
    return lines


def _loop(pack: Pack) -> None:
    y = pack.top
    line = Pen(43, y + 3).curve((42, y - 9), (58, y - 9), (57, y + 3)).path
    pack.canvas.draw(pack.webbing, ribbon(line, 2.4), shades=[puff(0.9, 0.6)])


def _straps_behind(pack: Pack) -> None:
    half, top, bottom = pack.half, pack.top, pack.bottom
    pen = Pen(50 + half * 0.5, top + 8)
    pen.curve((50 + half + 12, top + 18), (50 + half + 10, bottom - 22), (50 + half * 0.8, bottom - 5))
    strap = ribbon(pen.path, 3.6)
    for path in (strap, flip(strap)):
        pack.canvas.draw(darker(pack.webbing, 0.25), path, shades=[puff(1.2, 0.5)])


def _side_pockets(pack: Pack) -> None:
    x, bottom = 50 + pack.half, pack.bottom
    pen = Pen(x - 3, bottom - 30).bend((x + 5, bottom - 29), (x + 5.5, bottom - 18))
    pocket = pen.line((x + 4, bottom - 3), (x - 3, bottom - 1)).path
    for path in (pocket, flip(pocket)):
        light = [puff(2, 0.5), grained(cloth(), 0.1)]
        pack.canvas.draw(darker(pack.design.color, 0.15), path, shades=light)


SHAPE = Shape(
    category="backpack",
    cuts=tuple(_KINDS),
    patterns=(
        "plain", "plain", "plain", "dotted", "plain", "checked", "plain", "plain", "leafy", "plain", "zigzag",
    ),
    draw=draw,
    stands=False,
)  # fmt: skip
