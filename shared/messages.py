"""What travels through the broker: small frozen classes with a version, JSON on the wire.

Never vectors, never image bytes: a message names a row, and the row holds what the last stage stored.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self


class BadMessage(ValueError):
    """Not one of ours, or of a version that this process does not know."""


@dataclass(frozen=True)
class Message:
    VERSION: ClassVar[int] = 1

    def to_wire(self) -> dict[str, Any]:
        return {"v": self.VERSION, **asdict(self)}

    @classmethod
    def from_wire(cls, wire: object) -> Self:
        """Raises BadMessage."""
        if not isinstance(wire, dict) or wire.get("v") != cls.VERSION:
            raise BadMessage(f"{cls.__name__}: {wire!r:.200}")
        fields = {k: v for k, v in wire.items() if k != "v"}
        try:
            return cls(**fields)
        except TypeError as error:
            raise BadMessage(f"{cls.__name__}: {error}") from error


@dataclass(frozen=True)
class JobMessage(Message):
    """Stage `stage` of job `id` is due."""

    id: str
    stage: str


@dataclass(frozen=True)
class PartMessage(Message):
    """Group `group` is to search its shards for job `id`, whose vision outcome attempt `attempt` stored."""

    id: str
    group: str
    attempt: int


@dataclass(frozen=True)
class Nudge(Message):
    """Chunks are open; the import loop looks at once instead of within a second."""
