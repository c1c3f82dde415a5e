"""The outlines of a T-shirt's parts."""

from __future__ import annotations

from dataclasses import dataclass

from services.cli.sample.design import Design
from services.cli.sample.drawing.curves import Pen, bow
from services.cli.sample.drawing.geometry import Path
from services.cli.sample.drawing.strokes import ribbon


@dataclass(frozen=True, slots=True)
class Cut:
    """Half the body's width, its hem's y, half the neck's width, and how low the neckline hangs."""

    half: float
    hem: float
    neck: float
    depth: float
    pointed: bool


@dataclass(frozen=True, slots=True)
class Sleeve:
    """The right sleeve: outline, cuff, and its fold and seam."""

    outline: Path
    cuff: Path
    creases: tuple[Path, Path]


def measured(design: Design, turned: bool) -> Cut:
    boxy = design.cut == "boxy T-shirt"
    pointed = design.cut == "V-neck T-shirt"
    depth = 22.0 if pointed else design.between("depth", 15.5, 17.5)
    return Cut(
        half=design.between("width", 23, 25.5) + (3 if boxy else 0),
        hem=design.between("length", 86, 92) - (7 if boxy else 0),
        neck=design.between("neck", 9, 10.5),
        depth=12.5 if turned else depth,
        pointed=pointed and not turned,
    )


def neckline(cut: Cut) -> Path:
    neck, depth = cut.neck, cut.depth
    left, middle, right = (50 - neck, 9.5), (50.0, depth), (50 + neck, 9.5)
    if cut.pointed:
        return (
            Pen(*left)
            .bend((50 - neck * 0.6, depth - 6), middle)
            .bend((50 + neck * 0.6, depth - 6), right)
            .path
        )
    return Pen(*left).bend((50 - neck * 0.85, depth), middle).bend((50 + neck * 0.85, depth), right).path


def lining(cut: Cut) -> Path:
    """The inside of the back, which shows above the neckline."""
    neck = cut.neck
    back = Pen(50 - neck, 9.5).curve((50 - neck * 0.8, 11.5), (50 + neck * 0.8, 11.5), (50 + neck, 9.5)).path
    return [(50 - neck, 9), *back, (50 + neck, 9), (50 + neck, 14), (50, cut.depth + 3), (50 - neck, 14)]


def body(cut: Cut) -> Path:
    half, hem = cut.half, cut.hem
    right = Pen(50 + cut.neck, 9.5).bend((50 + cut.neck + 8, 12), (50 + half + 2, 17.5))
    right.bend((50 + half - 1.5, 28), (50 + half, 41))
    right.bend((50 + half - 1.6, 62), (50 + half - 0.4, hem - 1.5))
    right.bend((50 + half * 0.5, hem), (50, hem))
    return right.mirrored()


def sleeve(design: Design, cut: Cut) -> Sleeve:
    shoulder = 50 + cut.half + 1
    start = Pen(shoulder - 6, 14)
    if design.cut == "long-sleeved T-shirt":
        out, into = (94.0, 76.0), (85.0, 79.0)
        start.curve((88, 24), (91, 48), out).line(into).bend((80, 52), (shoulder - 4, 42))
    else:
        reach = design.between("sleeve", 0, 4)
        out, into = (93.0 + reach * 0.6, 36.0 + reach), (shoulder + 5.0, 46.0 + reach)
        start.bend((shoulder + 5, 18), out).line(into).bend((shoulder, 43), (shoulder - 3, 38))
    fold_end = ((out[0] + into[0]) / 2 - 1, (out[1] + into[1]) / 2 - 4)
    fold = ribbon(bow((shoulder, 36), (shoulder + 5, 32), fold_end), 0.4, 1.6)
    seam = ribbon(bow((shoulder + 1, 17), (shoulder - 1.5, 28), (shoulder - 0.4, 40)), 1.2)
    return Sleeve(start.path, ribbon([out, into], 2.6), (fold, seam))


def folds(design: Design, cut: Cut) -> list[Path]:
    """Pulls from the armpits and loose folds towards the hem."""
    rng = design.rng("folds")
    lines: list[Path] = []
    for side in (-1, -1, 1, 1):
        start = (50 + side * (cut.half - 2), 40 + rng.uniform(0, 5))
        end = (50 + side * rng.uniform(5, 12), start[1] + rng.uniform(8, 20))
        lines.append(ribbon(bow(start, (start[0] - side * 6, start[1] + 1), end), 0.5, 1.8))
    for _ in range(3):
        x, top = 50 + rng.uniform(-cut.half + 5, cut.half - 5), rng.uniform(55, 70)
        middle = (x + rng.uniform(-4, 4), (top + cut.hem) / 2)
        lines.append(ribbon(bow((x, top), middle, (x + rng.uniform(-3, 3), cut.hem)), 0.4, 2.2))
    return lines
