"""What a fuzzer calls with bytes: each returns for any bytes, or a rule is broken.

The decode path runs in this process and without its limits, so that coverage and sanitizers see it: what a
target raises is a finding, what Pillow refuses is not.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Final

from PIL import Image, PngImagePlugin

from shared.catalog.manifest.formats import ManifestFormat
from shared.images.header import HeaderProblem, read_header
from shared.images.limits import ImageLimits
from tests.hostile.images.sound import sound_images
from tests.hostile.manifests.reading import ending
from tests.hostile.manifests.sound import parquet, sound_manifests
from tests.integration.pictures import PLAN
from workers.vision.decode.image import decode_image
from workers.vision.decode.values import DecodeLimits

# Small, so that no case takes the memory that a child's limit would refuse.
_LIMITS: Final = DecodeLimits(images=ImageLimits(max_jpeg_pixels=250_000, max_pixels=250_000, max_side=2_000))


def image(data: bytes) -> None:
    """The header check, and what a child does with what passes it."""
    header = read_header(data, _LIMITS.images)
    if isinstance(header, HeaderProblem):
        return
    try:
        decode_image(data, PLAN, _LIMITS)
    except (AssertionError, SystemError):
        raise
    except Exception:  # a decoder may raise anything; the child makes one reason of it
        return


def manifest(data: bytes) -> None:
    """The readers; the first byte chooses the format."""
    kinds = (ManifestFormat.CSV, ManifestFormat.TSV, ManifestFormat.JSONL)
    ending(data[1:], kinds[data[0] % len(kinds)] if data else ManifestFormat.CSV)


def parquet_manifest(data: bytes) -> None:
    """The library's reader; a crash here costs a child there."""
    ending(data, ManifestFormat.PARQUET)


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "image": image,
    "manifest": manifest,
    "parquet": parquet_manifest,
}


def seeds(target: str) -> list[bytes]:
    """Whole files that a target's mutations begin with."""
    if target == "image":
        return list(sound_images().values())
    if target == "parquet":
        return [parquet()]
    place = {ManifestFormat.CSV: 0, ManifestFormat.TSV: 1, ManifestFormat.JSONL: 2}
    return [bytes([place[kind]]) + data for kind, data in sound_manifests().values()]


def confine() -> None:
    """What a decode child sets before its first image."""
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = _LIMITS.images.max_jpeg_pixels
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    PngImagePlugin.MAX_TEXT_CHUNK = 2**20
    PngImagePlugin.MAX_TEXT_MEMORY = 4 * 2**20
