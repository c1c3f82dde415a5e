"""A tenant's catalogue as files that a training reads: a manifest, and the photos beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row

from shared.catalog.store import images_of, listing
from shared.db.engine import Database
from shared.errors import ObjectMissing
from shared.storage import owners
from shared.storage.port import ObjectStore

_MANIFEST: Final = "catalogue.jsonl"
_PHOTOS: Final = "photos"
_AT_ONCE: Final = 500


def lay_down(db: Database, store: ObjectStore, tenant: str, catalog: str, folder: Path) -> Path:
    """The manifest in `folder`; one that is there is kept, so that a training goes on with what it began.

    Products without category or photo are left out. Raises Unavailable, ObjectCorrupt.
    """
    manifest = folder / _MANIFEST
    if manifest.exists():
        return manifest
    (folder / _PHOTOS).mkdir(parents=True, exist_ok=True)
    unfinished = manifest.with_name(f".{_MANIFEST}.new")
    with unfinished.open("w", encoding="utf-8") as file:
        for row, images in _products(db, tenant, catalog):
            names = [name for image in images if (name := _fetch(db, store, image, folder))]
            if names:
                told = {"id": row.id, "category": row.attributes["category"], "images": names}
                file.write(json.dumps(told, ensure_ascii=False) + "\n")
    unfinished.rename(manifest)
    return manifest


def _products(db: Database, tenant: str, catalog: str) -> Iterator[tuple[Row[Any], list[Row[Any]]]]:
    after = None
    while True:
        with db.read() as c:
            rows = listing(c, tenant, catalog, after=after, limit=_AT_ONCE)
            images = images_of(c, tenant, [row.id for row in rows])
        for row in rows:
            if row.attributes.get("category"):
                yield row, images.get(row.id, [])
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].id


def _fetch(db: Database, store: ObjectStore, image: Row[Any], folder: Path) -> str | None:
    """Path of the photo as the manifest names it; None for one that is not ready, or has gone meanwhile."""
    if image.normalised is None:
        return None
    name = f"{_PHOTOS}/{image.id}"
    if (folder / name).exists():
        return name
    try:
        with db.read() as c:
            owner = owners.find(c, image.normalised)
        store.fetch_to(owner.name, folder / name, sha256=owner.sha256, length=owner.length)
    except ObjectMissing:
        return None
    return name
