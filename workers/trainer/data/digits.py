"""Small grey pictures with a number each, as idx and CSV files hold them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.trainer.data.example import Example, Pixels


def examples_of(images: Pixels, labels: NDArray[np.integer], part: str) -> list[Example]:
    """(n, h, w) uint8 and (n,) numbers -> n examples, each a group of its own."""
    return [
        Example(image, str(int(label)), f"{part} {number}")
        for number, (image, label) in enumerate(zip(images, labels, strict=True))
    ]
