"""Fedoras: a pinched crown with a band, sometimes a feather."""

from __future__ import annotations

from services.cli.sample.drawing.curves import bow, smooth
from services.cli.sample.drawing.geometry import ellipse
from services.cli.sample.drawing.palette import lighter
from services.cli.sample.drawing.shading import barrel, creases, fall, grained, puff
from services.cli.sample.drawing.strokes import ribbon
from services.cli.sample.drawing.texture import cloth
from services.cli.sample.shapes.hat.hat import Hat, brim, felt

_Y = 68.0


def draw_fedora(hat: Hat) -> None:
    canvas, design = hat.canvas, hat.design
    wide, deep, curl = (
        design.between("wide", 42, 46),
        design.between("deep", 8, 11),
        design.between("curl", 2, 6),
    )
    light = [puff(3, 0.5), grained(cloth(), 0.08), fall(0.1, -0.2)]
    canvas.draw(hat.paint, brim(_Y, wide, deep, curl), shades=light)
    lean = 3.0 if hat.turned else -3.0
    top = design.between("top", 22, 27)
    pinch = [(38, top), (46, top + 1.5), (52, top + 4), (58, top + 0.5), (67, top + 1)]
    crown = [
        (24, _Y - 2),
        (26, 50),
        (30, 33),
        *((x + lean, y) for x, y in pinch),
        (72, 36),
        (75, 52),
        (76, _Y - 2),
    ]
    body = canvas.mask(smooth([*crown, (64, _Y + 4.5), (50, _Y + 6), (36, _Y + 4.5)]))
    canvas.cast(body, 1.2, 0.4)
    dents = [
        ribbon(bow((52 + lean, top + 3), (53 + lean, top + 14), (48 + lean, top + 20)), 3, 0.4),
        ribbon(bow((32, 38), (38, 42), (40, 52)), 2.4, 0.4),
        ribbon(bow((70, 38), (65, 43), (62, 53)), 2.4, 0.4),
    ]
    canvas.fill(body, hat.paint, barrel(0.45), *felt(5), creases(dents, 1.6, 0.4))
    band = ribbon(bow((22, _Y - 8), (50, _Y + 5), (78, _Y - 8)), design.between("band", 6, 9))
    canvas.fill(canvas.mask(band).within(body), design.second.rgb, barrel(0.6), puff(0.8, 0.3))
    _trim(hat)


def _trim(hat: Hat) -> None:
    canvas, design = hat.canvas, hat.design
    x, inward = (74.0, -1) if hat.turned else (26.0, 1)
    knot = [(1, -10), (9, -8), (9, -1), (1, -3)]
    bow_path = [(x + inward * dx, _Y + dy) for dx, dy in knot]
    canvas.draw(lighter(design.second.rgb, 0.1), bow_path, shades=[puff(0.8, 0.5)], cast=0.4)
    if design.chance("feather", 0.45):
        tip = (x + inward * 3, _Y - 32)
        quill = bow((x + inward * 4, _Y - 5), (x - inward * 2, _Y - 22), tip)
        feather = (ribbon(quill, 2, 4.4), ellipse(*tip, 2.2, 2.8))
        canvas.draw(design.accent.rgb, *feather, shades=[puff(1, 0.6)], cast=0.7)
        canvas.draw(lighter(design.accent.rgb, 0.5), ribbon(quill, 0.5))
