"""What a search asks, and the job that answers it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from services.gateway.schemas.common import Ask, CatalogName, Shaped
from shared.catalog.product import AVAILABILITIES, parse_attribute
from shared.catalog.text import MAX_FACET_BYTES, MAX_ID_BYTES, FieldError

MAX_EXCLUDED = 1_000
MAX_VALUES = 100
MAX_URL_CHARS = 2_000
MAX_VERSION_CHARS = 64_000

Unit = Annotated[float, Field(ge=0, le=1)]
Box = tuple[Unit, Unit, Unit, Unit]
Value = Annotated[str, Field(min_length=1, max_length=MAX_FACET_BYTES)]
Values = Annotated[list[Value], Field(min_length=1, max_length=MAX_VALUES)]
ProductId = Annotated[str, Field(min_length=1, max_length=MAX_ID_BYTES)]
ImageId = Annotated[
    str, Shaped(r"^[0-9A-Za-z_-]{1,64}$", "an image's id is 1 to 64 letters, digits, _ and -")
]
Currency = Annotated[str, Shaped(r"^[A-Za-z]{3}$", "a currency has three letters, such as EUR")]
ImageUrl = Annotated[
    str,
    Field(max_length=MAX_URL_CHARS),
    Shaped(
        r"^[Hh][Tt]{2}[Pp][Ss]?://[^\s]+$", "an address begins with http:// or https:// and holds no space"
    ),
]


class Range(Ask):
    """Both ends belong to it; an absent one is open."""

    min: float | None = Field(None, ge=0)
    max: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is greater than max: nothing can match")
        return self


class PriceRange(Range):
    """Other currencies do not match."""

    currency: Currency = Field(description="ISO 4217")

    @field_validator("currency")
    @classmethod
    def _upper(cls, currency: str) -> str:
        return currency.upper()


class RatingRange(Range):
    min: float | None = Field(None, ge=0, le=5)
    max: float | None = Field(None, ge=0, le=5)


class Filters(Ask):
    """AND of the fields, OR within each; a product without the attribute does not match."""

    category: Values | None = None
    brand: Values | None = None
    color: Values | None = None
    labels: Values | None = None
    availability: Values | None = Field(None, description=f"Of {', '.join(AVAILABILITIES)}.")
    price: PriceRange | None = None
    rating: RatingRange | None = None

    @field_validator("category", "brand", "color", "labels", "availability", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("availability")
    @classmethod
    def _known(cls, values: list[str] | None) -> list[str] | None:
        return None if values is None else [_availability(value) for value in values]


def _availability(value: str) -> str:
    parsed = parse_attribute("availability", value)
    if isinstance(parsed, FieldError):
        raise ValueError(parsed.detail)
    return str(parsed)


class Exclude(Ask):
    """Left out before hits are grouped."""

    image_ids: list[ImageId] = Field([], max_length=MAX_EXCLUDED)
    product_ids: list[ProductId] = Field([], max_length=MAX_EXCLUDED)


class SearchBody(Ask):
    """Exactly one of image (a file of the form), image_url, image_id, product_id and object_key."""

    JSON_FIELDS: ClassVar = frozenset({"crop", "filters", "exclude"})

    image_url: ImageUrl | None = Field(None, description="A vision worker fetches it.")
    image_id: ImageId | None = Field(None, description="Of `POST /v1/images` or of a hit.")
    product_id: ProductId | None = Field(None, description="Its first image; the product itself is left out.")
    object_key: str | None = Field(None, description="`incoming/<own tenant>/…` in the object store.")
    crop: Box | None = Field(None, description="x0 y0 x1 y1 of the upright photo, 0..1.")
    filters: Filters = Field(default_factory=Filters)
    limit: int = Field(10, ge=1, le=100, description="Products, or images with group_by image.")
    min_score: float | None = Field(None, ge=-1, le=1, description="Cosine similarity.")
    exclude: Exclude = Field(default_factory=Exclude)
    group_by: Literal["product", "image"] = "product"
    catalog: CatalogName = "default"
    min_version: str | None = Field(
        None, max_length=MAX_VERSION_CHARS, description="`version` of a write that this search must see."
    )
    explain: bool = Field(False, description="Each hit carries an address that tells why it matched.")
    store: bool = Field(True, description="Keep the photo for its time, so that it can be searched again.")

    @field_validator("crop")
    @classmethod
    def _has_area(cls, crop: Box | None) -> Box | None:
        if crop is not None and not (crop[0] < crop[2] and crop[1] < crop[3]):
            raise ValueError("crop is x0, y0, x1, y1 with x0 < x1 and y0 < y1")
        return crop
