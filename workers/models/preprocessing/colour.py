"""From any pixel mode that a shop's images come in to plain RGB in sRGB."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image, ImageCms

# Profiles of printing presses reach 3 MB; what is larger is ignored like any other bad profile.
_LARGEST_PROFILE: Final = 4 * 2**20
_SRGB: Final = ImageCms.createProfile("sRGB")


def plain(image: Image.Image) -> Image.Image:
    """The same picture as L, RGB, RGBA or CMYK of 8 bits: the modes that resizing and ICC profiles know."""
    if image.mode == "I" or image.mode.startswith("I;16"):
        values = np.asarray(image)  # (h, w), 0..65535; Pillow's own conversion would clip at 255
        return Image.fromarray((np.clip(values, 0, 0xFFFF) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """`image`, in a mode of `plain`, with the colours its ICC `profile` means; a bad one changes nothing."""
    if not isinstance(profile, bytes) or len(profile) > _LARGEST_PROFILE:
        return image
    transform = _transform(profile, image.mode)
    return image if transform is None else transform.apply(image)


def on_white(image: Image.Image) -> Image.Image:
    """RGB without metadata; what is transparent shows white."""
    if image.mode == "RGBA":
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    rgb.info.clear()  # a JPEG's comment would be written again on saving
    return rgb


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return None
        return ImageCms.buildTransform(source, _SRGB, mode, "RGBA" if mode == "RGBA" else "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
