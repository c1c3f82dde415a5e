"""Lines with a width: the outlines that a stroke covers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from services.cli.sample.drawing.geometry import Path, Point, between, ellipse


def ribbon(line: Sequence[Point], width: float, end_width: float | None = None) -> Path:
    """The outline of a stroke along a line, its width running from `width` to `end_width`."""
    last = len(line) - 1
    end_width = width if end_width is None else end_width
    left: Path = []
    right: Path = []
    for i, (x, y) in enumerate(line):
        before, after = line[max(i - 1, 0)], line[min(i + 1, last)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = math.hypot(dx, dy) or 1.0
        half = (width + (end_width - width) * i / last) / 2
        nx, ny = -dy / length * half, dx / length * half
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return left + right[::-1]


def strap(line: Sequence[Point], width: float) -> list[Path]:
    """A stroke with round ends."""
    ends = (line[0], line[-1])
    return [ribbon(line, width), *(ellipse(x, y, width / 2, width / 2) for x, y in ends)]


def dashes(line: Sequence[Point], dash: float, gap: float, width: float) -> list[Path]:
    """A seam: short strokes along a line."""
    marks: list[Point] = []  # starts and ends of the strokes in turn
    walked, due = 0.0, 0.0
    for a, b in pairwise(line):
        span = math.dist(a, b)
        while span and due <= walked + span:
            marks.append(between(a, b, (due - walked) / span))
            due += gap if len(marks) % 2 == 0 else dash
        walked += span
    return [ribbon(ends, width) for ends in zip(marks[::2], marks[1::2], strict=False)]
