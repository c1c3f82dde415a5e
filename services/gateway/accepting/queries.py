"""What a search is made of: the photo that a body leads to, and all that workers are told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from services.gateway.http.bodies import refuse
from services.gateway.schemas.search import SearchBody
from shared.catalog import store as catalog
from shared.catalog.sources import Source, is_own_object, parse_source
from shared.db.engine import now
from shared.db.tables import images
from shared.errors import InvalidRequest, NotFound
from shared.index import versions

SOURCES = ("image_url", "image_id", "product_id", "object_key")


def search_request(c: Connection, tenant: str, asked: SearchBody, index_id: str) -> dict[str, Any]:
    """What the workers are told. Raises NotFound, InvalidRequest for what cannot be searched with."""
    wanted = asked.model_dump(mode="json", exclude=set(SOURCES))
    wanted["filters"] = asked.filters.model_dump(mode="json", exclude_none=True)
    if asked.min_version is not None:
        version = versions.Version.decode(asked.min_version)
        wanted["min_version"] = versions.check_reachable(c, tenant, index_id, version).encode()
    if asked.image_url is not None:
        wanted["image"] = {"kind": "url", "url": asked.image_url}
    elif asked.object_key is not None:
        wanted["image"] = {"kind": "object", "key": _own_key(tenant, asked.object_key)}
    elif asked.image_id is not None:
        wanted["image"], fresh = _known_image(c, tenant, asked.image_id)
        wanted["store"] = wanted["store"] or fresh
    elif asked.product_id is not None:
        wanted["image"] = _image_of(c, tenant, asked.product_id, asked.catalog)
        wanted["exclude"]["product_ids"].append(asked.product_id)
    return wanted


def _own_key(tenant: str, key: str) -> str:
    source = parse_source(f"object:{key}")
    if not isinstance(source, Source) or not is_own_object(source, tenant):
        refuse("object_key", f"keys resolve under incoming/{tenant}/ only", "bad_source")
    return source.value


def _known_image(c: Connection, tenant: str, image_id: str) -> tuple[dict[str, Any], bool]:
    """The image, and whether it is an upload that no vision worker has seen yet.

    Such a one is judged and normalised by its first search, which must not forget it.
    """
    row = c.execute(
        select(images.c.state, images.c.normalised).where(
            images.c.id == image_id,
            images.c.tenant == tenant,
            images.c.expires_at.is_(None) | (images.c.expires_at > now()),
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no image {image_id}")
    fresh = row.normalised is None
    return {"kind": "upload" if fresh else "image", "id": image_id}, fresh


def _image_of(c: Connection, tenant: str, product_id: str, name: str) -> dict[str, Any]:
    catalog.get(c, tenant, product_id, name)
    ready = [i for i in catalog.images_of(c, tenant, [product_id]).get(product_id, []) if i.normalised]
    if not ready:
        raise InvalidRequest(f"product {product_id!r} has no image to search with", code="no_image")
    return {"kind": "product", "id": ready[0].id, "product_id": product_id}
