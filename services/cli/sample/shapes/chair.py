"""Chairs in three dimensions, seen from the left or, turned, from the right."""

from __future__ import annotations

import math
from collections.abc import Sequence

from services.cli.sample.canvas import Canvas, Paint, Shade
from services.cli.sample.design import Design, Shape
from services.cli.sample.geometry import Path, Pen, Point, ellipse, ribbon, rounded, smooth
from services.cli.sample.palette import OAK, STEEL, WALNUT, Rgb, darker, lighter, mix
from services.cli.sample.patterns import pattern
from services.cli.sample.shading import creases, fall, grained, puff
from services.cli.sample.texture import cloth, leather, wood

CUTS = ("dining chair", "armchair", "stool", "shell chair", "spindle chair")


class _Eye:
    """Projects x (right), y (up) and z (towards us), in canvas units about the floor under the seat."""

    def __init__(self, yaw: float, pitch: float, scale: float) -> None:
        self.yaw, self.pitch, self.scale = math.radians(yaw), math.radians(pitch), scale

    def see(self, x: float, y: float, z: float) -> Point:
        across = x * math.cos(self.yaw) + z * math.sin(self.yaw)
        depth = -x * math.sin(self.yaw) + z * math.cos(self.yaw)
        return (50 + across * self.scale, 87 + (depth * math.sin(self.pitch) - y * math.cos(self.pitch)) * self.scale)

    def outline(self, points: Sequence[tuple[float, float, float]]) -> Path:
        return [self.see(*point) for point in points]


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    yaw = design.between("yaw", 24, 34) * (1 if turned else -1)
    eye = _Eye(yaw, design.between("pitch", 16, 22), design.between("scale", 0.84, 0.9))
    timber = design.choose("timber", (OAK, WALNUT, mix(OAK, (236, 222, 196), 0.45), (58, 54, 54)))
    paint = pattern(canvas, design)
    {
        "dining chair": _dining,
        "armchair": _armchair,
        "stool": _stool,
        "shell chair": _shell,
        "spindle chair": _spindle,
    }[design.cut](canvas, design, eye, timber, paint)


def _timber() -> list[Shade]:
    return [puff(0.9, 0.6), grained(wood(), 0.16)]


def _stuffed(design: Design, depth: float) -> list[Shade]:
    skin = leather() if design.chance("leather", 0.4) else cloth()
    return [puff(depth, 0.5), grained(skin, 0.07), fall(0.08, -0.12)]


def _leg(canvas: Canvas, eye: _Eye, tone: Rgb, top: tuple[float, float, float], foot: tuple[float, float, float], width: float, thin: float) -> None:
    canvas.draw(tone, ribbon([eye.see(*top), eye.see(*foot)], width * eye.scale, thin * eye.scale), shades=_timber())


def _slab(eye: _Eye, half: float, depth: float, y: float, corner: float) -> Path:
    """A rounded rectangle lying at height y."""
    return eye.outline([(x - 50, y, z - 50) for x, z in rounded(50 - half, 50 - depth, 50 + half, 50 + depth, corner)])


def _seat(canvas: Canvas, design: Design, eye: _Eye, paint: Paint, half: float, depth: float, y: float, thick: float, corner: float = 5.0) -> None:
    top, low = _slab(eye, half, depth, y, corner), _slab(eye, half, depth, y - thick, corner)
    sides = [[a, b, d, c] for a, b, c, d in zip(top, top[1:] + top[:1], low, low[1:] + low[:1], strict=True)]
    canvas.draw(paint, *sides, low, shades=[fall(-0.2, -0.42), grained(cloth(), 0.07)], cast=1.0)
    canvas.draw(paint, top, shades=_stuffed(design, 2.4))


def _panel(eye: _Eye, half: float, low: float, high: float, z: float, lean: float, corner: float, thick: float = 0.0) -> Path:
    """A rounded rectangle that stands at depth z and leans back by `lean` at its top."""
    return eye.outline(
        [
            (x - 50, low + (y - low), z - lean * (y - low) / (high - low) - thick)
            for x, y in rounded(50 - half, low, 50 + half, high, corner)
        ]
    )


