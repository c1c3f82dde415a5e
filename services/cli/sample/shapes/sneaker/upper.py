"""The upper: its skin, panels, emblem, lining and collar."""

from __future__ import annotations

from PIL import Image

from services.cli.sample.design import Design
from services.cli.sample.drawing.canvas import Canvas
from services.cli.sample.drawing.curves import Pen, bow, smooth
from services.cli.sample.drawing.geometry import Path, ellipse, rounded
from services.cli.sample.drawing.mask import Mask
from services.cli.sample.drawing.palette import WHITE, contrast, darker, lighter, mix
from services.cli.sample.drawing.shading import creases, fall, grained, puff
from services.cli.sample.drawing.strokes import ribbon, strap
from services.cli.sample.drawing.texture import cloth, leather, mesh
from services.cli.sample.patterns.pattern import pattern
from services.cli.sample.shapes.sneaker.last import Last


def draw_inside(canvas: Canvas, design: Design, last: Last) -> None:
    """The tongue and the lining, which show above the upper."""
    y = last.collar
    if design.cut != "slip-on":
        tongue = [(50, y + 6), (54, y - 8), (60, y - 11), (64, y - 7), (64, y + 8), (54, y + 14)]
        canvas.draw(mix(design.color, design.second.rgb, 0.5), smooth(tongue), shades=[puff(2, 0.5)])
        canvas.draw(design.accent.rgb, rounded(56.4, y - 7.5, 61.4, y - 4, 0.6))
    inside = [(60, y), (74, y - 3.4), (88, y - 5), (87, y + 4), (75, y + 7), (64, y + 5)]
    tone = darker(mix(design.second.rgb, design.color, 0.4), 0.45)
    canvas.draw(tone, smooth(inside), shades=[fall(-0.3, 0)])


def draw_upper(canvas: Canvas, design: Design, last: Last) -> Mask:
    texture, strength = _skin(design)
    flex = [ribbon(bow((x, 61), (x + 3, 65), (x + 2, 71)), 0.3, 0.9) for x in (27, 31)]
    upper = canvas.draw(
        pattern(canvas, design, scale=0.8),
        _outline(last),
        shades=[puff(4, 0.4), grained(texture, strength), fall(0.1, -0.12), creases(flex, 1.0, 0.16)],
    )
    _panels(canvas, design, last, upper)
    if design.cut == "slip-on":
        y = last.collar
        gore = canvas.mask([(53, y - 2), (64, y + 1), (58, y + 14), (48, y + 12)])
        canvas.fill(gore.within(upper), darker(design.second.rgb, 0.2), puff(1, 0.4))
    else:
        _emblem(canvas, design, last, upper)
    return upper


def draw_collar(canvas: Canvas, design: Design, last: Last) -> None:
    y = last.collar
    line = smooth([(66, y + 1.2), (76, y + 3.2), (84, y + 0.5), (89, y - 4)], closed=False)
    canvas.draw(mix(design.color, design.second.rgb, 0.35), *strap(line, 2.4), shades=[puff(1.1, 0.6)])


def _skin(design: Design) -> tuple[Image.Image, float]:
    if design.cut == "runner":
        return mesh(), 0.12
    if design.cut == "slip-on":
        return cloth(), 0.12
    return leather(), 0.05


def _outline(last: Last) -> Path:
    collar, bottom = last.collar, last.sole + 6
    return (
        Pen(91, bottom)
        .curve((94, bottom - 14), (89, collar + 14), (90, collar + 6))
        .bend((90.4, collar - 4), (88, collar - 5))
        .curve((85, collar + 2), (76, collar + 7), (66, collar))
        .line((58, collar - 4))
        .curve((50, 50), (44, 55), (33, 60))
        .curve((18, 62), (12, 64), (9.5, 69))
        .bend((6, 73), (7.5, bottom))
        .path
    )


def _panels(canvas: Canvas, design: Design, last: Last, upper: Mask) -> None:
    top, low = last.sole, last.sole + 6
    tones = (darker(design.color, 0.18), design.second.rgb, lighter(design.color, 0.25))
    tone = design.choose("panels", tones)
    toe = Pen(6, low).line((6, 60)).bend((20, 58), (25, 63)).bend((29, 68), (27, low)).path
    heel = Pen(95, low).line((95, last.collar + 12)).bend((83, last.collar + 13), (80, top - 7))
    heel.bend((77, top), (74, low))
    if design.cut == "high-top sneaker" and design.chance("rubber toe", 0.6):
        toe = Pen(6, low).line((6, 58)).bend((24, 60), (25, low)).path
        tone = WHITE
    for part in [heel.path] if design.cut == "slip-on" else [toe, heel.path]:
        panel = canvas.mask(part).within(upper)
        canvas.cast(panel, 0.4, 0.35)
        canvas.fill(panel, tone, puff(2, 0.45), grained(leather(), 0.04))
    if design.cut in ("runner", "chunky sneaker"):
        guard = (
            Pen(24, low).bend((40, top - 9), (58, top - 4)).bend((70, top - 1), (80, top - 8)).line((82, low))
        )
        canvas.fill(canvas.mask(guard.path).within(upper), mix(tone, design.color, 0.5), puff(1.4, 0.5))
    y = last.collar
    tab = smooth([(85.6, y - 4), (88.5, y - 6.5), (91, y - 2), (91.6, y + 7), (87.5, y + 7)])
    canvas.draw(design.accent.rgb, tab, shades=[puff(1, 0.5)])


def _emblem(canvas: Canvas, design: Design, last: Last, upper: Mask) -> None:
    y = max(last.collar + 16, 58)
    wave = smooth([(44, y + 6), (52, y), (60, y + 5), (68, y - 1), (77, y + 2)], closed=False)
    emblems: dict[str, list[Path]] = {
        "wave": [ribbon(wave, 3, 1)],
        "chevrons": [ribbon([(x - 3, y - 5), (x + 2.5, y + 1), (x - 3, y + 7)], 2) for x in (56, 62, 68)],
        "disc": [ellipse(64, y + 1, 5, 5)],
        "comet": [Pen(46, y + 8).bend((62, y + 6), (78, y - 6)).bend((66, y + 12), (46, y + 8)).path],
        "none": [],
    }
    outlines = emblems[design.choose("emblem", tuple(emblems))]
    if outlines:
        tone = contrast(design.color, lighter(design.second.rgb, 0.1), design.second.rgb)
        canvas.fill(canvas.mask(*outlines).within(upper), tone, puff(0.8, 0.4))
