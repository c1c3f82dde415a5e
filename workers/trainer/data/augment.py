"""What a picture may look like to a network that learns: random views, by torchvision.transforms.v2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image
from torchvision.transforms import InterpolationMode, v2

from shared.errors import InvalidRequest
from workers.models.preprocessing.geometry import prepare
from workers.models.preprocessing.preprocess import Preprocess
from workers.trainer.data.example import Pixels


@dataclass(frozen=True)
class View:
    """From an RGB picture to (crop, crop, 3) uint8. A random one draws from torch's global generator."""

    preprocess: Preprocess
    steps: tuple[Any, ...] = ()  # transforms of a PIL picture
    crops: bool = False  # whether the steps make the square themselves

    @property
    def is_random(self) -> bool:
        return bool(self.steps)

    def __call__(self, picture: Image.Image) -> Pixels:
        if not self.crops:
            picture = Image.fromarray(prepare(picture, self.preprocess))
        for step in self.steps:
            picture = step(picture)
        pixels = np.array(picture)  # a copy: torch wants to own what it is given
        assert pixels.shape == (self.preprocess.crop, self.preprocess.crop, 3), pixels.shape
        return pixels


def view(name: str, preprocess: Preprocess) -> View:
    """A view by name; `none` is what a search sees. Raises InvalidRequest for an unknown name."""
    if name not in _VIEWS:
        raise InvalidRequest(f"there is no augmentation {name!r}; there are: {', '.join(NAMES)}")
    return _VIEWS[name](preprocess)


def _digits(preprocess: Preprocess) -> View:
    # No mirror: a 2 is none in the glass. Ranges as in Simard, Steinkraus, Platt (ICDAR 2003), affine part.
    moved = v2.RandomAffine(
        degrees=10,
        translate=(0.08, 0.08),
        scale=(0.9, 1.1),
        shear=8,
        interpolation=InterpolationMode.BILINEAR,
    )
    return View(preprocess, (moved,))


def _gentle(preprocess: Preprocess) -> View:
    """For fine-tuning on some thousand photos: most of the thing stays in sight, nearly in its colour."""
    jitter = v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.02)
    return View(preprocess, (*_cropped(preprocess, (0.5, 1.0)), jitter), crops=True)


def _strong(preprocess: Preprocess) -> View:
    """For training from scratch: small crops, strong colour and grey now and then (SimCLR, ICML 2020)."""
    jitter = v2.RandomApply([v2.ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1)], p=0.8)
    steps: Sequence[Any] = (*_cropped(preprocess, (0.2, 1.0)), jitter, v2.RandomGrayscale(p=0.1))
    return View(preprocess, tuple(steps), crops=True)


def _instance(preprocess: Preprocess) -> View:
    """For telling each thing from all others: another crop, angle and light, but nearly its own colour.

    A shop's things differ in colour, so there is no grey and little hue, which SimCLR has.
    """
    tilt = v2.RandomPerspective(0.3, p=0.5, interpolation=InterpolationMode.BILINEAR, fill=127)
    light = v2.RandomApply([v2.ColorJitter(brightness=0.4, contrast=0.3, saturation=0.3, hue=0.03)], p=0.8)
    return View(preprocess, (*_cropped(preprocess, (0.25, 1.0)), tilt, light), crops=True)


def _cropped(preprocess: Preprocess, scale: tuple[float, float]) -> tuple[Any, Any]:
    interpolation = InterpolationMode(preprocess.interpolation)
    return (
        v2.RandomResizedCrop(preprocess.crop, scale=scale, interpolation=interpolation),
        v2.RandomHorizontalFlip(),
    )


_VIEWS: Final[dict[str, Callable[[Preprocess], View]]] = {
    "none": View,
    "digits": _digits,
    "gentle": _gentle,
    "strong": _strong,
    "instance": _instance,
}
NAMES: Final = tuple(_VIEWS)
