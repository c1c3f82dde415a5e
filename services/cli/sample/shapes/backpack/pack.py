"""A backpack being drawn, and the hardware that all kinds share."""

from __future__ import annotations

from dataclasses import dataclass

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.geometry import Path, ellipse, rounded
from services.cli.sample.drawing.palette import BRASS, STEEL, Rgb, darker, lighter, luma
from services.cli.sample.drawing.shading import CHROME, along, grained, puff
from services.cli.sample.drawing.strokes import dashes, ribbon
from services.cli.sample.drawing.texture import cloth, leather


@dataclass(frozen=True, slots=True)
class Pack:
    """Half its width, its top and bottom (y), and the colours of its webbing and leather."""

    canvas: Canvas
    design: Design
    half: float
    top: float
    bottom: float
    webbing: Rgb
    hide: Rgb

    @property
    def metal(self) -> Rgb:
        return self.design.choose("metal", (BRASS, STEEL, (70, 70, 74)))


def draw_pocket(pack: Pack, outline: Path, tone: Rgb) -> None:
    pack.canvas.draw(tone, outline, shades=[puff(3, 0.5), grained(cloth(), 0.1)], cast=1.1)


def draw_seam(pack: Pack, line: Path) -> None:
    color = pack.design.color
    tone = darker(color, 0.4) if luma(color) > 90 else lighter(color, 0.3)
    pack.canvas.fill(pack.canvas.mask(*dashes(line, 1.0, 0.6, 0.32)), tone, opacity=0.8)


def draw_zip(pack: Pack, line: Path) -> None:
    """A zip with its pull at the line's end."""
    canvas = pack.canvas
    canvas.draw(darker(pack.design.color, 0.55), ribbon(line, 1.9))
    canvas.draw(pack.metal, *dashes(line, 0.5, 0.5, 0.9))
    x, y = line[-1]
    slider = rounded(x - 0.9, y - 1, x + 0.9, y + 1.6, 0.4)
    canvas.draw(pack.metal, slider, shades=[puff(0.5, 0.7)], cast=0.4)
    pull = rounded(x - 0.7, y + 1.4, x + 0.7, y + 6, 0.6)
    canvas.draw(pack.design.accent.rgb, pull, shades=[puff(0.5, 0.6)], cast=0.4)


def draw_buckle(pack: Pack, x: float, y: float) -> None:
    hole = rounded(x - 1.9, y - 1.3, x + 1.9, y + 1.3, 0.4)
    frame = pack.canvas.mask(rounded(x - 2.8, y - 2.2, x + 2.8, y + 2.2, 0.7), cut=[hole])
    pack.canvas.cast(frame, 0.4)
    pack.canvas.fill(frame, pack.metal, along(CHROME, 0.6))
    pack.canvas.draw(pack.metal, rounded(x - 0.3, y - 0.2, x + 0.3, y + 2.2, 0.2))


def draw_badge(pack: Pack, x: float, y: float) -> None:
    canvas, hide = pack.canvas, pack.hide
    kind = pack.design.choose("badge", ("diamond", "patch", "round"))
    sewn = [puff(0.7, 0.5), grained(leather(), 0.08)]
    if kind == "diamond":
        canvas.draw(hide, [(x, y - 4), (x + 3.4, y), (x, y + 4), (x - 3.4, y)], shades=sewn, cast=0.3)
        slots = [rounded(x + dx, y - 0.5, x + dx + 1.1, y + 0.5, 0.3) for dx in (-1.6, 0.5)]
        canvas.draw(darker(hide, 0.5), *slots)
    elif kind == "patch":
        canvas.draw(hide, rounded(x - 5, y - 2.6, x + 5, y + 2.6, 0.8), shades=sewn, cast=0.3)
        marks = [rounded(x + dx, y - 0.7, x + dx + 1, y + 0.7, 0.2) for dx in (-3.2, -1.5, 0.2, 1.9)]
        canvas.draw(darker(hide, 0.5), *marks)
    else:
        canvas.draw(hide, ellipse(x, y, 3.4, 3.4), shades=[puff(0.7, 0.5)], cast=0.3)
        ridge = [(-2.0, 1.3), (-0.4, -1.4), (0.5, 0.0), (1.0, -0.7), (2.1, 1.3)]
        canvas.draw(lighter(hide, 0.6), [(x + dx, y + dy) for dx, dy in ridge])
