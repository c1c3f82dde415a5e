"""Sneakers from the side; turned, the pair."""

from __future__ import annotations

from PIL import Image

from services.cli.sample.canvas import Canvas, Mask, Paint
from services.cli.sample.design import Design, Shape
from services.cli.sample.geometry import Path, Pen, dashes, ellipse, ribbon, rounded, shift, smooth, strap
from services.cli.sample.palette import WHITE, Rgb, contrast, darker, lighter, mix
from services.cli.sample.patterns import pattern
from services.cli.sample.shading import creases, fall, grained, puff
from services.cli.sample.texture import cloth, leather, mesh

CUTS = ("low-top sneaker", "high-top sneaker", "runner", "slip-on", "chunky sneaker")


def draw(canvas: Canvas, design: Design, turned: bool) -> None:
    if not turned:
        _shoe(canvas, design)
        return
    one = Canvas(canvas.size, canvas.light)
    _shoe(one, design)
    side = round(canvas.size * 0.84)
    small = one.image.resize((side, side), Image.Resampling.LANCZOS)
    canvas.image.alpha_composite(small, (round(canvas.size * 0.14), 0))
    front = canvas.mask(rounded(4, 74, 84, 96, 4))
    canvas.cast(front, 2.5, 0.25)
    canvas.image.alpha_composite(small, (round(canvas.size * 0.01), round(canvas.size * 0.16)))


def _shoe(canvas: Canvas, design: Design) -> None:
    collar = 26.0 if design.cut == "high-top sneaker" else design.between("collar", 45, 49)
    sole = {"runner": 11.0, "chunky sneaker": 14.0, "slip-on": 7.5}.get(design.cut, 8.5)
    ground = 82.0
    top = ground - sole
    second = design.second.rgb
    upper_path = _upper(collar, top + 6)
    if design.cut != "slip-on":
        _tongue(canvas, design, collar)
    _lining(canvas, design, collar)
    upper = canvas.mask(upper_path)
    texture = {"runner": mesh(), "slip-on": cloth()}.get(design.cut, leather())
    paint: Paint = pattern(canvas, design, scale=0.8)
    canvas.fill(upper, paint, puff(4, 0.4), grained(texture, 0.05 if texture is leather() else 0.12), fall(0.1, -0.12), creases(_flex(), 1.0, 0.16))
    _panels(canvas, design, upper, collar, top)
    _emblem(canvas, design, upper, collar)
    if design.cut == "slip-on":
        gore = [(53, collar - 2), (64, collar + 1), (58, collar + 14), (48, collar + 12)]
        canvas.fill(canvas.mask(gore).within(upper), darker(second, 0.2), puff(1, 0.4))
    else:
        _laces(canvas, design, upper, collar)
    line = [(66.0, collar + 1.2), (76.0, collar + 3.2), (84.0, collar + 0.5), (89.0, collar - 4)]
    canvas.draw(mix(design.color, second, 0.35), *strap(smooth(line, closed=False), 2.4), shades=[puff(1.1, 0.6)])
    _sole(canvas, design, top, ground)


def _upper(collar: float, bottom: float) -> Path:
    return (
        Pen(91, bottom)
        .curve((94, bottom - 14), (90, collar + 6), second=(89, collar + 14))
        .curve((90.4, collar - 4), (88, collar - 5))
        .curve((85, collar + 2), (66, collar), second=(76, collar + 7))
        .line((58, collar - 4))
        .curve((50, 50), (33, 60), second=(44, 55))
        .curve((18, 62), (9.5, 69), second=(12, 64))
        .curve((6, 73), (7.5, bottom))
        .path
    )


def _flex() -> list[Path]:
    return [ribbon(Pen(x, 61).curve((x + 3, 65), (x + 2, 71)).path, 0.3, 0.9) for x in (27, 31)]


def _tongue(canvas: Canvas, design: Design, collar: float) -> None:
    tongue = smooth([(50, collar + 6), (54, collar - 8), (60, collar - 11), (64, collar - 7), (64, collar + 8), (54, collar + 14)])
    canvas.draw(mix(design.color, design.second.rgb, 0.5), tongue, shades=[puff(2, 0.5)])
    canvas.draw(design.accent.rgb, rounded(56.4, collar - 7.5, 61.4, collar - 4, 0.6))


