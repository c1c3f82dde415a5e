"""Tiny data sets that a network of 28 x 28 learns in a second."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from workers.trainer.data.example import Example
from workers.trainer.data.parts import Parts, make_parts


def picture(label: int, number: int) -> np.ndarray:
    """(28, 28) uint8: a bright bar whose place is the label's, on noise of its own."""
    noise = np.random.default_rng([label, number]).integers(0, 60, (28, 28), np.uint8)
    noise[4 + 7 * label : 8 + 7 * label] += 180
    return noise


def examples(labels: int, each: int, first: int = 0, group_of: int = 1) -> list[Example]:
    """`each` of every label, `group_of` in a group."""
    return [
        Example(picture(label, number), f"bar {label}", f"{label}/{number // group_of}")
        for number in range(first, first + each)
        for label in range(labels)
    ]


def bars(labels: int = 3, train: int = 24, validation: int = 8, test: int = 8) -> Parts:
    return make_parts(
        examples(labels, train),
        examples(labels, validation, first=1000),
        examples(labels, test, first=2000),
    )


def jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, colour).save(content, "JPEG", quality=95)
    return content.getvalue()
