"""What an append is asked to do: changed products, their images, and where the vectors lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class NewImage:
    """An image that was embedded for this write. `segment_row` counts within its shard's range."""

    id: str
    source: str
    image_version: str | None
    position: int
    sha256: str
    width: int
    height: int
    normalised: str
    thumbnail: str | None
    fingerprint: str
    etag: str | None = None
    last_modified: str | None = None
    segment: str | None = None
    segment_row: int | None = None
    vector: bytes | None = None  # float16, of a single write


@dataclass(frozen=True)
class KeptImage:
    """An image that the product has already, unchanged."""

    id: str
    position: int


@dataclass(frozen=True)
class ProductChange:
    """One row of a manifest, or one single write (whose attributes were set when it was accepted)."""

    product_id: str
    accept_no: int
    line: int
    attributes: Mapping[str, Any] = field(default_factory=dict)
    images: tuple[NewImage | KeptImage, ...] | None = None  # None: leave the images alone
    complete: bool = True  # false: an image of it failed, so nothing that it has is dropped
    replaced: tuple[str, ...] = ()  # images whose vectors were lost; those of `images` take their place


@dataclass(frozen=True)
class SegmentRange:
    """One shard's rows of a segment: stored (a range of bytes of `object`), or `inline` in the log."""

    rows: int
    sha256: str
    object: str | None = None
    offset: int = 0
    length: int = 0
    inline: bytes | None = None
