"""Opening an index worker."""

from __future__ import annotations

from shared.answer.finish import Finisher
from shared.db import schema
from shared.db.engine import Database
from shared.dispatch import Dispatcher
from shared.settings import Settings
from shared.storage.open import open_store
from shared.wakeups import Notifier
from workers.indexer.deps import Indexer
from workers.indexer.engine.faiss_engine import FaissEngines
from workers.indexer.engine.options import FaissOptions


def open_indexer(settings: Settings) -> Indexer:
    """Raises SchemaOutdated, Unavailable."""
    db = Database(settings.sql_url)
    schema.check(db)
    notifier = Notifier(settings.redis_url)
    settings.index_cache.mkdir(parents=True, exist_ok=True)
    return Indexer(
        settings=settings,
        db=db,
        store=open_store(settings.store_url),
        dispatcher=Dispatcher(settings.amqp_or_redis_url),
        notifier=notifier,
        finisher=Finisher(db, settings, notifier.job_done),
        engines=FaissEngines(FaissOptions(exact_below=settings.exact_below, threads=settings.faiss_threads)),
        cache=settings.index_cache,
    )
