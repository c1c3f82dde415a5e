"""Product rows: reading, listing, and joining hits with names and prices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from shared.db.tables import images, products
from shared.errors import NotFound
from shared.jobs.job import iso

_IDS: Any = bindparam("ids", expanding=True)
_ATTRIBUTES = select(products.c.id, products.c.attributes).where(
    products.c.tenant == bindparam("of_tenant"), products.c.id.in_(_IDS), products.c.deleted_no.is_(None)
)
_SOURCES = select(images.c.id, images.c.source).where(
    images.c.tenant == bindparam("of_tenant"), images.c.id.in_(_IDS)
)


def get(c: Connection, tenant: str, product_id: str, catalog: str | None = None) -> Row[Any]:
    """Raises NotFound, also for a deleted one."""
    query = select(products).where(
        products.c.tenant == tenant, products.c.id == product_id, products.c.deleted_no.is_(None)
    )
    if catalog is not None:
        query = query.where(products.c.catalog == catalog)
    row = c.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no product {product_id!r}")
    return row


def listing(c: Connection, tenant: str, catalog: str, *, after: str | None, limit: int) -> list[Row[Any]]:
    """Products of a catalog by id."""
    query = select(products).where(
        products.c.tenant == tenant, products.c.catalog == catalog, products.c.deleted_no.is_(None)
    )
    if after is not None:
        query = query.where(products.c.id > after)
    return list(c.execute(query.order_by(products.c.id).limit(limit)))


def attributes_of(c: Connection, tenant: str, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """{product id: its attributes} of the living ones among `ids`."""
    found = c.execute(_ATTRIBUTES, {"of_tenant": tenant, "ids": tuple(ids)})
    return {row.id: row.attributes for row in found}


def images_of(c: Connection, tenant: str, product_ids: Iterable[str]) -> dict[str, list[Row[Any]]]:
    """{product id: its images in their order}."""
    found: dict[str, list[Row[Any]]] = {}
    query = (
        select(images)
        .where(images.c.tenant == tenant, images.c.product_id.in_(tuple(product_ids)))
        .order_by(images.c.product_id, images.c.line, images.c.position)
    )
    for row in c.execute(query):
        found.setdefault(row.product_id, []).append(row)
    return found


def sources_of(c: Connection, tenant: str, image_ids: Iterable[str]) -> dict[str, str | None]:
    found = c.execute(_SOURCES, {"of_tenant": tenant, "ids": tuple(image_ids)})
    return {row.id: row.source for row in found}


def public(row: Row[Any], image_rows: Iterable[Row[Any]] = ()) -> dict[str, Any]:
    """A product as the API shows it; image addresses are signed by the gateway."""
    return {
        "id": row.id,
        "catalog": row.catalog,
        **card(row.attributes),
        "description": row.attributes.get("description"),
        "labels": row.attributes.get("labels") or [],
        "images": [
            {"id": i.id, "source": i.source, "state": i.state, "width": i.width, "height": i.height}
            for i in image_rows
        ],
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }


def card(attributes: dict[str, Any]) -> dict[str, Any]:
    """What a hit shows of its product; absent attributes are null."""
    names = ("title", "price", "rating", "brand", "category", "color", "availability", "url")
    return {name: attributes.get(name) for name in names}