def _standing(canvas: Canvas, design: Design, eye: _Eye, paint: Paint, half: float, low: float, high: float, z: float, lean: float, thick: float, corner: float) -> None:
    front = _panel(eye, half, low, high, z, lean, corner)
    rear = _panel(eye, half, low, high, z, lean, corner, thick)
    sides = [[a, b, d, c] for a, b, c, d in zip(front, front[1:] + front[:1], rear, rear[1:] + rear[:1], strict=True)]
    canvas.draw(paint, *sides, rear, shades=[fall(-0.1, -0.4), grained(cloth(), 0.07)], cast=0.8)
    canvas.draw(paint, front, shades=_stuffed(design, 3))


def _dining(canvas: Canvas, design: Design, eye: _Eye, timber: Rgb, paint: Paint) -> None:
    half, depth, height = 19.0, 18.0, 42.0
    for side in (-1, 1):
        _leg(canvas, eye, darker(timber, 0.2), (side * (half - 2), height, -depth + 2), (side * (half + 1), 0, -depth - 5), 3.4, 2.2)
    high = design.between("back", 80, 90)
    for side in (-1, 1):
        _leg(canvas, eye, timber, (side * (half - 2), high - 6, -depth - 6), (side * (half - 2), height - 2, -depth + 1.5), 2.6, 3.0)
    if design.chance("slats", 0.4):
        for low in (54, 65, 76):
            _standing(canvas, design, eye, timber, half - 1, low, low + 6.5, -depth - (low - height) * 0.14, 1, 1.4, 1.5)
    else:
        _standing(canvas, design, eye, paint, half, height + design.between("gap", 8, 18), high, -depth - 2, 5, 4, 6)
    _seat(canvas, design, eye, paint, half + 1, depth + 1, height + 3, 5)
    for side in (-1, 1):
        _leg(canvas, eye, timber, (side * (half - 2), height - 2, depth - 2), (side * (half + 0.5), 0, depth + 1), 3.6, 2.2)


def _armchair(canvas: Canvas, design: Design, eye: _Eye, timber: Rgb, paint: Paint) -> None:
    half, depth = 25.0, 21.0
    low, seat = 13.0, 35.0
    arm = design.between("arm", 47, 53)
    high = design.between("back", 70, 82)
    for x, z in ((-half + 2, -depth + 2), (half - 2, -depth + 2)):
        _leg(canvas, eye, darker(timber, 0.3), (x, low + 2, z), (x * 1.06, 0, z * 1.1), 3.6, 2.2)
    _standing(canvas, design, eye, paint, half - 2, low + 6, high, -depth + 8, 6, 8, design.between("corner", 6, 13))
    if design.chance("buttons", 0.5):
        spots = [eye.see(x, y, -depth + 8 - (y - 19) * 0.1) for x in (-11, 0, 11) for y in (52, 62)]
        canvas.draw(darker(design.color, 0.3), *[ellipse(x, y, 0.9, 0.9) for x, y in spots], shades=[puff(0.5, 0.8)])
    nearer = 1 if eye.yaw < 0 else -1

    def arm_rest(side: int) -> None:
        x = side * (half - 2)
        box = [(x + dx, y, z) for dx, y, z in ((-4, low, 0), (4, low, 0), (4, arm - 3, 0), (2.6, arm, 0), (-2.6, arm, 0), (-4, arm - 3, 0))]
        front = smooth(eye.outline([(px, py, depth + 1) for px, py, _ in box]))
        rear = smooth(eye.outline([(px, py, -depth + 4) for px, py, _ in box]))
        hull = [[a, b, d, c] for a, b, c, d in zip(front, front[1:] + front[:1], rear, rear[1:] + rear[:1], strict=True)]
        canvas.draw(paint, *hull, front, rear, shades=[puff(3, 0.4), fall(0.12, -0.3), grained(cloth(), 0.07)], cast=1)
        canvas.draw(paint, front, shades=[puff(1.8, 0.5), grained(cloth(), 0.07)], cast=0.4)

    arm_rest(-nearer)
    _seat(canvas, design, eye, paint, half - 5, depth, seat - 8, 14, 3)
    _seat(canvas, design, eye, paint, half - 5.5, depth + 1, seat, 8, 4)
    arm_rest(nearer)
    if design.chance("cushion", 0.55):
        x, y = eye.see(nearer * -4, seat + 12, -depth + 14)
        tone = design.accent.rgb
        pillow = smooth([(x - 10, y - 9), (x, y - 7.6), (x + 10, y - 9), (x + 8.6, y), (x + 10, y + 9), (x, y + 7.8), (x - 10, y + 9), (x - 8.6, y)])
        canvas.draw(tone, pillow, shades=[puff(4, 0.55), grained(cloth(), 0.08), creases([ribbon([(x - 9, y - 8), (x - 3, y - 2)], 0.3, 1.4), ribbon([(x + 9, y - 8), (x + 3, y - 2)], 0.3, 1.4)], 0.9, 0.3)], cast=1.2)
    for x, z in ((-half + 2, depth - 1), (half - 2, depth - 1)):
        _leg(canvas, eye, timber, (x, low, z), (x * 1.06, 0, z * 1.1), 3.8, 2.2)


