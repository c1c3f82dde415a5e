"""Bytes of an image, wherever its source string leads."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import bindparam, func, select

from shared.catalog.sources import Source, SourceKind
from shared.db.tables import images, objects
from shared.reasons import Reason
from shared.storage.names import new_name
from workers.vision.deps import Vision
from workers.vision.fetch import Fetched, FetchProblem, NotModified

_BY_ID = (
    select(images.c.product_id, images.c.upload, objects.c.name, objects.c.sha256, objects.c.length)
    .join(objects, func.coalesce(images.c.upload, images.c.normalised) == objects.c.name)
    .where(
        images.c.id == bindparam("image_id"),
        images.c.tenant == bindparam("of_tenant"),
        objects.c.removed_at.is_(None),
    )
)


@dataclass(frozen=True)
class Image:
    """Bytes as they came, and what a conditional GET needs next time."""

    data: bytes
    etag: str | None = None
    last_modified: str | None = None
    of_product: bool = False
    normalised: bool = False


@dataclass(frozen=True)
class NotChanged:
    """The host says that nothing changed since last time; it may name newer validators."""

    etag: str | None
    last_modified: str | None


def by_image_id(vision: Vision, tenant: str, image_id: str) -> Image | Reason:
    """An upload as it came, or the normalised image that has taken its place."""
    with vision.db.read() as c:
        row = c.execute(_BY_ID, {"image_id": image_id, "of_tenant": tenant}).one_or_none()
    if row is None:
        return Reason("no_image", detail=f"there is no image {image_id}")
    data = vision.store.get(row.name, sha256=row.sha256, length=row.length)
    return Image(data, of_product=row.product_id is not None, normalised=row.upload is None)


def by_source(vision: Vision, tenant: str, source: Source, *, base: str = "") -> Image | Reason:
    """The bytes behind a manifest's or a product's source."""
    if source.kind is SourceKind.URL:
        return by_url(vision, source.value)
    if source.kind is SourceKind.OBJECT:
        return by_key(vision, tenant, source.value)
    if source.kind is SourceKind.UPLOAD:
        return by_image_id(vision, tenant, source.value)
    return by_path(vision, base, source.value)


def by_url(vision: Vision, url: str) -> Image | Reason:
    got = vision.fetcher.fetch(url)
    return _from_fetch(got)


def by_url_if_changed(
    vision: Vision, url: str, etag: str | None, last_modified: str | None
) -> Image | NotChanged | Reason:
    got = vision.fetcher.fetch(url, etag=etag, last_modified=last_modified)
    return NotChanged(got.etag, got.last_modified) if isinstance(got, NotModified) else _from_fetch(got)


def _from_fetch(got: Fetched | NotModified | FetchProblem) -> Image | Reason:
    if isinstance(got, Fetched):
        return Image(got.data, got.etag, got.last_modified)
    if isinstance(got, FetchProblem):
        return Reason(got.code, detail=got.detail)
    return Reason("url_failed", detail="the host says 'not modified' to a first request")


def by_key(vision: Vision, tenant: str, key: str) -> Image | Reason:
    """What lies under `incoming/` may change while we read, so it is copied under a name of ours first."""
    limit = vision.settings.max_image_bytes
    size = vision.store.size(key)
    if size is None:
        return Reason("object_missing")
    if size > limit:
        return Reason("too_large", measured=size, threshold=limit)
    copy = vision.store.adopt(key, new_name("uploads", tenant, vision.db.clock()))
    try:
        return Image(vision.store.get(copy.name, sha256=copy.sha256, length=copy.length))
    finally:
        vision.store.delete(copy.name)


def by_path(vision: Vision, base: str, path: str) -> Image | Reason:
    """A file under the data folder; nothing outside it, whatever links say."""
    folder = vision.settings.data_folder
    if folder is None:
        return Reason("path_not_allowed")
    root = folder.resolve()
    try:
        file = (root / base / path).resolve()
    except (OSError, RuntimeError):  # links that lead in a circle, in Python's words of 3.11 and 3.12
        return Reason("file_missing")
    if not file.is_relative_to(root):
        return Reason("path_not_allowed")
    return _read_file(file, vision.settings.max_image_bytes)


def _read_file(file: Path, limit: int) -> Image | Reason:
    """A plain file's bytes: opening a pipe would wait for its writer, and a device has no end."""
    try:
        with open(file, "rb", opener=_without_waiting) as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                return Reason("file_missing")
            if status.st_size > limit:
                return Reason("too_large", measured=status.st_size, threshold=limit)
            return Image(opened.read(limit))
    except OSError:
        return Reason("file_missing")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
