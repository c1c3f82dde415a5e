"""T-shirts laid flat: front, or turned the back."""

from __future__ import annotations

from services.cli.sample.canvas import Canvas, Mask, Paint
from services.cli.sample.design import Design, Shape
from services.cli.sample.geometry import Path, Pen, dashes, flip, ribbon, rounded
from services.cli.sample.palette import darker, lighter, luma
from services.cli.sample.motifs import print_motif
from services.cli.sample.patterns import pattern
from services.cli.sample.shading import creases, fall, grained, puff
from services.cli.sample.texture import cloth

CUTS = ("crew-neck T-shirt", "V-neck T-shirt", "long-sleeved T-shirt", "boxy T-shirt", "ringer T-shirt")


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    half = design.between("width", 23, 25.5) + (3 if design.cut == "boxy T-shirt" else 0)
    hem = design.between("length", 86, 92) - (7 if design.cut == "boxy T-shirt" else 0)
    neck = design.between("neck", 9, 10.5)
    depth = 22.0 if design.cut == "V-neck T-shirt" else design.between("depth", 15.5, 17.5)
    depth = 12.5 if turned else depth
    paint = pattern(canvas, design)
    trim = design.second.rgb if design.cut == "ringer T-shirt" else darker(design.color, 0.1)

    inside = [(50 - neck, 9), *_neckline(neck, 11.5, False), (50 + neck, 9), (50 + neck, 14), (50, depth + 3), (50 - neck, 14)]
    if not turned:
        canvas.draw(darker(design.color, 0.35), inside)
        canvas.draw(lighter(design.second.rgb, 0.3), rounded(47.6, 11.8, 52.4, 14.4, 0.4))
    for side in (False, True):
        _sleeve(canvas, design, half, paint, trim, side)
    body = _body(canvas, half, hem, neck, depth, design.cut == "V-neck T-shirt" and not turned)
    canvas.cast(body, 0.7, 0.3)
    canvas.fill(body, paint, puff(3.5, 0.28), fall(0.04, -0.07), grained(cloth(), 0.08), creases(_folds(design, half, hem), 1.5, 0.3))
    _stitch(canvas, design, [(50 - half + 1, hem - 2.6), (50, hem - 1.4), (50 + half - 1, hem - 2.6)])

    line = _neckline(neck, depth, design.cut == "V-neck T-shirt" and not turned)
    canvas.draw(trim, ribbon(line, 2.6), shades=[puff(0.9, 0.5)])
    if not turned:
        _front(canvas, design, body)


def _neckline(neck: float, depth: float, pointed: bool) -> Path:
    if pointed:
        return Pen(50 - neck, 9.5).curve((50 - neck * 0.6, depth - 6), (50, depth)).curve((50 + neck * 0.6, depth - 6), (50 + neck, 9.5)).path
    return Pen(50 - neck, 9.5).curve((50 - neck * 0.8, depth), (50 + neck, 9.5), second=(50 + neck * 0.8, depth)).path if depth < 12 else Pen(50 - neck, 9.5).curve((50 - neck * 0.85, depth), (50, depth)).curve((50 + neck * 0.85, depth), (50 + neck, 9.5)).path


def _body(canvas: Canvas, half: float, hem: float, neck: float, depth: float, pointed: bool) -> Mask:
    right = (
        Pen(50 + neck, 9.5).curve((50 + neck + 8, 12), (50 + half + 2, 17.5))
        .curve((50 + half - 1.5, 28), (50 + half, 41))
        .curve((50 + half - 1.6, 62), (50 + half - 0.4, hem - 1.5))
        .curve((50 + half * 0.5, hem), (50, hem))
    )  # fmt: skip
    return canvas.mask(right.mirrored(), cut=[[*_neckline(neck, depth, pointed), (50 + neck, 5), (50 - neck, 5)]])


