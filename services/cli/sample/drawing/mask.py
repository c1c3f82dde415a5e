"""Where a part of a picture is."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageChops


@dataclass(frozen=True, slots=True)
class Mask:
    """An 8-bit coverage image, the canvas pixel of its upper left corner, and pixels per canvas unit."""

    image: Image.Image
    left: int
    top: int
    unit: float

    @property
    def size(self) -> tuple[int, int]:
        return self.image.size

    def within(self, other: Mask) -> Mask:
        """The part of this mask that lies inside the other."""
        left, top = other.left - self.left, other.top - self.top
        width, height = self.size
        clip = other.image.crop((-left, -top, width - left, height - top))
        return Mask(ImageChops.multiply(self.image, clip), self.left, self.top, self.unit)
