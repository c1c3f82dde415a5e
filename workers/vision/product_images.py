"""One image of a product: bytes → known already? → decoded → embedded → stored as normalised image.

`begin` does all but wait for the model, so that a chunk keeps every batch full.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import Row, select

from shared.catalog.append import KeptImage, NewImage
from shared.catalog.sources import Source, SourceKind
from shared.db.tables import images, segments
from shared.errors import TusouError
from shared.ids import random_id
from shared.reasons import Reason
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored
from shared.vectors.codec import decode_block, to_unit_f16
from workers.models.port import Embedded
from workers.vision import sources
from workers.vision.batcher import Lane, ModelFailure
from workers.vision.decode import DecodePlan
from workers.vision.deps import Vision


@dataclass(frozen=True)
class Wanted:
    """An image that a row names; `position` orders the images of its product."""

    source: Source
    image_version: str | None
    position: int
    base: str = ""
    known: Row[Any] | None = None  # a refresh asks its host whether this image has changed


@dataclass(frozen=True)
class Ready:
    """An image with its vector; not yet part of any product."""

    wanted: Wanted
    image_id: str
    sha256: str
    width: int
    height: int
    vector: np.ndarray  # (dim,) float16, unit length
    normalised: Stored
    thumbnail: Stored | None
    fingerprint: str
    embedded: bool  # false: the same bytes had a vector already
    etag: str | None = None
    last_modified: str | None = None

    @property
    def stored(self) -> list[Stored]:
        return [self.normalised] + ([self.thumbnail] if self.thumbnail else [])

    def as_new(self, *, segment: str | None, segment_row: int, inline: bool) -> NewImage:
        """`segment_row` counts within the rows of its shard."""
        return NewImage(
            id=self.image_id,
            source=self.wanted.source.text,
            image_version=self.wanted.image_version,
            position=self.wanted.position,
            sha256=self.sha256,
            width=self.width,
            height=self.height,
            normalised=self.normalised.name,
            thumbnail=self.thumbnail.name if self.thumbnail else None,
            fingerprint=self.fingerprint,
            etag=self.etag,
            last_modified=self.last_modified,
            segment=segment,
            segment_row=segment_row,
            vector=self.vector.tobytes() if inline else None,
        )


@dataclass(frozen=True)
class Begun:
    """Everything but the vector."""

    ready: Ready | KeptImage | Reason
    waiting: Future[list[Embedded | ModelFailure]] | None = None

    def finish(self) -> Ready | KeptImage | Reason:
        """Wait for the model. Raises nothing that belongs to the image alone."""
        if self.waiting is None or not isinstance(self.ready, Ready):
            return self.ready
        (embedded,) = self.waiting.result()
        if isinstance(embedded, ModelFailure):
            return Reason("model_failed")
        return replace(self.ready, vector=to_unit_f16(embedded.vector))


def begin(vision: Vision, tenant: str, wanted: Wanted, lane: Lane) -> Begun:
    """Fetch, decode, hand to the model, store. Expected trouble is a Reason."""
    image = _bytes(vision, tenant, wanted)
    if isinstance(image, Reason | KeptImage):
        return Begun(image)
    sha256 = hashlib.sha256(image.data).hexdigest()
    if wanted.known is not None and sha256 == wanted.known.sha256:
        return Begun(KeptImage(wanted.known.id, wanted.position))
    known = _same_bytes(vision, tenant, sha256)
    if known is not None:
        return Begun(_copy(vision, tenant, wanted, known, image))
    settings = vision.settings
    decoded = vision.decoder.decode(
        image.data,
        DecodePlan(
            preprocess=vision.model.preprocess,
            normalised_side=settings.normalised_side,
            thumbnail_side=settings.thumbnail_side,
        ),
    )
    if isinstance(decoded, Reason):
        return Begun(decoded)
    assert decoded.pixels is not None
    assert decoded.normalised is not None
    waiting = vision.batcher.submit(lane, [decoded.pixels])
    normalised = _put(vision, "images", tenant, decoded.normalised)
    thumbnail = _put(vision, "thumbnails", tenant, decoded.thumbnail) if decoded.thumbnail else None
    ready = Ready(
        wanted=wanted,
        image_id=random_id(),
        sha256=sha256,
        width=decoded.width,
        height=decoded.height,
        vector=np.empty(0, np.float16),  # filled in by `finish`
        normalised=normalised,
        thumbnail=thumbnail,
        fingerprint=vision.model.fingerprint,
        embedded=True,
        etag=image.etag,
        last_modified=image.last_modified,
    )
    return Begun(ready, waiting)


def _bytes(vision: Vision, tenant: str, wanted: Wanted) -> sources.Image | KeptImage | Reason:
    known = wanted.known
    if known is None or wanted.source.kind is not SourceKind.URL:
        return sources.by_source(vision, tenant, wanted.source, base=wanted.base)
    image = sources.by_url_if_changed(vision, wanted.source.value, known.etag, known.last_modified)
    return KeptImage(known.id, wanted.position) if isinstance(image, sources.Unchanged) else image


def _put(vision: Vision, kind: str, tenant: str, data: bytes) -> Stored:
    return vision.store.put(new_name(kind, tenant, vision.db.clock()), data)


def _same_bytes(vision: Vision, tenant: str, sha256: str) -> Row[Any] | None:
    """An image of the same bytes that this model embedded for the same tenant."""
    query = (
        select(images)
        .where(
            images.c.tenant == tenant,
            images.c.sha256 == sha256,
            images.c.fingerprint == vision.model.fingerprint,
            images.c.state == "ready",
        )
        .limit(1)
    )
    with vision.db.read() as c:
        return c.execute(query).one_or_none()


def _copy(
    vision: Vision, tenant: str, wanted: Wanted, known: Row[Any], image: sources.Image
) -> Ready | Reason:
    """The known image's vector and pictures under names of their own."""
    try:
        with vision.db.read() as c:
            pictures = [
                owners.read(c, vision.store, name) for name in (known.normalised, known.thumbnail) if name
            ]
        vector = _stored_vector(vision, known)
    except TusouError:
        # It went while we looked: its product was deleted. The caller's row error says try again.
        return Reason("image_changed")
    return Ready(
        wanted=wanted,
        image_id=random_id(),
        sha256=known.sha256,
        width=known.width,
        height=known.height,
        vector=vector,
        normalised=_put(vision, "images", tenant, pictures[0]),
        thumbnail=_put(vision, "thumbnails", tenant, pictures[1]) if len(pictures) > 1 else None,
        fingerprint=known.fingerprint,
        embedded=False,
        etag=image.etag,
        last_modified=image.last_modified,
    )


def _stored_vector(vision: Vision, known: Row[Any]) -> np.ndarray:
    if known.vector is not None:
        return np.frombuffer(known.vector, np.float16)
    with vision.db.read() as c:
        part = c.execute(select(segments).where(segments.c.object == known.segment)).all()
    for block in part:
        data = vision.store.get_range(block.object, block.offset, block.length, sha256=block.sha256)
        rows = decode_block(data, fingerprint=known.fingerprint, dim=vision.model.dim)
        if known.segment_row < len(rows.image_ids) and rows.image_ids[known.segment_row] == known.id:
            return np.asarray(rows.vectors[known.segment_row])
    raise TusouError(f"segment {known.segment} does not hold image {known.id}")