def _stool(canvas: Canvas, design: Design, eye: _Eye, timber: Rgb, paint: Paint) -> None:
    height = design.between("height", 54, 68)
    half = design.between("seat", 18, 21)
    metal = design.chance("metal", 0.35)
    tone = design.choose("metal tone", (STEEL, (56, 56, 60), (196, 160, 92))) if metal else timber
    width, thin = (1.8, 1.8) if metal else (3.4, 2.4)
    corners = ((-1, -1), (1, -1), (-1, 1), (1, 1))
    feet = [(sx * (half + 2.5), 0.0, sz * (half + 2.5)) for sx, sz in corners]
    for (sx, sz), foot in list(zip(corners, feet, strict=True))[:2]:
        _leg(canvas, eye, darker(tone, 0.25), (sx * half * 0.66, height, sz * half * 0.66), foot, width, thin)

    def rung(a: int, b: int, share: float) -> None:
        ends = []
        for i in (a, b):
            sx, sz = corners[i]
            fx, _, fz = feet[i]
            ends.append((fx + (sx * half * 0.66 - fx) * share, height * share, fz + (sz * half * 0.66 - fz) * share))
        _leg(canvas, eye, darker(tone, 0.1), ends[0], ends[1], width * 0.7, width * 0.7)

    for a, b in ((0, 1), (0, 2), (1, 3)):
        rung(a, b, 0.3)
    for (sx, sz), foot in list(zip(corners, feet, strict=True))[2:]:
        _leg(canvas, eye, tone, (sx * half * 0.66, height, sz * half * 0.66), foot, width, thin)
    rung(2, 3, 0.38)
    thick = design.between("thick", 3.5, 8)
    _seat(canvas, design, eye, paint, half, half, height + thick, thick, half if design.chance("round", 0.7) else 5)


