"""How a chair, built in three dimensions, is seen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from services.cli.sample.drawing.geometry import Path, Point, rounded

Spot = tuple[float, float, float]
"""x (right), y (up) and z (towards us), in canvas units about the floor under the seat."""


class Eye:
    """Parallel projection of a scene turned by `yaw` and seen from `pitch` degrees above."""

    def __init__(self, yaw: float, pitch: float, scale: float) -> None:
        self.yaw, self.pitch, self.scale = math.radians(yaw), math.radians(pitch), scale

    def see(self, x: float, y: float, z: float) -> Point:
        across = x * math.cos(self.yaw) + z * math.sin(self.yaw)
        depth = z * math.cos(self.yaw) - x * math.sin(self.yaw)
        down = depth * math.sin(self.pitch) - y * math.cos(self.pitch)
        return (50 + across * self.scale, 87 + down * self.scale)

    def outline(self, spots: Sequence[Spot]) -> Path:
        return [self.see(*spot) for spot in spots]

    def lying(self, half: float, depth: float, y: float, corner: float) -> Path:
        """A rounded rectangle at height y."""
        flat = rounded(-half, -depth, half, depth, corner)
        return self.outline([(x, y, z) for x, z in flat])

    def standing(self, half: float, low: float, high: float, z: float, lean: float, corner: float) -> Path:
        """A rounded rectangle at depth z whose top leans back by `lean`."""
        flat = rounded(-half, low, half, high, corner)
        return self.outline([(x, y, z - lean * (y - low) / (high - low)) for x, y in flat])


def hull(front: Path, rear: Path) -> list[Path]:
    """The sides between two outlines with the same number of points, and the rear itself."""
    sides = zip(front, front[1:] + front[:1], rear, rear[1:] + rear[:1], strict=True)
    return [*([a, b, d, c] for a, b, c, d in sides), rear]
