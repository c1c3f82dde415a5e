"""Whether an object is what was recorded of it, whatever its length."""

from __future__ import annotations

import tempfile
from pathlib import Path

from shared.errors import ObjectCorrupt, ObjectMissing
from shared.storage.port import ObjectStore, Stored

# A longer object goes through a file.
IN_MEMORY = 8 * 2**20


def fault(store: ObjectStore, item: Stored) -> str | None:
    """What is wrong with an object, read whole; None where nothing is. Raises StoreUnavailable."""
    try:
        if item.length <= IN_MEMORY:
            store.get(item.name, sha256=item.sha256, length=item.length)
        else:
            with tempfile.TemporaryDirectory(prefix="tusou-") as folder:
                store.fetch_to(item.name, Path(folder) / "object", sha256=item.sha256, length=item.length)
    except (ObjectMissing, ObjectCorrupt) as error:
        return error.detail
    return None
