"""One image of a product: bytes → known already? → decoded → embedded → stored as normalised image.

`begin` does all but wait for the model, so that a chunk keeps every batch full.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future

import numpy as np

from shared.catalog.changes import KeptImage
from shared.catalog.sources import SourceKind
from shared.ids import random_id
from shared.reasons import Reason
from workers.vision.decode.pool import DecodePlan
from workers.vision.deps import Vision
from workers.vision.fetch import host_of
from workers.vision.images import same_bytes, sources
from workers.vision.images.same_bytes import Twins
from workers.vision.images.values import Begun, Ready, Unchanged, Wanted
from workers.vision.lane import Lane


def submit(vision: Vision, tenant: str, wanted: Wanted, lane: Lane, twins: Twins) -> Future[Begun]:
    """`begin` on a thread of the images' pool, where no host holds more than its share."""
    source = wanted.source
    host = host_of(source.value) if source.kind is SourceKind.URL else None
    return vision.images_pool.submit(lane, host, begin, vision, tenant, wanted, lane, twins)


def begin(vision: Vision, tenant: str, wanted: Wanted, lane: Lane, twins: Twins) -> Begun:
    """Fetch, decode, hand to the model, store. Expected trouble is a Reason."""
    image = _bytes(vision, tenant, wanted)
    if isinstance(image, Reason | Unchanged):
        return Begun(image)
    sha256 = hashlib.sha256(image.data).hexdigest()
    if wanted.known is not None and sha256 == wanted.known.sha256:
        kept = KeptImage(wanted.known.id, wanted.position)
        return Begun(Unchanged(kept, image.etag, image.last_modified))
    known = same_bytes.find(vision, tenant, sha256)
    if known is not None:
        copy = same_bytes.copy_of(vision, tenant, wanted, image, known)
        if copy is not None:
            return Begun(copy)
    return twins.once(
        sha256,
        first=lambda: _embed(vision, tenant, wanted, lane, image, sha256),
        again=lambda first: same_bytes.twin_of(vision, tenant, wanted, image, first),
    )


def _embed(
    vision: Vision, tenant: str, wanted: Wanted, lane: Lane, image: sources.Image, sha256: str
) -> Begun:
    settings = vision.settings
    # A search finds no import's photo in the child that it needs, and runs before it on a busy processor.
    decoder = vision.import_decoder if lane is Lane.IMPORT else vision.decoder
    decoded = decoder.decode(
        image.data,
        DecodePlan(
            preprocess=vision.model.preprocess,
            normalised_side=settings.normalised_side,
            thumbnail_side=settings.thumbnail_side,
        ),
        lane,
    )
    if isinstance(decoded, Reason):
        return Begun(decoded)
    assert decoded.pixels is not None
    assert decoded.normalised is not None
    waiting = vision.batcher.submit(lane, [decoded.pixels])
    pictures = [decoded.normalised] + ([decoded.thumbnail] if decoded.thumbnail else [])
    normalised, thumbnail = same_bytes.put_pictures(vision, tenant, pictures)
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


def _bytes(vision: Vision, tenant: str, wanted: Wanted) -> sources.Image | Unchanged | Reason:
    if wanted.picture is not None:
        return sources.by_image_id(vision, tenant, wanted.picture)
    known = wanted.known
    if known is None or wanted.source.kind is not SourceKind.URL:
        return sources.by_source(vision, tenant, wanted.source, base=wanted.base)
    image = sources.by_url_if_changed(vision, wanted.source.value, known.etag, known.last_modified)
    if isinstance(image, sources.NotChanged):
        kept = KeptImage(known.id, wanted.position)
        return Unchanged(kept, image.etag or known.etag, image.last_modified or known.last_modified)
    return image
