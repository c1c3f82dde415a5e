"""The photo that came with a search: with `store: false` it is kept only until the search has ended."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from shared.db.tables import images
from shared.jobs.search_request import PhotoKind, SearchRequest
from shared.storage import owners


def kept(request: SearchRequest) -> bool:
    """Whether the photo outlives the search; one that it merely named does."""
    return request.store or request.photo.kind is not PhotoKind.UPLOAD


def forget(c: Connection, request: SearchRequest) -> None:
    """Leave nothing of a photo that was not to be kept. Of no effect on any other."""
    if kept(request):
        return
    this = (images.c.id == request.photo.value, images.c.product_id.is_(None))
    for row in c.execute(select(images.c.upload, images.c.normalised, images.c.thumbnail).where(*this)):
        owners.remove(c, row)
    c.execute(delete(images).where(*this))
