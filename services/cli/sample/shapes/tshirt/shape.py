"""T-shirts laid flat: the front, or turned the back."""

from __future__ import annotations

from services.cli.sample.design import Design, Shape
from services.cli.sample.drawing.canvas import Canvas, Paint
from services.cli.sample.drawing.curves import bow
from services.cli.sample.drawing.geometry import Path, flip, rounded
from services.cli.sample.drawing.palette import Rgb, darker, lighter, luma
from services.cli.sample.drawing.shading import creases, fall, grained, puff
from services.cli.sample.drawing.strokes import dashes, ribbon
from services.cli.sample.drawing.texture import cloth
from services.cli.sample.patterns.pattern import pattern
from services.cli.sample.patterns.prints import print_motif
from services.cli.sample.shapes.tshirt import cut as outlines
from services.cli.sample.shapes.tshirt.cut import Cut, Sleeve


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    cut = outlines.measured(design, turned)
    paint = pattern(canvas, design)
    trim = design.second.rgb if design.cut == "ringer T-shirt" else darker(design.color, 0.1)
    if not turned:
        canvas.draw(darker(design.color, 0.35), outlines.lining(cut))
        canvas.draw(lighter(design.second.rgb, 0.3), rounded(47.6, 11.8, 52.4, 14.4, 0.4))
    sleeve = outlines.sleeve(design, cut)
    for mirrored in (False, True):
        _sleeve(canvas, design, sleeve, paint, trim, mirrored)
    _body(canvas, design, cut, paint)
    canvas.draw(trim, ribbon(outlines.neckline(cut), 2.6), shades=[puff(0.9, 0.5)])
    if turned:
        return
    if design.pattern == "printed":
        size = design.between("print size", 11, 15)
        print_motif(canvas, design, 50, design.between("print", 38, 43), size)
    elif design.chance("pocket", 0.4):
        _pocket(canvas, design)


def _body(canvas: Canvas, design: Design, cut: Cut, paint: Paint) -> None:
    opening = [*outlines.neckline(cut), (50 + cut.neck, 5.0), (50 - cut.neck, 5.0)]
    body = canvas.mask(outlines.body(cut), cut=[opening])
    canvas.cast(body, 0.7, 0.3)
    folds = creases(outlines.folds(design, cut), 1.5, 0.3)
    canvas.fill(body, paint, puff(3.5, 0.28), fall(0.04, -0.07), grained(cloth(), 0.08), folds)
    left, right = 50 - cut.half + 1, 50 + cut.half - 1
    _stitch(canvas, design, bow((left, cut.hem - 2.6), (50, cut.hem - 1), (right, cut.hem - 2.6)))


def _sleeve(canvas: Canvas, design: Design, sleeve: Sleeve, paint: Paint, trim: Rgb, mirrored: bool) -> None:
    def side(path: Path) -> Path:
        return flip(path) if mirrored else path

    folds = creases([side(line) for line in sleeve.creases], 1.3, 0.32)
    mask = canvas.draw(paint, side(sleeve.outline), shades=[puff(3, 0.34), grained(cloth(), 0.08), folds])
    cuff = canvas.mask(side(sleeve.cuff)).within(mask)
    if design.cut == "ringer T-shirt":
        canvas.fill(cuff, trim, puff(1, 0.4))
    else:
        canvas.fill(cuff, darker(design.color, 0.35), opacity=0.16)


def _stitch(canvas: Canvas, design: Design, line: Path) -> None:
    tone = darker(design.color, 0.3) if luma(design.color) > 110 else lighter(design.color, 0.25)
    canvas.fill(canvas.mask(*dashes(line, 0.9, 0.5, 0.3)), tone, opacity=0.6)


def _pocket(canvas: Canvas, design: Design) -> None:
    x = 59.0
    tone = darker(design.color, 0.06)
    if design.pattern == "plain" and design.chance("pocket colour", 0.5):
        tone = design.second.rgb
    outline = [(x - 5, 33), (x + 5, 33), (x + 5, 42), (x, 45), (x - 5, 42)]
    canvas.draw(tone, outline, shades=[puff(1, 0.3)], cast=0.4)
    _stitch(canvas, design, bow((x - 4.6, 34.4), (x, 34.4), (x + 4.6, 34.4)))


SHAPE = Shape(
    category="t-shirt",
    cuts=("crew-neck T-shirt", "V-neck T-shirt", "long-sleeved T-shirt", "boxy T-shirt", "ringer T-shirt"),
    patterns=(
        "printed", "plain", "striped", "printed", "pinstriped", "plain", "two-tone", "printed", "star",
        "wave", "printed",
    ),
    draw=draw,
    stands=False,
)  # fmt: skip
