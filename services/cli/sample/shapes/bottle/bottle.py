"""A bottle being drawn: its measures and outline."""

from __future__ import annotations

from dataclasses import dataclass

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.curves import Pen
from services.cli.sample.drawing.geometry import Path, ellipse

BOTTOM = 93.0
TILT = 0.13  # height of a round part's ellipse to its width

# cut: half widths of the body and the neck, y of the shoulder, and its height
MEASURES = {
    "steel bottle": (14.5, 8.0, 31.0, 11.0),
    "sports bottle": (16.5, 12.5, 34.0, 5.0),
    "glass bottle": (14.5, 6.5, 37.0, 15.0),
    "vacuum flask": (14.0, 13.0, 33.0, 2.5),
    "slim bottle": (10.5, 6.5, 29.0, 8.0),
}


@dataclass(frozen=True, slots=True)
class Bottle:
    canvas: Canvas
    design: Design
    half: float
    neck: float
    shoulder: float
    rise: float
    turned: bool

    @property
    def rim(self) -> float:
        """y of the neck's upper end."""
        return self.shoulder - self.rise - 0.5

    def ring(self, y: float, half: float | None = None) -> Path:
        """The front half of a ring round the body at height y."""
        half = self.half + 1 if half is None else half
        return ellipse(50, y, half, self.half * TILT, 0, 180)


def measured(canvas: Canvas, design: Design, turned: bool) -> Bottle:
    half, neck, shoulder, rise = MEASURES[design.cut]
    half *= design.between("half", 0.92, 1.1)
    return Bottle(canvas, design, half, neck, shoulder + design.between("shoulder", 0, 4), rise, turned)


def outline(bottle: Bottle) -> Path:
    half, neck, shoulder, rise = bottle.half, bottle.neck, bottle.shoulder, bottle.rise
    sporty = bottle.design.cut == "sports bottle"
    waist = bottle.design.between("waist", 0.84, 0.94) if sporty else 1.0
    right = Pen(50, shoulder - rise - 2).line((50 + neck, shoulder - rise - 2), (50 + neck, shoulder - rise))
    throat, bulge = (50 + neck, shoulder - rise * 0.3), (50 + half, shoulder - rise * 0.4)
    right.curve(throat, bulge, (50 + half, shoulder + rise * 0.5))
    if sporty:
        right.bend((50 + half * (2 * waist - 1), 58), (50 + half, 78))
    right.line((50 + half, BOTTOM - 4)).bend((50 + half, BOTTOM - 1), (50 + half - 3, BOTTOM))
    right.line(*ellipse(50, BOTTOM - 0.6, half - 3, (half - 3) * TILT, 0, 90))
    return right.mirrored()
