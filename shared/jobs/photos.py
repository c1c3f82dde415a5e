"""The photo that came with a search: with `store: false` it is kept only until the search has ended."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, select

from shared.db.tables import images
from shared.storage import owners


def kept(request: dict[str, Any]) -> bool:
    """Whether the photo outlives the search; one that it merely named does."""
    return bool(request.get("store", True)) or request.get("image", {}).get("kind") != "upload"


def forget(c: Connection, request: dict[str, Any]) -> None:
    """Leave nothing of a photo that was not to be kept. Of no effect on any other."""
    if kept(request):
        return
    this = (images.c.id == request["image"]["id"], images.c.product_id.is_(None))
    for row in c.execute(select(images.c.upload, images.c.normalised, images.c.thumbnail).where(*this)):
        owners.remove(c, row)
    c.execute(delete(images).where(*this))
