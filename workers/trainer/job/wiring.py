"""Opening a trainer: everything connected."""

from __future__ import annotations

from shared.db import schema
from shared.db.engine import Database
from shared.settings import Settings
from shared.storage.open import open_store
from shared.wakeups import Notifier
from workers.trainer.job.deps import Trainer


def open_trainer(settings: Settings) -> Trainer:
    """Raises SchemaOutdated, Unavailable."""
    db = Database(settings.sql_url)
    schema.check(db)
    return Trainer(settings, db, open_store(settings.store_url), Notifier(settings.redis_url))
