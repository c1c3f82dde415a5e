"""The cups: the far one shows its cushion, the near one its outer face."""

from __future__ import annotations

from services.cli.sample.drawing.canvas import Shade
from services.cli.sample.drawing.curves import smooth
from services.cli.sample.drawing.geometry import Path, ellipse, rounded, turn
from services.cli.sample.drawing.palette import Rgb, darker, mix
from services.cli.sample.drawing.shading import CHROME, along, ball, grained, puff
from services.cli.sample.drawing.texture import brushed, cloth, leather, mesh
from services.cli.sample.shapes.headphones.set import FAR, NEAR, Headset

_TIMBERS: tuple[Rgb, ...] = ((150, 96, 58), (188, 138, 88))


def draw_far_cup(headset: Headset) -> None:
    x, y = FAR
    size, color = headset.size, headset.design.color
    shell = turn(ellipse(x - 3.5, y, 9.5 * size, 19 * size), 6, x, y)
    headset.draw(color, shell, shades=[puff(3, 0.5), along(((0, 0.2), (1, -0.3)))])
    ring = turn(ellipse(x + 2, y, 9.5 * size, 18.5 * size), 6, x, y)
    headset.draw(headset.cushion, ring, shades=_soft(headset, 3.6), cast=0.6)
    if not headset.foam:
        hollow = turn(ellipse(x + 3.4, y, 5 * size, 11.5 * size), 6, x, y)
        headset.draw(darker(headset.cushion, 0.45), hollow, shades=[puff(-2, 0.4), grained(cloth(), 0.08)])


def draw_near_cup(headset: Headset) -> None:
    x, y = NEAR
    color, size = headset.design.color, headset.size
    cushion = turn(ellipse(x - 5, y, 12.5 * size, 19.5 * size), -5, x, y)
    headset.draw(headset.cushion, cushion, shades=_soft(headset, 3.5), cast=1)
    wide, tall = _face_size(headset)
    face = _face(headset, wide, tall)
    edge = [(px - 1.8, py + 0.3) for px, py in face]
    headset.draw(darker(color, 0.2), edge, shades=[puff(2, 0.5)], cast=0.6)
    body = headset.draw(color, face, shades=[puff(4, 0.5), ball(0.4)])
    _decorate(headset, wide, tall)
    spot = (x - wide * 0.35, y - tall * 0.52)
    gloss = turn(ellipse(*spot, wide * 0.28, tall * 0.2), -30, *spot)
    headset.canvas.fill(headset.canvas.mask(headset.side(gloss)).within(body), (255, 255, 255), opacity=0.22)


def _soft(headset: Headset, depth: float) -> list[Shade]:
    return [puff(depth, 0.6), grained(mesh() if headset.foam else leather(), 0.1)]


def _face_size(headset: Headset) -> tuple[float, float]:
    """Half width and height."""
    sizes = {"studio headphones": (15.5, 17.5), "retro headphones": (10.0, 12.5)}
    wide, tall = sizes.get(headset.design.cut, (13.5, 18.5))
    return wide * headset.size, tall * headset.size


def _face(headset: Headset, wide: float, tall: float) -> Path:
    x, y = NEAR
    if headset.design.cut != "gaming headset":
        return turn(ellipse(x + 0.6, y, wide, tall), -5, x, y)
    corners = ((-0.7, -1), (0.9, -0.8), (1, 0.5), (0.2, 1), (-1, 0.7), (-1.02, -0.4))
    return smooth([(x + wide * dx, y + tall * dy) for dx, dy in corners])


def _decorate(headset: Headset, wide: float, tall: float) -> None:
    design, metal, canvas = headset.design, headset.metal, headset.canvas
    x, y = NEAR[0] + 0.6, NEAR[1]

    def oval(share: float) -> Path:
        return turn(ellipse(x, y, wide * share, tall * share), -5, x, y)

    def hoop(outer: float, inner: float, shine: float) -> None:
        ring = canvas.mask(headset.side(oval(outer)), cut=[headset.side(oval(inner))])
        canvas.fill(ring, metal, along(CHROME, shine))

    kind = design.choose("face", ("disc", "ring", "grille", "wood", "inset"))
    if kind == "disc":
        headset.draw(design.second.rgb, oval(0.62), shades=[puff(1.4, 0.5), ball(0.4)], cast=0.4)
        headset.draw(design.accent.rgb, oval(0.18), shades=[puff(0.8, 0.6)])
    elif kind == "ring":
        hoop(0.78, 0.64, 0.6)
        headset.draw(mix(design.color, design.second.rgb, 0.25), oval(0.64), shades=[puff(-1.6, 0.4)])
        cross = (
            rounded(x - 3.4, y - 0.7, x + 3.4, y + 0.7, 0.6),
            rounded(x - 0.7, y - 3.4, x + 0.7, y + 3.4, 0.6),
        )
        headset.draw(metal, *cross)
    elif kind == "grille":
        headset.draw(darker(design.color, 0.55), oval(0.72), shades=[grained(mesh(), 0.6), ball(0.4)])
        hoop(0.76, 0.68, 0.5)
    elif kind == "wood":
        light = [puff(1.6, 0.5), grained(brushed(), 0.2), ball(0.4)]
        headset.draw(design.choose("timber", _TIMBERS), oval(0.8), shades=light, cast=0.3)
        headset.draw(metal, oval(0.16), shades=[puff(0.6, 0.8)])
    else:
        headset.draw(darker(design.color, 0.14), oval(0.7), shades=[puff(-2, 0.45)])
        bar = rounded(x - 1.2, y - tall * 0.45, x + 1.2, y + tall * 0.45, 1.2)
        headset.draw(design.second.rgb, bar, shades=[puff(0.6, 0.5)])
