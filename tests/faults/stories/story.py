"""What a story with kill points is: what stands before it, how it is told, and what must hold at its end.

`go_on` is told until a point ends it, and then once more by a successor: so it begins what is not begun, and
does the rest. Every step runs in a child of its own.
"""

from __future__ import annotations

from typing import Protocol

from tests.faults.truth import Truth


class Story(Protocol):
    def begin(self, truth: Truth) -> None:
        """What stands before, by processes that live."""

    def go_on(self, truth: Truth) -> None:
        """By the process that may die, or by its successor."""

    def check(self, truth: Truth) -> None:
        """Nothing lost, nothing twice, nothing left over."""
