"""The outlines of a dress's parts, and where its cloth folds."""

from __future__ import annotations

from dataclasses import dataclass

from services.cli.sample.design import Design
from services.cli.sample.drawing.curves import Pen, bow
from services.cli.sample.drawing.geometry import Path
from services.cli.sample.drawing.strokes import ribbon

# cut: y of the waist, half its width, y of the hem, half its width
MEASURES = {
    "A-line dress": (42.0, 12.0, 90.0, 31.0),
    "slip dress": (46.0, 15.0, 90.0, 20.0),
    "maxi dress": (37.0, 12.0, 97.0, 27.0),
    "shirt dress": (46.0, 14.0, 91.0, 23.0),
    "tiered dress": (40.0, 13.0, 93.0, 32.0),
}


@dataclass(frozen=True, slots=True)
class Cut:
    """y of the waist and half its width, y of the hem and half its width; how low the neck is cut."""

    waist: float
    slim: float
    hem: float
    wide: float
    scoop: float
    strappy: bool


def measured(design: Design, turned: bool) -> Cut:
    waist, slim, hem, wide = MEASURES[design.cut]
    airy = design.cut in ("maxi dress", "tiered dress") and design.chance("straps", 0.6)
    return Cut(
        waist,
        slim,
        hem=min(97.0, hem * design.between("length", 0.95, 1.02)),
        wide=wide * design.between("flare", 0.9, 1.12),
        scoop=14.0 if turned else design.between("scoop", 17, 21),
        strappy=airy or design.cut == "slip dress",
    )


def bodice(cut: Cut) -> Path:
    if cut.strappy:
        right = Pen(50, 23.5).bend((54, 23), (58.5, 20.5)).bend((61, 24), (66, 28))
    else:
        right = (
            Pen(50, cut.scoop).bend((57, cut.scoop - 1), (58, 9)).line((67, 12)).bend((63, 20), (66.5, 28))
        )
    return right.bend((65, 36), (50 + cut.slim, cut.waist)).line((50, cut.waist + 1)).mirrored()


def skirt(design: Design, cut: Cut) -> Path:
    bell = design.between("bell", 0.3, 0.6)
    right = Pen(50, cut.waist - 0.5).line((50 + cut.slim, cut.waist - 0.5))
    knee = (50 + cut.slim + (cut.wide - cut.slim) * bell, cut.waist + (cut.hem - cut.waist) * 0.3)
    right.bend(knee, (50 + cut.wide, cut.hem - 3))
    waves, depth = 4, 0.3 if design.cut == "slip dress" else 1.3
    for i in range(waves):
        x0, x1 = (50 + cut.wide * (1 - k / waves) for k in (i, i + 1))
        y = cut.hem - 3 * ((waves - i - 1) / waves) ** 2
        right.bend(((x0 + x1) / 2, y + depth), (x1, y))
    return right.mirrored()


def sleeve(design: Design) -> Path | None:
    """The right sleeve, if the dress has sleeves."""
    if design.cut == "shirt dress" and design.chance("long", 0.6):
        return Pen(63, 10).bend((72, 13), (80, 50)).line((74, 52)).bend((69, 34), (64, 28)).path
    kind = design.choose("sleeve", ("cap", "puffed", "none"))
    if kind == "puffed":
        return Pen(62, 10).curve((76, 9), (79, 14), (79, 24)).line((70, 28)).bend((66, 26), (64, 24)).path
    if kind == "cap":
        return Pen(62, 10).bend((70, 12), (74, 21)).line((65, 25)).path
    return None


def pleats(design: Design, cut: Cut) -> list[Path]:
    rng = design.rng("pleats")
    straight = design.cut == "slip dress"
    count = 5 if straight else 9
    lines = []
    for i in range(count):
        share = -0.85 + 1.7 * (i + rng.uniform(0.2, 0.8)) / count
        start = (50 + cut.slim * share * 0.9, cut.waist + rng.uniform(0, 18 if straight else 6))
        middle = (50 + (cut.slim + cut.wide) / 2 * share * 0.9, (cut.waist + cut.hem) / 2)
        lines.append(ribbon(bow(start, middle, (50 + cut.wide * share, cut.hem)), 0.3, rng.uniform(1.6, 3.2)))
    return lines


def darts(cut: Cut) -> list[Path]:
    lines = []
    for side in (-1, 1):
        lines.append(ribbon([(50 + side * 7, cut.waist), (50 + side * 7.5, 30)], 1.2, 0.2))
        lines.append(ribbon(bow((50 + side * 15, 28), (50 + side * 10, 30), (50 + side * 7, 29)), 1.0, 0.3))
    return lines