def _lining(canvas: Canvas, design: Design, collar: float) -> None:
    inside = smooth([(60, collar), (74, collar - 3.4), (88, collar - 5), (87, collar + 4), (75, collar + 7), (64, collar + 5)])
    canvas.draw(darker(mix(design.second.rgb, design.color, 0.4), 0.45), inside, shades=[fall(-0.3, 0)])


def _panels(canvas: Canvas, design: Design, upper: Mask, collar: float, top: float) -> None:
    tone = design.choose("panels", (darker(design.color, 0.18), design.second.rgb, lighter(design.color, 0.25)))
    toe = Pen(6, top + 6).line((6, 60)).curve((20, 58), (25, 63)).curve((29, 68), (27, top + 6)).path
    heel = Pen(95, top + 6).line((95, collar + 12)).curve((83, collar + 13), (80, top - 7)).curve((77, top), (74, top + 6)).path
    if design.cut == "high-top sneaker" and design.chance("rubber toe", 0.6):
        toe = Pen(6, top + 6).line((6, 58)).curve((24, 60), (25, top + 6)).path
        tone = WHITE
    parts = [heel] if design.cut == "slip-on" else [toe, heel]
    for part in parts:
        inside = canvas.mask(part).within(upper)
        canvas.cast(inside, 0.4, 0.35)
        canvas.fill(inside, tone, puff(2, 0.45), grained(leather(), 0.04))
    if design.cut in ("runner", "chunky sneaker"):
        mud = Pen(24, top + 6).curve((40, top - 9), (58, top - 4)).curve((70, top - 1), (80, top - 8)).line((82, top + 6)).path
        canvas.fill(canvas.mask(mud).within(upper), mix(tone, design.color, 0.5), puff(1.4, 0.5))
    tab = smooth([(85.6, collar - 4), (88.5, collar - 6.5), (91, collar - 2), (91.6, collar + 7), (87.5, collar + 7)])
    canvas.draw(design.accent.rgb, tab, shades=[puff(1, 0.5)])


def _emblem(canvas: Canvas, design: Design, upper: Mask, collar: float) -> None:
    tone = contrast(design.color, lighter(design.second.rgb, 0.1), design.second.rgb)
    kind = design.choose("emblem", ("wave", "chevrons", "disc", "comet", "none"))
    y = max(collar + 16, 58)
    paths: list[Path]
    if kind == "wave":
        paths = [ribbon(smooth([(44, y + 6), (52, y), (60, y + 5), (68, y - 1), (77, y + 2)], closed=False), 3, 1)]
    elif kind == "chevrons":
        paths = [ribbon([(x - 3, y - 5), (x + 2.5, y + 1), (x - 3, y + 7)], 2) for x in (56, 62, 68)]
    elif kind == "disc":
        paths = [ellipse(64, y + 1, 5, 5)]
    elif kind == "comet":
        paths = [Pen(46, y + 8).curve((62, y + 6), (78, y - 6)).curve((66, y + 12), (46, y + 8)).path]
    else:
        return
    if design.cut == "slip-on":
        return
    canvas.fill(canvas.mask(*paths).within(upper), tone, puff(0.8, 0.4))