def _shell(canvas: Canvas, design: Design, eye: _Eye, timber: Rgb, paint: Paint) -> None:
    height = 38.0
    for x, z in ((-8, -8), (8, -8)):
        _leg(canvas, eye, darker(timber, 0.2), (x, height, z), (x * 2.3, 0, z * 2.3), 2.6, 1.7)
    high = design.between("back", 72, 82)
    wide = design.between("wide", 22, 25)
    arms = design.between("arms", 8, 16)
    rim = [
        (-wide + 2, height + 3, 19.0), (-wide, height + arms, 6.0), (-wide + 1, height + arms + 6, -8.0), (-wide + 5, high - 8, -17.0),
        (-8.0, high, -22.0), (8.0, high, -22.0), (wide - 5, high - 8, -17.0), (wide - 1, height + arms + 6, -8.0), (wide, height + arms, 6.0),
        (wide - 2, height + 3, 19.0), (8.0, height + 1, 23.0), (-8.0, height + 1, 23.0),
    ]  # fmt: skip
    outer = smooth(eye.outline(rim))
    belly = smooth(eye.outline([(-wide + 6, height + 3, 16.0), (-wide + 5, height + 5, 0.0), (-12.0, height - 2, -16.0), (12.0, height - 2, -16.0), (wide - 5, height + 5, 0.0), (wide - 6, height + 3, 16.0), (0.0, height - 6, 18.0)]))
    canvas.draw(darker(design.color, 0.2), outer, belly, shades=[puff(3, 0.5)])
    inner = [(50 + (x - 50) * 0.955, 50 + (y - 50) * 0.965 + 0.6) for x, y in outer]
    seat = eye.see(0, height + 2, 4)
    hollow = [ribbon(Pen(*eye.see(-wide + 4, height + 6, -2)).curve(seat, eye.see(wide - 4, height + 6, -2)).path, 2.2)]
    canvas.draw(paint, inner, shades=[puff(5, -0.34), fall(0.16, -0.1), creases(hollow, 3, 0.3), grained(cloth(), 0.05)])
    if design.chance("pad", 0.5):
        pad = _slab(eye, 14, 13, height + 4, 10)
        canvas.draw(design.second.rgb, pad, shades=_stuffed(design, 2), cast=0.8)
    for x, z in ((-8, 9), (8, 9)):
        _leg(canvas, eye, timber, (x, height - 3, z), (x * 2.3, 0, z * 2.1), 2.8, 1.7)


def _spindle(canvas: Canvas, design: Design, eye: _Eye, timber: Rgb, paint: Paint) -> None:
    color = design.color
    half, depth, height = 20.0, 18.0, 42.0
    high = design.between("back", 84, 92)
    for side in (-1, 1):
        _leg(canvas, eye, darker(color, 0.3), (side * (half - 6), height, -depth + 5), (side * half, 0, -depth - 3), 3, 2)
    count = design.choose("spindles", (5, 6, 7))
    top: list[tuple[float, float, float]] = []
    for i in range(count):
        share = -1 + 2 * i / (count - 1)
        head = (share * (half + 1), high - 5 * share * share, -depth - 7 + 3 * share * share)
        top.append(head)
        _leg(canvas, eye, color, head, (share * (half - 4), height, -depth + 3 + 3 * share * share), 1.7, 1.9)
    rail = smooth(eye.outline(top), closed=False)
    canvas.draw(color, ribbon(rail, 5.4), shades=[puff(1.6, 0.5), grained(wood(), 0.08)], cast=0.7)
    rung_y = 16.0
    for a, b in (((-half, rung_y, -depth), (-half, rung_y, depth)), ((half, rung_y, -depth), (half, rung_y, depth))):
        _leg(canvas, eye, darker(color, 0.2), a, b, 1.6, 1.6)
    _leg(canvas, eye, darker(color, 0.12), (-half, rung_y, 0), (half, rung_y, 0), 1.6, 1.6)
    _seat(canvas, design, eye, color, half, depth, height + 1, 3.2, 9)
    if design.chance("pad", 0.6):
        soft = paint if design.pattern != "plain" else design.second.rgb
        _seat(canvas, design, eye, soft, half - 3, depth - 3, height + 4, 2.6, 8)
    for side in (-1, 1):
        _leg(canvas, eye, lighter(color, 0.03), (side * (half - 5), height - 2, depth - 5), (side * half, 0, depth), 3.2, 2)


SHAPE = Shape(
    category="chair",
    cuts=CUTS,
    patterns=("plain", "plain", "plain", "plain", "plain", "floral", "plain", "checked", "plain", "upright-striped", "plain", "tartan", "leafy"),
    draw=draw,
    stands=True,
)
