"""What a search is made of: the photo that a body leads to, and all that workers are told."""

from __future__ import annotations

from sqlalchemy import Connection, select

from services.gateway.http.bodies import refuse
from services.gateway.schemas.search import Filters as AskedFilters
from services.gateway.schemas.search import SearchBody
from shared.catalog import store as catalog
from shared.catalog.filters import Filters
from shared.catalog.sources import Source, is_own_object, parse_source
from shared.db.engine import now
from shared.db.tables import images
from shared.errors import InvalidRequest, NotFound
from shared.index import versions
from shared.jobs.search_request import PhotoKind, PhotoOf, SearchRequest

SOURCES = ("image_url", "image_id", "product_id", "object_key")


def search_request(
    c: Connection, tenant: str, asked: SearchBody, index_id: str, came_along: PhotoOf | None
) -> SearchRequest:
    """What the workers are told. Raises NotFound, InvalidRequest for what cannot be searched with."""
    min_version = None
    if asked.min_version is not None:
        version = versions.Version.decode(asked.min_version)
        min_version = versions.check_reachable(c, tenant, index_id, version).encode()
    photo = came_along or _photo_of(c, tenant, asked)
    searched_with = [asked.product_id] if asked.product_id is not None else []
    return SearchRequest(
        photo,
        limit=asked.limit,
        crop=asked.crop,
        filters=_filters(asked.filters),
        min_score=asked.min_score,
        group_by=asked.group_by,
        exclude_images=tuple(asked.exclude.image_ids),
        exclude_products=(*asked.exclude.product_ids, *searched_with),
        min_version=min_version,
        # An upload of its own is judged and normalised by its first search, which must not forget it.
        store=asked.store or (photo.kind is PhotoKind.UPLOAD and not photo.came_along),
        explain=asked.explain,
    )


def _filters(asked: AskedFilters) -> Filters:
    """The API's filters as the engine's: ranges over price and rating become their ends."""
    price, rating = asked.price, asked.rating
    return Filters(
        category=tuple(asked.category or ()),
        brand=tuple(asked.brand or ()),
        color=tuple(asked.color or ()),
        labels=tuple(asked.labels or ()),
        availability=tuple(asked.availability or ()),
        price_min=price.min if price else None,
        price_max=price.max if price else None,
        currency=price.currency if price else None,
        rating_min=rating.min if rating else None,
        rating_max=rating.max if rating else None,
    )


def _photo_of(c: Connection, tenant: str, asked: SearchBody) -> PhotoOf:
    if asked.image_url is not None:
        return PhotoOf(PhotoKind.URL, asked.image_url)
    if asked.object_key is not None:
        return PhotoOf(PhotoKind.OBJECT, _own_key(tenant, asked.object_key))
    if asked.image_id is not None:
        return _known_image(c, tenant, asked.image_id)
    assert asked.product_id is not None  # the body has exactly one source
    return _image_of(c, tenant, asked.product_id, asked.catalog)


def _own_key(tenant: str, key: str) -> str:
    source = parse_source(f"object:{key}")
    if not isinstance(source, Source) or not is_own_object(source, tenant):
        refuse("object_key", f"keys resolve under incoming/{tenant}/ only", "bad_source")
    return source.value


def _known_image(c: Connection, tenant: str, image_id: str) -> PhotoOf:
    row = c.execute(
        select(images.c.state, images.c.normalised).where(
            images.c.id == image_id,
            images.c.tenant == tenant,
            images.c.expires_at.is_(None) | (images.c.expires_at > now()),
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no image {image_id}")
    return PhotoOf(PhotoKind.UPLOAD if row.normalised is None else PhotoKind.IMAGE, image_id)


def _image_of(c: Connection, tenant: str, product_id: str, name: str) -> PhotoOf:
    catalog.get(c, tenant, product_id, name)
    ready = [i for i in catalog.images_of(c, tenant, [product_id]).get(product_id, []) if i.normalised]
    if not ready:
        raise InvalidRequest(f"product {product_id!r} has no image to search with", code="no_image")
    return PhotoOf(PhotoKind.PRODUCT, ready[0].id)
