"""One labelled picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Example:
    """`group` is what must not be torn apart by a split: a product, or all byte-identical copies.

    `image` is a file, an encoded picture, or pixels: (h, w) grey or (h, w, 3) RGB, uint8.
    """

    image: Path | bytes | Pixels
    label: str
    group: str

    @property
    def name(self) -> str:
        """What to call it in a report: the file's last two parts, else its group."""
        return "/".join(self.image.parts[-2:]) if isinstance(self.image, Path) else self.group
