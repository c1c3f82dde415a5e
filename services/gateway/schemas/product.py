"""Products: what a write says and what is told of one."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from services.gateway.schemas.common import Ask, CatalogName, Cursor, Tell
from shared.catalog.product import AVAILABILITIES
from shared.catalog.sources import MAX_SOURCE_CHARS

MAX_IMAGES = 50
MAX_IMAGE_VERSION_BYTES = 256  # as in a manifest

SourceText = Annotated[str, Field(min_length=1, max_length=MAX_SOURCE_CHARS)]


class Price(Tell):
    amount: str = Field(description="Up to 12 digits, a point and up to 4 decimals.")
    currency: str


class Rating(Tell):
    value: float
    count: int | None


class ImageSource(Ask):
    """An image is unchanged, and not embedded again, while source and image_version stay the same."""

    source: SourceText = Field(
        description="`https://…`, `upload:<image id>`, `object:incoming/<tenant>/…` or a path (embedded)"
    )
    image_version: str | None = Field(None, max_length=MAX_IMAGE_VERSION_BYTES)


def _source(given: Any) -> Any:
    return {"source": given} if isinstance(given, str) else given


class ProductBody(Ask):
    """What a body of PUT or PATCH may hold; attributes are checked by the same code as a manifest's rows.

    null clears an attribute. `images` left out: the images stay as they are.
    """

    title: str | None = None
    description: str | None = None
    price: Price | None = None
    rating: Rating | None = None
    brand: str | None = None
    category: str | None = None
    color: str | None = None
    labels: list[str] | None = None
    availability: str | None = Field(None, json_schema_extra={"enum": [*AVAILABILITIES, None]})
    url: str | None = None
    images: list[SourceText | ImageSource] | None = None


class ImagesField(Ask):
    """The one field of a product's body that is not an attribute; a text alone is a source."""

    images: Annotated[list[Annotated[ImageSource, BeforeValidator(_source)]], Field(max_length=MAX_IMAGES)]


class ProductImage(Tell):
    id: str
    image_url: str
    source: str | None = Field(description="As the shop wrote it.")
    state: str
    width: int | None
    height: int | None


class Product(Tell):
    id: str
    catalog: str
    title: str | None
    price: Price | None
    rating: Rating | None
    brand: str | None
    category: str | None
    color: str | None
    availability: str | None
    url: str | None
    description: str | None
    labels: list[str]
    images: list[ProductImage]
    created_at: str
    updated_at: str


class Products(Tell):
    products: list[Product]
    next: str | None


class Written(Tell):
    """`version` is the one that shows the write; a search may name it as min_version."""

    id: str
    catalog: str
    version: str


class Deleted(Tell):
    """Hidden at once; `receipt` is the address that tells when it was `erased`, by `erase_by`."""

    id: str
    catalog: str
    hidden: str
    erase_by: str
    erased: str | None
    receipt: str
    version: str


class CatalogQuery(Ask):
    catalog: CatalogName = "default"


class ProductsQuery(Cursor):
    catalog: CatalogName = "default"
