"""Baseball caps from the side."""

from __future__ import annotations

from services.cli.sample.drawing.curves import Pen, bow
from services.cli.sample.drawing.geometry import Path, ellipse, flip, shift
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import darker
from services.cli.sample.drawing.shading import creases, grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import cloth
from services.cli.sample.patterns.prints import print_motif
from services.cli.sample.shapes.hat.hat import Hat, draw_stitches, felt

_LOW = 66.0


def draw_cap(hat: Hat) -> None:
    canvas, design = hat.canvas, hat.design
    top = design.between("tall", 22, 27)
    crown = (
        Pen(27, _LOW).curve((24, top), (30, top), (58, top)).curve((90, top + 4), (86, top), (91, _LOW - 2))
    )
    crown.bend((60, _LOW + 5), (27, _LOW))
    panels = [
        _side(hat, bow((x, top), (middle, 40), (foot, _LOW + 3)))
        for x, middle, foot in ((56, 42, 46), (60, 74, 72))
    ]
    seams = creases([ribbon(line, 0.5) for line in panels], 0.6, 0.25)
    body = canvas.draw(
        hat.paint, _side(hat, crown.path), shades=[puff(6, 0.5), grained(cloth(), 0.07), seams]
    )
    two_panels = design.chance("two panels", 0.3)
    if two_panels:
        front = (
            Pen(27, _LOW + 4)
            .curve((24, top - 2), (30, top - 2), (57, top - 2))
            .bend((43, 40), (46, _LOW + 6))
        )
        canvas.fill(canvas.mask(_side(hat, front.path)).within(body), design.second.rgb, *felt(4))
    draw_stitches(hat, design.color, body, *[shift(line, dx, 0) for line in panels for dx in (-0.9, 0.9)])
    button = _side(hat, ellipse(58, top, 2.6, 1.5))
    canvas.draw(design.accent.rgb, button, shades=[puff(0.8, 0.6)])
    eyelets = [_side(hat, ellipse(x, y, 0.9, 0.9)) for x, y in ((66.0, 36.0), (80.0, 40.0))]
    canvas.draw(darker(design.color, 0.5), *eyelets)
    _visor(hat)
    if design.pattern == "plain" and not two_panels:
        print_motif(canvas, design, 64 if hat.turned else 36, 47, 7.5)
    if design.chance("band", 0.3):
        _band(hat, body)


def _side(hat: Hat, path: Path) -> Path:
    return flip(path) if hat.turned else path


def _visor(hat: Hat) -> None:
    tones = (hat.design.color, hat.design.second.rgb, darker(hat.design.color, 0.12))
    tone = hat.design.choose("brim", tones)
    under = (
        Pen(28, _LOW - 3)
        .curve((6, _LOW - 2), (10, _LOW), (3, _LOW + 11))
        .bend((18, _LOW + 9), (46, _LOW + 2))
    )
    hat.canvas.draw(darker(tone, 0.45), _side(hat, under.path))
    upper = Pen(29, _LOW - 7).curve((8, _LOW - 5), (11, _LOW - 5), (3, _LOW + 10))
    upper.curve((20, _LOW + 3), (36, _LOW - 1), (52, _LOW + 2))
    visor = hat.canvas.draw(tone, _side(hat, upper.path), shades=felt(2.4), cast=0.8)
    rows = []
    for inset in (1.5, 3.0, 4.5):
        start, end = (29 - inset * 0.2, _LOW - 7 + inset), (4 + inset * 1.6, _LOW + 8.5)
        rows.append(_side(hat, bow(start, (10 + inset, _LOW - 4 + inset), end)))
    draw_stitches(hat, tone, visor, *rows)


def _band(hat: Hat, body: Mask) -> None:
    edge = _side(hat, Pen(40, _LOW + 2).bend((66, _LOW + 4), (91, _LOW - 3)).path)
    band = hat.canvas.mask(ribbon(edge, 2.4)).within(body)
    hat.canvas.fill(band, hat.design.accent.rgb, puff(0.8, 0.5))
