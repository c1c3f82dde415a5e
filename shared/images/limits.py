"""How large an image may be, judged from its header alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ImageLimits:
    """Limits in pixels of the stored image, before any rotation.

    A JPEG may have more pixels than the rest because it is decoded at reduced scale; every other format
    decodes whole (a 38-byte WebP of 64 MP takes 1.2 GB). The ratio of long to short side has a limit of its
    own: 59424 x 3 passes every cap on pixels, and its short side resized to 224 takes 4 GB.
    """

    max_jpeg_pixels: int = 64_000_000
    max_pixels: int = 25_000_000
    max_side: int = 12_000
    max_aspect: float = 20.0

    def max_pixels_of(self, format: str) -> int:
        """The cap on width x height for `format`, as `read_header` names it."""
        return self.max_jpeg_pixels if format == "JPEG" else self.max_pixels
