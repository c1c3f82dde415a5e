"""A keeper's entry: settings, wiring, rounds."""

from __future__ import annotations

import logging
import signal

from shared.answer.finish import Finisher
from shared.db import schema
from shared.db.engine import Database
from shared.dispatch import Dispatcher
from shared.erasure.erased_list import ErasedList
from shared.runtime import admin
from shared.runtime.opening import opened
from shared.settings import Settings
from shared.storage.open import open_store
from shared.wakeups import Notifier
from workers.keeper.deps import Keeper
from workers.keeper.schedule import Schedule

log = logging.getLogger(__name__)


def open_keeper(settings: Settings) -> Keeper:
    """Raises SchemaOutdated, Unavailable."""
    db = Database(settings.sql_url)
    schema.check(db)
    notifier = Notifier(settings.redis_url)
    return Keeper(
        settings=settings,
        db=db,
        store=open_store(settings.store_url),
        dispatcher=Dispatcher(settings.amqp_or_redis_url),
        notifier=notifier,
        finisher=Finisher(db, settings, notifier.job_done),
        erased=ErasedList(open_store(settings.erased_store_url)),
    )


def main() -> None:
    settings, keeper = opened("keeper", open_keeper)
    schedule = Schedule(keeper)
    signal.signal(signal.SIGTERM, lambda *_: schedule.stop())
    signal.signal(signal.SIGINT, lambda *_: schedule.stop())
    admin.serve(settings.host, settings.admin_port, schedule.alive)
    schedule.start()
    log.info("ready")
    schedule.wait()
    keeper.close()
