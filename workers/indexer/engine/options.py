"""The FAISS engine's settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FaissOptions:
    """`exact_below`: a sealed segment of fewer rows gets no index.

    `scan_below`: so few allowed rows are read one by one: 2,000 of 256 dimensions take 0.8 ms, as long as a
    walk through the lists of 100,000 rows.

    `threads`: OpenMP threads of one search or build. OpenMP counts them per calling thread, so the engine
    sets them in each.
    """

    exact_below: int = 20_000
    scan_below: int = 2_000
    threads: int = 1


DEFAULTS = FaissOptions()
