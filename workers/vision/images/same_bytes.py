"""The same bytes are not embedded twice: neither those of an image in the catalogue, nor two of one chunk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Row, select

from shared.db.tables import images, segments
from shared.errors import ObjectCorrupt, ObjectMissing
from shared.ids import random_id
from shared.images.state import ImageState
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored
from shared.vectors.codec import decode_block
from workers.vision.deps import Vision
from workers.vision.images.sources import Image
from workers.vision.images.values import Begun, Ready, Wanted

log = logging.getLogger(__name__)


class Twins:
    """The images of one chunk or write by their bytes: of those that are equal the first is embedded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first: dict[str, Future[Begun]] = {}

    def once(self, sha256: str, first: Callable[[], Begun], again: Callable[[Begun], Begun]) -> Begun:
        """What `first` gives, or for a twin what `again` makes of that; a twin waits until it is there."""
        mine: Future[Begun] = Future()
        with self._lock:
            known = self._first.setdefault(sha256, mine)
        if known is not mine:
            return again(known.result())
        try:
            begun = first()
        except BaseException as error:
            mine.set_exception(error)
            raise
        mine.set_result(begun)
        return begun


def twin_of(vision: Vision, tenant: str, wanted: Wanted, image: Image, first: Begun) -> Begun:
    """The first one's vector, and its pictures under names of their own; or its reason."""
    if not isinstance(first.ready, Ready):
        return first
    pictures = [vision.store.get(s.name, sha256=s.sha256, length=s.length) for s in first.ready.stored]
    normalised, thumbnail = put_pictures(vision, tenant, pictures)
    ready = replace(
        first.ready,
        wanted=wanted,
        image_id=random_id(),
        normalised=normalised,
        thumbnail=thumbnail,
        embedded=False,
        etag=image.etag,
        last_modified=image.last_modified,
    )
    return replace(first, ready=ready)


def find(vision: Vision, tenant: str, sha256: str) -> Row[Any] | None:
    """An image of the same bytes that this model embedded for the same tenant."""
    query = (
        select(images)
        .where(
            images.c.tenant == tenant,
            images.c.sha256 == sha256,
            images.c.fingerprint == vision.model.fingerprint,
            images.c.state == ImageState.READY,
            images.c.normalised.is_not(None),  # `fsck` leaves one out whose picture was lost
        )
        .limit(1)
    )
    with vision.db.read() as c:
        return c.execute(query).one_or_none()


def copy_of(vision: Vision, tenant: str, wanted: Wanted, image: Image, known: Row[Any]) -> Ready | None:
    """The known image's vector, and its pictures under names of their own.

    None: what is stored of it went while we looked, or is damaged; the bytes in hand are still good.
    Raises Unavailable.
    """
    try:
        with vision.db.read() as c:
            pictures = [
                owners.read(c, vision.store, name) for name in (known.normalised, known.thumbnail) if name
            ]
        vector = _stored_vector(vision, known)
    except (ObjectMissing, ObjectCorrupt) as error:
        log.warning("image %s is embedded anew: %s", known.id, error.detail)
        return None
    normalised, thumbnail = put_pictures(vision, tenant, pictures)
    return Ready(
        wanted=wanted,
        image_id=random_id(),
        sha256=known.sha256,
        width=known.width,
        height=known.height,
        vector=vector,
        normalised=normalised,
        thumbnail=thumbnail,
        fingerprint=known.fingerprint,
        embedded=False,
        etag=image.etag,
        last_modified=image.last_modified,
    )


def put_pictures(vision: Vision, tenant: str, pictures: list[bytes]) -> tuple[Stored, Stored | None]:
    """Store a normalised image and, where it is too large to stand in for one, its thumbnail."""
    kinds = ("images", "thumbnails")
    stored = [
        vision.store.put(new_name(kind, tenant, vision.db.clock()), data)
        for kind, data in zip(kinds, pictures, strict=False)
    ]
    return stored[0], stored[1] if len(stored) > 1 else None


def _stored_vector(vision: Vision, known: Row[Any]) -> np.ndarray:
    if known.vector is not None:
        return np.frombuffer(known.vector, np.float16)
    with vision.db.read() as c:
        blocks = c.execute(select(segments).where(segments.c.object == known.segment)).all()
    for block in blocks:
        data = vision.store.get_range(block.object, block.offset, block.length, sha256=block.sha256)
        rows = decode_block(data, fingerprint=known.fingerprint, dim=vision.model.dim)
        if known.segment_row < len(rows.image_ids) and rows.image_ids[known.segment_row] == known.id:
            return np.asarray(rows.vectors[known.segment_row])
    raise ObjectMissing(f"segment {known.segment} does not hold image {known.id}")
