"""Rows of images: written and dropped under the lock of the product that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from shared.catalog.changes import NewImage, ProductChange
from shared.db.engine import now
from shared.db.tables import images
from shared.images.state import ImageState
from shared.jobs import explanations
from shared.storage import owners


def images_by_product(c: Connection, tenant: str, ids: Iterable[str]) -> dict[str, dict[str, Row[Any]]]:
    """{product id: {image id: its row}}, for every id."""
    found: dict[str, dict[str, Row[Any]]] = {product_id: {} for product_id in ids}
    of_these = (images.c.tenant == tenant, images.c.product_id.in_(tuple(found)))
    for image in c.execute(select(images).where(*of_these)):
        found[image.product_id][image.id] = image
    return found


def add_images(c: Connection, tenant: str, born: Iterable[tuple[NewImage, ProductChange]]) -> None:
    rows = [
        {
            "tenant": tenant,
            "product_id": change.product_id,
            "accept_no": change.accept_no,
            "line": change.line,
            "state": ImageState.READY,
            **asdict(image),
        }
        for image, change in born
    ]
    if rows:
        c.execute(insert(images).values(created_at=now()), rows)


def place_images(c: Connection, kept: Mapping[str, tuple[int, int, int]]) -> None:
    """Images that stay take the (accept_no, line, position) of the write that names them."""
    if kept:
        c.execute(
            update(images)
            .where(images.c.id == bindparam("image_id"))
            .values({name: bindparam(f"new_{name}") for name in ("accept_no", "line", "position")}),
            [
                {"image_id": image_id, "new_accept_no": accept_no, "new_line": line, "new_position": position}
                for image_id, (accept_no, line, position) in sorted(kept.items())
            ],
        )


def drop_images(c: Connection, gone: Iterable[Row[Any]]) -> None:
    """Image rows go with the explanations that show them, and their objects are marked for removal."""
    rows = list(gone)
    if not rows:
        return
    owners.remove(c, (name for i in rows for name in (i.upload, i.normalised, i.thumbnail)))
    ids = [i.id for i in rows]
    explanations.forget_images(c, ids)
    c.execute(delete(images).where(images.c.id.in_(ids)))
