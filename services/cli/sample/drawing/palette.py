"""The shop's colours, and how they mix."""

from __future__ import annotations

from dataclasses import dataclass

Rgb = tuple[int, int, int]

WHITE: Rgb = (250, 249, 246)
INK: Rgb = (34, 36, 42)
STEEL: Rgb = (184, 190, 197)
BRASS: Rgb = (201, 164, 92)
OAK: Rgb = (198, 154, 104)
WALNUT: Rgb = (112, 76, 52)


@dataclass(frozen=True, slots=True)
class Color:
    name: str
    rgb: Rgb


COLORS = {
    name: Color(name, rgb)
    for name, rgb in (
        ("white", (243, 241, 236)),
        ("cream", (238, 224, 196)),
        ("sand", (214, 187, 149)),
        ("tan", (190, 137, 86)),
        ("brown", (118, 76, 50)),
        ("grey", (150, 154, 160)),
        ("charcoal", (72, 76, 84)),
        ("black", (40, 41, 46)),
        ("navy", (38, 56, 104)),
        ("blue", (52, 104, 186)),
        ("sky", (128, 182, 222)),
        ("teal", (30, 128, 132)),
        ("mint", (150, 210, 184)),
        ("green", (58, 132, 82)),
        ("olive", (118, 120, 66)),
        ("yellow", (246, 204, 72)),
        ("mustard", (212, 158, 46)),
        ("orange", (232, 128, 52)),
        ("coral", (236, 112, 98)),
        ("red", (196, 50, 52)),
        ("burgundy", (116, 34, 56)),
        ("pink", (238, 160, 180)),
        ("blush", (232, 196, 184)),
        ("lilac", (182, 160, 214)),
        ("purple", (104, 70, 150)),
    )
}

# Second colours that look well beside each main one.
PARTNERS = {
    "white": ("navy", "red", "teal", "black", "mustard"),
    "cream": ("brown", "teal", "burgundy", "green", "coral"),
    "sand": ("white", "navy", "brown", "olive"),
    "tan": ("cream", "navy", "brown", "white"),
    "brown": ("cream", "sand", "mustard", "sky"),
    "grey": ("white", "yellow", "navy", "coral"),
    "charcoal": ("mint", "orange", "white", "sky"),
    "black": ("white", "red", "mustard", "mint"),
    "navy": ("white", "red", "mustard", "sky"),
    "blue": ("white", "yellow", "navy", "orange"),
    "sky": ("white", "navy", "coral", "yellow"),
    "teal": ("cream", "coral", "mustard", "white"),
    "mint": ("white", "green", "coral", "charcoal"),
    "green": ("cream", "mustard", "white", "pink"),
    "olive": ("cream", "orange", "sand", "white"),
    "yellow": ("white", "navy", "charcoal", "coral"),
    "mustard": ("cream", "navy", "burgundy", "white"),
    "orange": ("cream", "navy", "white", "charcoal"),
    "coral": ("white", "teal", "cream", "navy"),
    "red": ("white", "navy", "cream", "black"),
    "burgundy": ("cream", "pink", "mustard", "white"),
    "pink": ("white", "red", "teal", "burgundy"),
    "blush": ("white", "burgundy", "olive", "tan"),
    "lilac": ("white", "purple", "yellow", "mint"),
    "purple": ("lilac", "mustard", "white", "mint"),
}


def mix(a: Rgb, b: Rgb, share: float) -> Rgb:
    """Colour a with `share` (0..1) of colour b."""
    red, green, blue = (round(p + (q - p) * share) for p, q in zip(a, b, strict=True))
    return (red, green, blue)


def lighter(color: Rgb, share: float) -> Rgb:
    return mix(color, (255, 255, 255), share)


def darker(color: Rgb, share: float) -> Rgb:
    return mix(color, (18, 16, 24), share)


def luma(color: Rgb) -> float:
    """Perceived lightness, 0..255 (ITU-R BT.601 weights)."""
    return 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]


def contrast(color: Rgb, light: Rgb = WHITE, dark: Rgb = INK) -> Rgb:
    """Whichever of `light` and `dark` stands out on a colour."""
    return dark if luma(color) > 140 else light
