"""What happens to bytes on their way through a link."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Weather:
    """Of the last three, connections that begin under it count their own bytes."""

    latency_s: float = 0.0
    bytes_per_s: float | None = None
    frozen: bool = False
    refuses: bool = False
    cut_after: int | None = None  # bytes towards the server
    flip_from_server: int | None = None  # the number of the byte that arrives wrong
    flip_to_server: int | None = None


FAIR = Weather()
