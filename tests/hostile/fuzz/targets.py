"""What a fuzzer calls with bytes: each returns for any bytes, or a rule is broken.

The decode path runs in this process and without its limits, so that coverage and sanitizers see it: what a
target raises is a finding, what Pillow refuses is not.
"""

from __future__ import annotations

import gzip
import io
import warnings
from collections.abc import Callable
from typing import Final

from PIL import Image, PngImagePlugin

from shared.catalog.manifest.formats import ManifestFormat, detect_format
from shared.images.header import HeaderProblem, read_header
from shared.images.limits import ImageLimits
from tests.hostile.images.sound import sound_images
from tests.hostile.manifests.reading import ending
from tests.hostile.manifests.sound import parquet as sound_parquet
from tests.hostile.manifests.sound import sound_manifests
from tests.integration.pictures import PLAN
from workers.vision.decode.image import decode_image
from workers.vision.decode.values import DecodeLimits

_GZIP_MAGIC: Final = b"\x1f\x8b"
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


def csv(data: bytes) -> None:
    ending(data, ManifestFormat.CSV)


def tsv(data: bytes) -> None:
    ending(data, ManifestFormat.TSV)


def jsonl(data: bytes) -> None:
    ending(data, ManifestFormat.JSONL)


def parquet(data: bytes) -> None:
    """The library's reader; a crash here costs a child there."""
    ending(data, ManifestFormat.PARQUET)


def gzipped(data: bytes) -> None:
    """Packed bytes as they come, or a manifest that is packed here, as no change gets past a checksum.

    The first byte chooses which, and the format.
    """
    if not data:
        return
    first, rest = data[0], data[1:]
    packed = gzip.compress(rest, 1, mtime=0) if first & 1 else _GZIP_MAGIC + rest
    kinds = list(ManifestFormat)
    ending(packed, kinds[(first >> 1) % len(kinds)])


def format(data: bytes) -> None:
    """What the format is told from; the file is left at its start."""
    for name in ("", "rows.tsv.gz"):
        file = io.BytesIO(data)
        assert detect_format(file, name) in set(ManifestFormat)
        assert file.tell() == 0


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "image": image,
    "csv": csv,
    "tsv": tsv,
    "jsonl": jsonl,
    "gzip": gzipped,
    "parquet": parquet,
    "format": format,
}


def seeds(target: str) -> list[bytes]:
    """Whole files that a target's mutations begin with."""
    if target == "image":
        return list(sound_images().values())
    if target == "parquet":
        return [sound_parquet()]
    plain = {kind: data for name, (kind, data) in sound_manifests().items() if not name.endswith(".gz")}
    if target in plain:
        return [plain[ManifestFormat(target)]]
    packed = [gzip.compress(data, mtime=0) for data in (*plain.values(), sound_parquet())]
    if target == "format":
        return [*plain.values(), *packed, sound_parquet()]
    place = {kind: number << 1 for number, kind in enumerate(ManifestFormat)}
    inside = [bytes([place[kind] | 1]) + data for kind, data in plain.items()]
    return [*inside, *(bytes([number << 1]) + data[2:] for number, data in enumerate(packed))]


def confine() -> None:
    """What a decode child sets before its first image."""
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = _LIMITS.images.max_jpeg_pixels
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    PngImagePlugin.MAX_TEXT_CHUNK = 2**20
    PngImagePlugin.MAX_TEXT_MEMORY = 4 * 2**20
