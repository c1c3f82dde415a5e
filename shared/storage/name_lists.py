"""Two lists of names of any length held against each other: on the disk, in memory that does not grow.

Not every store lists its objects in order, and a database orders text as its operator likes. So names go
into a scratch file of SQLite's in TMPDIR and come out in the order of their bytes.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.batched import batched

CACHE_KIB = 16 * 1024
AT_ONCE = 4_000

Named = tuple[str, str]  # a name and what is known of it


class NameLists:
    """Lists of names with a note each; a name that stands in one several times has one of its notes.

    A context manager; whoever asks has added all before. About 100 bytes of disk for each name, twice that
    while lists are compared.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tusou-")
        # For one thread at a time, and of no worth after a crash.
        self._db = sqlite3.connect(Path(self._folder.name) / "names", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{CACHE_KIB}", "temp_store=FILE"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE names (list TEXT, name TEXT, note TEXT)")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._folder.cleanup()

    def add(self, to: str, names: Iterable[Named]) -> None:
        """To the list of that name."""
        for some in batched(names, AT_ONCE):
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO names VALUES (?, ?, ?)", [(to, *named) for named in some])
            self._db.execute("COMMIT")

    def only_in(self, one: str, other: str) -> Iterator[Named]:
        """What stands in the list `one` and not in `other`, in order of names."""
        theirs = self._sorted(other)
        beside = next(theirs, None)
        for name, note in self._sorted(one):
            wanted = name.encode()
            while beside is not None and beside[0].encode() < wanted:
                beside = next(theirs, None)
            if beside is None or beside[0] != name:
                yield name, note

    def _sorted(self, of: str) -> Iterator[Named]:
        query = "SELECT name, max(note) FROM names WHERE list = ? GROUP BY name ORDER BY name"
        return iter(self._db.cursor().execute(query, (of,)))
