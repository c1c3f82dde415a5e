"""Models of the registry for whoever loads one by its name, file by file."""

from __future__ import annotations

from shared.db.engine import Database
from shared.errors import NotFound
from shared.models.registry import Entry, find, read_file
from shared.storage.port import ObjectStore


class StoredModels:
    """Called with `<name>/<file>` or `<name>@<version>/<file>`: the file's verified bytes, or None.

    Which version a bare name means is looked up once, so that all files are of the same one. Raises
    Unavailable, ObjectMissing, ObjectCorrupt.
    """

    def __init__(self, db: Database, store: ObjectStore) -> None:
        self._db = db
        self._store = store
        self._found: dict[str, Entry] = {}

    def __call__(self, path: str) -> bytes | None:
        reference, _, file = path.rpartition("/")
        try:
            return read_file(self._store, self._entry(reference), file)
        except NotFound:
            return None

    def _entry(self, reference: str) -> Entry:
        if reference not in self._found:
            with self._db.read() as c:
                self._found[reference] = find(c, reference)
        return self._found[reference]
