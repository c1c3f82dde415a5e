"""What a finished job gives, by its kind."""

from __future__ import annotations

from pydantic import Field

from services.gateway.schemas.common import JsonObject, Tell
from services.gateway.schemas.product import Price, Rating
from shared.images.box import Box


class QueryImage(Tell):
    """The photo, upright; `quality` holds what was measured."""

    id: str
    width: int
    height: int
    quality: JsonObject


class HitProduct(Tell):
    id: str
    title: str | None
    price: Price | None
    rating: Rating | None
    brand: str | None
    category: str | None
    color: str | None
    availability: str | None
    url: str | None
    source_url: str | None = Field(description="The shop's own address of the image, if it has one.")


class Hit(Tell):
    score: float = Field(description="Cosine similarity, -1..1.")
    image_id: str
    image_url: str = Field(description="A path of this server, signed and valid for a time.")
    explanation_url: str | None = Field(
        None, description="With `explain`: a path that tells why this matched, worked out when it is asked."
    )
    product: HitProduct


class Category(Tell):
    name: str
    score: float


class Item(Tell):
    """One thing in the photo; hits are best first."""

    box: Box = Field(description="x0 y0 x1 y1 of the upright photo, 0..1.")
    label: str | None
    label_score: float | None
    categories: list[Category] = Field(
        description="Of the nearest products, as these and the classifier judge; scores add up to 1."
    )
    no_confident_match: bool
    hits: list[Hit]


class IndexState(Tell):
    """Where the index stood; with `partial` the shards in `missing` did not answer in time."""

    version: str
    time: str
    partial: bool
    missing: list[int]


class SearchResult(Tell):
    image: QueryImage
    items: list[Item]
    main_item: int = Field(description="Which of the items the photo is most likely of.")
    degraded: list[str] = Field(
        [],
        description="Codes of what failed on the way; `detector_failed`: the whole photo alone was searched.",
    )
    index: IndexState
    model: str


class WriteResult(Tell):
    """Of a product: `version` shows it."""

    product_id: str
    version: str
    images: int
    embedded: int
    image_ids: list[str]
