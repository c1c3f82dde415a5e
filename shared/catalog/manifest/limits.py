"""How much of a manifest is read before it is refused."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ManifestLimits:
    """Bounds of one manifest. `row_bytes` is UTF-8 of one row; `ratio` is uncompressed over compressed bytes,
    and counts only above `ratio_from_bytes` uncompressed."""

    row_bytes: int = 64 * 1024
    depth: int = 32
    images_per_row: int = 100
    ratio: int = 50
    ratio_from_bytes: int = 64 * MIB


DEFAULT_LIMITS = ManifestLimits()
