"""The measures that a shoe's parts share."""

from __future__ import annotations

from dataclasses import dataclass

from services.cli.sample.design import Design

GROUND = 82.0

# cut: the sole's thickness at the heel
SOLES = {
    "low-top sneaker": 8.5,
    "high-top sneaker": 8.5,
    "runner": 11.0,
    "slip-on": 7.5,
    "chunky sneaker": 14.0,
}


@dataclass(frozen=True, slots=True)
class Last:
    """Where the collar and the sole's upper edge are (y)."""

    collar: float
    sole: float


def measured(design: Design) -> Last:
    collar = 26.0 if design.cut == "high-top sneaker" else design.between("collar", 45, 49)
    return Last(collar, GROUND - SOLES[design.cut])