def _laces(canvas: Canvas, design: Design, upper: Mask, collar: float) -> None:
    top_y = collar - 1
    stay = Pen(59, top_y - 3).line((64, top_y + 4)).curve((56, 57), (40, 64), second=(50, 62)).line((35, 59)).curve((50, 54), (59, top_y - 3)).path
    band = canvas.mask(stay).within(upper)
    canvas.fill(band, design.choose("stay", (design.second.rgb, darker(design.color, 0.12))), puff(1.1, 0.4))
    rows = 8 if collar < 35 else 5
    lace: Rgb = design.choose("laces", (WHITE, WHITE, design.accent.rgb, contrast(design.color)))
    eyelets, crossings = [], []
    for i in range(rows):
        t = i / (rows - 1)
        x = 61.0 - 20 * t**1.25
        y = top_y + 3.0 + (61.0 - top_y - 3) * t**0.8
        eyelets.append(ellipse(x, y, 0.9, 0.9))
        crossings.extend(strap([(x, y), (x - 6.2, y - 3.4 - t)], 1.9))
    canvas.draw(darker(design.color, 0.5), *eyelets)
    mask = canvas.mask(*crossings)
    canvas.cast(mask, 0.6, 0.5)
    canvas.fill(mask, lace, puff(0.7, 0.6))
    x, y = 56.0, top_y - 0.5
    bow = [
        ribbon(smooth([(x, y), (x + 5, y + 3), (x + 8, y + 9), (x + 5, y + 9), (x + 1, y + 3)], closed=False), 1.3),
        ribbon(smooth([(x, y), (x - 3, y + 4), (x - 3, y + 10), (x - 5, y + 14)], closed=False), 1.2),
    ]
    knot = canvas.mask(*bow, ellipse(x, y, 1.5, 1.3))
    canvas.cast(knot, 0.7, 0.4)
    canvas.fill(knot, lace, puff(0.6, 0.6))


def _sole(canvas: Canvas, design: Design, top: float, ground: float) -> None:
    rubber = design.choose("sole", (WHITE, WHITE, (232, 222, 204), lighter(design.second.rgb, 0.15)))
    tread = design.choose("tread", ((168, 112, 66), darker(rubber, 0.35), design.accent.rgb, darker(design.color, 0.3)))
    lift = 3.0 if design.cut in ("runner", "chunky sneaker") else 1.0
    outline = Pen(6.6, top + 1).curve((4, top + 4), (8, ground - 2)).curve((10, ground), (16, ground)).line((88, ground)).curve((95, ground - 1), (94.5, ground - 5))
    if design.cut == "chunky sneaker":
        outline.curve((97, top - 2), (90, top - 3)).curve((76, top + 5), (62, top - 1), second=(70, top + 6)).curve((44, top + 4), (30, top), second=(54, top - 5)).curve((16, top - 3), (6.6, top + 1))
    else:
        outline.curve((95.5, top - 1), (91.5, top)).curve((50, top + lift), (6.6, top + 1))
    sole = canvas.mask(outline.path)
    canvas.cast(sole, 0.4, 0.3)
    canvas.fill(sole, rubber, puff(2.2, 0.42), fall(0.05, -0.16))
    strip = canvas.mask([(0, ground - 2.6), (100, ground - 2.6), (100, ground + 1), (0, ground + 1)]).within(sole)
    canvas.fill(strip, tread, puff(0.8, 0.4))
    grooves = [ribbon([(x, ground - 2.4), (x - 0.6, ground + 0.4)], 0.8) for x in range(12, 94, 4)]
    canvas.fill(canvas.mask(*grooves).within(sole), darker(tread, 0.5), opacity=0.6)
    if design.cut in ("low-top sneaker", "high-top sneaker", "slip-on"):
        middle = (top + ground - 2) / 2
        line = [(8.0, middle), (50.0, middle + lift * 0.5), (93.0, middle)]
        if design.chance("foxing", 0.5):
            canvas.fill(canvas.mask(ribbon(line, 1.1)).within(sole), design.accent.rgb)
        else:
            canvas.fill(canvas.mask(*dashes(line, 1.2, 0.8, 0.35)), darker(rubber, 0.4), opacity=0.7)
    elif design.cut == "runner":
        pods = [shift(smooth([(0, 0), (10, -1), (9, 2.6), (1, 3)]), x, ground - 7.4) for x in (52, 65, 78)]
        canvas.fill(canvas.mask(*pods).within(sole), design.accent.rgb, puff(0.8, 0.6))


SHAPE = Shape(
    category="sneaker",
    cuts=CUTS,
    patterns=("plain", "plain", "plain", "checked", "plain", "plain", "floral", "plain", "leafy"),
    draw=draw,
    stands=True,
)
