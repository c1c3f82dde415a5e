"""One untrusted image, step by step: header → draft → decode → upright → sRGB → metrics → pixels → JPEGs.

Runs in a decode child only. A decoder may raise anything here; the caller makes one reason of it.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL.ExifTags import Base

from shared.images.box import Box
from shared.images.header import Header, HeaderProblem, check_limits, read_header
from shared.reasons import Reason
from workers.models.preprocessing.colour import on_white, plain, to_srgb
from workers.models.preprocessing.geometry import prepare
from workers.vision.decode.values import Decoded, DecodeLimits, DecodePlan
from workers.vision.quality import measure

# Opened by class, not by Image.open: no other decoder can be reached, and a multi-picture JPEG is the JPEG
# that it begins with.
_OPENERS: Final[dict[str, Callable[[io.BytesIO], Image.Image]]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
}

# What makes each EXIF orientation upright (Exif 2.32, tag 0112).
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING: Final = frozenset({5, 6, 7, 8})

_NORMALISED_QUALITY: Final = 90
_THUMBNAIL_QUALITY: Final = 85


def decode_image(data: bytes, plan: DecodePlan, limits: DecodeLimits) -> Decoded | Reason:
    """Raises whatever Pillow raises for bytes that are no whole image, and MemoryError."""
    started = time.perf_counter()
    header = read_header(data, limits.images)
    if isinstance(header, HeaderProblem):
        return _reason(header)
    image = _OPENERS[header.format](io.BytesIO(data))
    # A GIF grows to its first frame when opened: what Pillow will decode is what must be within the limits.
    if problem := check_limits(Header(header.format, *image.size), limits.images):
        return _reason(problem)
    if header.format != "JPEG":  # a PNG may carry its EXIF behind the pixels; a JPEG must not be loaded yet
        image.load()
    orientation = _orientation(image)
    width, height = reversed(image.size) if orientation in _LYING else image.size
    box_side = _short_side(plan.box, width, height)
    if box_side < limits.min_box_side:
        return Reason("box_too_small", box_side, limits.min_box_side)

    image = _reduced(image, _scale(plan, limits, max(width, height), box_side))
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
    image = on_white(to_srgb(image, image.info.get("icc_profile")))
    decoded_at = time.perf_counter()
    metrics = measure(image, min(width, height))
    measured_at = time.perf_counter()
    pixels = prepare(_cut(image, plan.box), plan.preprocess) if plan.pixels else None
    prepared_at = time.perf_counter()
    view = None if plan.view_side is None else np.asarray(_at_most(image, plan.view_side))
    normalised, thumbnail = _jpegs(image, plan)
    return Decoded(
        width=width,
        height=height,
        metrics=metrics,
        timings_ms={
            "decode": (decoded_at - started) * 1e3,
            "measure": (measured_at - decoded_at) * 1e3,
            "prepare": (prepared_at - measured_at) * 1e3,
            "encode": (time.perf_counter() - prepared_at) * 1e3,
        },
        pixels=pixels,
        normalised=normalised,
        thumbnail=thumbnail,
        view=view,
    )


def _reason(problem: HeaderProblem) -> Reason:
    return Reason(problem.code, problem.measured, problem.threshold)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(Base.Orientation, 1))
    except Exception:  # damaged EXIF, in as many ways as a decoder can fail: the photo stands as it is stored
        return 1


def _short_side(box: Box | None, width: int, height: int) -> float:
    """Pixels of the upright original across the shorter side of what the network will see."""
    x0, y0, x1, y1 = box or (0, 0, 1, 1)
    return min((x1 - x0) * width, (y1 - y0) * height)


def _scale(plan: DecodePlan, limits: DecodeLimits, long_side: int, box_side: float) -> float:
    """How far the image may be reduced, 0..1; it depends on the image, preprocess and box alone."""
    spec = plan.preprocess
    seen = spec.resize if spec.fit == "center" else spec.crop
    return min(1.0, max(limits.min_decoded_side / long_side, seen / box_side))


def _reduced(image: Image.Image, scale: float) -> Image.Image:
    """The image in a plain mode, as small as whole-number reduction makes it without going below `scale`."""
    width, height = math.ceil(image.width * scale), math.ceil(image.height * scale)
    image.draft(image.mode, (width, height))  # reduces a JPEG by 2, 4 or 8 while it is decoded
    image.load()
    image = plain(image)
    factor = min(image.width // width, image.height // height)
    return image if factor < 2 else image.reduce(factor)


def _cut(image: Image.Image, box: Box | None) -> Image.Image:
    if box is None:
        return image
    x0, y0, x1, y1 = box
    left, top = int(x0 * image.width), int(y0 * image.height)
    return image.crop(
        (left, top, max(left + 1, round(x1 * image.width)), max(top + 1, round(y1 * image.height)))
    )


def _jpegs(image: Image.Image, plan: DecodePlan) -> tuple[bytes | None, bytes | None]:
    normalised = thumbnail = None
    if plan.normalised_side is not None:
        image = _at_most(image, plan.normalised_side)
        normalised = _jpeg(image, _NORMALISED_QUALITY)
    if plan.thumbnail_side is not None and (normalised is None or max(image.size) > plan.thumbnail_side):
        thumbnail = _jpeg(_at_most(image, plan.thumbnail_side), _THUMBNAIL_QUALITY)
    return normalised, thumbnail


def _at_most(image: Image.Image, side: int) -> Image.Image:
    scale = side / max(image.size)
    if scale >= 1:
        return image
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()
