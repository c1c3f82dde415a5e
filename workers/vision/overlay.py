"""A heat map over the image that it is of, as a PNG."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from shared.images.box import Box

# From cold to hot it also grows lighter, so that it reads without colours; after matplotlib's "inferno".
_COLD, _WARM, _HOT = "#57106e", "#e45a31", "#fcffa4"
# What is hottest shows this share of its colour, so that the thing below can still be seen.
_MOST_COLOUR: Final = 0.7


def overlay(view: np.ndarray, heat: np.ndarray, seen: Box) -> bytes:
    """A PNG of `view`, (h, w, 3) uint8, in grey, and over the part that was `seen` the `heat` in colours.

    `heat` is (n, n) float, 0..1, and is smoothed to the size of that part.
    """
    picture = Image.fromarray(view)
    x0, y0, x1, y1 = seen
    left, top = round(x0 * picture.width), round(y0 * picture.height)
    size = max(1, round(x1 * picture.width) - left), max(1, round(y1 * picture.height) - top)
    cells = Image.fromarray(np.round(heat * 255).astype(np.uint8))
    warmth = Image.new("L", picture.size, 0)
    warmth.paste(cells.resize(size, Image.Resampling.BICUBIC), (left, top))
    colours = ImageOps.colorize(warmth, _COLD, _HOT, mid=_WARM)
    grey = picture.convert("L").convert("RGB")
    out = io.BytesIO()
    Image.composite(colours, grey, warmth.point(lambda level: level * _MOST_COLOUR)).save(out, "PNG")
    return out.getvalue()
