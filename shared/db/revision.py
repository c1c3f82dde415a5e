"""`make revision`: a migration script from what the tables are now and what the newest script makes."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from shared.db import schema
from shared.db.engine import Database


def main(revision: str, message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{Path(folder) / 'tusou.db'}")
        schema.migrate(db)
        schema.new_revision(db, message, revision)
        db.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
