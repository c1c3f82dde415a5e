"""What the gateway tells the workers of a search: the value, and its form in `jobs.request`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Literal

from shared.catalog.filters import NO_FILTERS, Filters
from shared.images.box import Box

GroupBy = Literal["product", "image"]


class PhotoKind(StrEnum):
    URL = "url"  # an address that a vision worker fetches
    OBJECT = "object"  # a key of the object store, under incoming/<own tenant>/
    UPLOAD = "upload"  # the id of an image that no vision worker has seen yet
    IMAGE = "image"  # the id of a normalised one
    PRODUCT = "product"  # the id of a product's image


@dataclass(frozen=True)
class PhotoOf:
    """What leads to the photo. `came_along`: it came with this search and is nobody else's."""

    kind: PhotoKind
    value: str
    came_along: bool = False


@dataclass(frozen=True)
class SearchRequest:
    """All that workers are told. `limit` counts products, or images with `group_by` image.

    `min_score`: cosine, -1..1. `store`: the photo outlives the search, so that it can be searched again.
    `explain`: each hit carries the address of its explanation.
    """

    photo: PhotoOf
    limit: int
    crop: Box | None = None
    filters: Filters = NO_FILTERS
    min_score: float | None = None
    group_by: GroupBy = "product"
    exclude_images: tuple[str, ...] = ()
    exclude_products: tuple[str, ...] = ()
    min_version: str | None = None
    store: bool = True
    explain: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> SearchRequest:
        """Raises KeyError and TypeError for what `to_json` did not make."""
        photo, crop = body["photo"], body["crop"]
        filters: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in body["filters"].items()
        }
        changed = {
            "photo": PhotoOf(PhotoKind(photo["kind"]), photo["value"], photo["came_along"]),
            "crop": tuple(crop) if crop else None,
            "filters": Filters(**filters),
            "exclude_images": tuple(body["exclude_images"]),
            "exclude_products": tuple(body["exclude_products"]),
        }
        return cls(**{**body, **changed})
