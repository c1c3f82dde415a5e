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
from shared.storage.port import ObjectStore, Stored

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
        for row, photos in _products(db, tenant, catalog):
            names = [name for image_id, photo in photos if (name := _fetch(store, image_id, photo, folder))]
            if names:
                told = {"id": row.id, "category": row.attributes["category"], "images": names}
                file.write(json.dumps(told, ensure_ascii=False) + "\n")
    unfinished.rename(manifest)
    return manifest


def _products(db: Database, tenant: str, catalog: str) -> Iterator[tuple[Row[Any], list[tuple[str, Stored]]]]:
    """Each with (id, object) of its images that are ready."""
    after = None
    while True:
        with db.read() as c:
            rows = listing(c, tenant, catalog, after=after, limit=_AT_ONCE)
            images = images_of(c, tenant, [row.id for row in rows])
            ready = [i.normalised for its in images.values() for i in its if i.normalised is not None]
            objects = owners.find_all(c, ready)
        for row in rows:
            if row.attributes.get("category"):
                its = images.get(row.id, [])
                yield row, [(i.id, objects[i.normalised]) for i in its if i.normalised in objects]
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].id


def _fetch(store: ObjectStore, image_id: str, photo: Stored, folder: Path) -> str | None:
    """Path of the photo as the manifest names it; None for one that has gone meanwhile."""
    name = f"{_PHOTOS}/{image_id}"
    if (folder / name).exists():
        return name
    try:
        store.fetch_to(photo.name, folder / name, sha256=photo.sha256, length=photo.length)
    except ObjectMissing:
        return None
    return name
