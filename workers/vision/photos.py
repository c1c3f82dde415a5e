"""The photo of a search: where it is, and what is kept of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from shared.db.engine import now
from shared.db.tables import images
from shared.ids import random_id
from shared.jobs.job import Claim
from shared.reasons import Reason
from shared.storage import owners
from shared.storage.names import new_name
from workers.vision.decode.pool import Decoded
from workers.vision.deps import Vision
from workers.vision.images import sources


@dataclass(frozen=True)
class Photo:
    """`of_product`: it is a product's image already, so it is neither judged nor kept again."""

    data: bytes
    image_id: str
    of_product: bool = False
    has_row: bool = True
    normalised: bool = False  # an earlier search has kept it already


def find(vision: Vision, tenant: str, wanted: dict[str, Any]) -> Photo | Reason:
    """The photo that a request's `image` names."""
    if wanted["kind"] in ("url", "object"):
        by_url = wanted["kind"] == "url"
        got = (
            sources.by_url(vision, wanted["url"]) if by_url else sources.by_key(vision, tenant, wanted["key"])
        )
        return got if isinstance(got, Reason) else Photo(got.data, random_id(), has_row=False)
    got = sources.by_image_id(vision, tenant, wanted["id"])
    return (
        got
        if isinstance(got, Reason)
        else Photo(got.data, wanted["id"], of_product=got.of_product, normalised=got.normalised)
    )


def keep(vision: Vision, claim: Claim, photo: Photo, decoded: Decoded) -> None:
    """The normalised image takes the upload's place."""
    settings = vision.settings
    stored = [
        vision.store.put(new_name(kind, claim.tenant, vision.db.clock()), body)
        for kind, body in (("images", decoded.normalised), ("thumbnails", decoded.thumbnail))
        if body is not None
    ]
    values = {
        "state": "ready",
        "upload": None,
        "normalised": stored[0].name,
        "thumbnail": stored[1].name if len(stored) > 1 else None,
        "width": decoded.width,
        "height": decoded.height,
    }
    with vision.db.write() as c:
        owners.own(c, claim.tenant, stored, keep_for=settings.retention)
        if not photo.has_row:
            born = {"id": photo.image_id, "tenant": claim.tenant, "created_at": now()}
            sha256 = hashlib.sha256(photo.data).hexdigest()
            expires_at = now() + settings.retention
            c.execute(insert(images).values(**born, **values, sha256=sha256, expires_at=expires_at))
            return
        replaced = c.execute(select(images.c.upload).where(images.c.id == photo.image_id)).scalar()
        changed = c.execute(
            update(images).where(images.c.id == photo.image_id, images.c.upload.is_not(None)).values(values)
        )
        # Another search of the same upload was first, or the row has gone: ours is one too many.
        owners.remove(c, [replaced] if changed.rowcount else [s.name for s in stored])


def refuse(c: Connection, claim: Claim, reasons: Sequence[Reason]) -> None:
    """An upload that was judged and found wanting says so at its own address too."""
    wanted = claim.request.get("image", {})
    if wanted.get("kind") == "upload":
        c.execute(
            update(images)
            .where(images.c.id == wanted["id"], images.c.upload.is_not(None))
            .values(state="rejected", reasons=[reason.to_json() for reason in reasons])
        )