def _sleeve(canvas: Canvas, design: Design, half: float, paint: Paint, trim: tuple[int, int, int], mirrored: bool) -> None:
    shoulder = 50 + half + 1
    if design.cut == "long-sleeved T-shirt":
        out, into = (94.0, 76.0), (85.0, 79.0)
        outline = Pen(shoulder - 6, 14).curve((88, 24), out, second=(91, 48)).line(into).curve((80, 52), (shoulder - 4, 42)).path
    else:
        reach = design.between("sleeve", 0, 4)
        out, into = (93.0 + reach * 0.6, 36.0 + reach), (shoulder + 5.0, 46.0 + reach)
        outline = Pen(shoulder - 6, 14).curve((shoulder + 5, 18), out).line(into).curve((shoulder, 43), (shoulder - 3, 38)).path
    cuff = ribbon([out, into], 2.6)
    fold = ribbon(Pen(shoulder, 36).curve((shoulder + 5, 32), ((out[0] + into[0]) / 2 - 1, (out[1] + into[1]) / 2 - 4)).path, 0.4, 1.6)
    seam = ribbon(Pen(shoulder + 1, 17).curve((shoulder - 1.5, 28), (shoulder - 0.4, 40)).path, 1.2)
    if mirrored:
        outline, cuff, fold, seam = (flip(path) for path in (outline, cuff, fold, seam))
    sleeve = canvas.mask(outline)
    canvas.fill(sleeve, paint, puff(3, 0.34), grained(cloth(), 0.08), creases([fold, seam], 1.3, 0.32))
    if design.cut == "ringer T-shirt":
        canvas.fill(canvas.mask(cuff).within(sleeve), trim, puff(1, 0.4))
    else:
        canvas.fill(canvas.mask(cuff).within(sleeve), darker(design.color, 0.35), opacity=0.16)


def _folds(design: Design, half: float, hem: float) -> list[Path]:
    rng = design.rng("folds")
    folds: list[Path] = []
    for side in (-1, 1):
        for _ in range(2):
            start = (50 + side * (half - 2), 40 + rng.uniform(0, 5))
            end = (50 + side * rng.uniform(5, 12), start[1] + rng.uniform(8, 20))
            folds.append(ribbon(Pen(*start).curve((start[0] - side * 6, start[1] + 1), end).path, 0.5, 1.8))
    for _ in range(3):
        x = 50 + rng.uniform(-half + 5, half - 5)
        top = rng.uniform(55, 70)
        folds.append(ribbon(Pen(x, top).curve((x + rng.uniform(-4, 4), (top + hem) / 2), (x + rng.uniform(-3, 3), hem)).path, 0.4, 2.2))
    return folds


def _stitch(canvas: Canvas, design: Design, points: Path) -> None:
    line = Pen(*points[0]).curve((points[1][0], points[1][1] + 0.4), points[2]).path
    tone = darker(design.color, 0.3) if luma(design.color) > 110 else lighter(design.color, 0.25)
    canvas.fill(canvas.mask(*dashes(line, 0.9, 0.5, 0.3)), tone, opacity=0.6)


def _front(canvas: Canvas, design: Design, body: Mask) -> None:
    if design.pattern == "printed":
        print_motif(canvas, design, 50, design.between("print", 38, 43), design.between("print size", 11, 15))
    elif design.chance("pocket", 0.4):
        x = 59.0
        pocket = [(x - 5, 33), (x + 5, 33), (x + 5, 42), (x, 45), (x - 5, 42)]
        tone = design.second.rgb if design.pattern == "plain" and design.chance("pocket colour", 0.5) else darker(design.color, 0.06)
        canvas.draw(tone, pocket, shades=[puff(1, 0.3)], cast=0.4)
        _stitch(canvas, design, [(x - 4.6, 34.4), (x, 34.0), (x + 4.6, 34.4)])


SHAPE = Shape(
    category="t-shirt",
    cuts=CUTS,
    patterns=("printed", "plain", "striped", "printed", "pinstriped", "plain", "two-tone", "printed", "star", "wave", "printed"),
    draw=draw,
    stands=False,
)
