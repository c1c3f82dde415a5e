"""A vision worker's entry: settings, wiring, tasks."""

from __future__ import annotations

import logging
import sys
from typing import Final

from shared import topology
from shared.broker import make_celery
from shared.runtime import admin
from shared.runtime.consume import consume
from shared.runtime.opening import opened
from workers.vision import tasks
from workers.vision.batching.watchdog import Watchdog
from workers.vision.imports.loop import ImportLoop
from workers.vision.wiring import open_vision

log = logging.getLogger(__name__)

# A network in torch's eager mode, as on a GPU, takes the interpreter's lock for each of 150 operations, and
# each time waits until another thread's turn of so many seconds is over. Beside three busy threads a small
# network takes 48 ms with Python's own 5 ms, 8 ms with this, and 0.7 ms alone.
_SWITCH_S: Final = 0.0005


def main() -> None:
    sys.setswitchinterval(_SWITCH_S)
    settings, vision = opened("vision", open_vision)
    queues = [topology.SEARCH_QUEUE, topology.WRITE_QUEUE, topology.BULK_QUEUE]
    app = make_celery(settings.amqp_or_redis_url, "tusou.vision", queues)
    tasks.register(app, vision)
    imports = ImportLoop(vision)
    watchdog = Watchdog(vision.batcher.stuck_for, limit_s=settings.model_stuck_after)
    vision.announce()
    vision.heartbeat.start()
    watchdog.start()
    imports.start()
    admin.serve(
        settings.host, settings.admin_port, lambda: vision.batcher.stuck_for() < settings.model_stuck_after
    )
    log.info("ready: model %s, fingerprint %s", vision.model.name, vision.model.fingerprint)
    try:
        consume(
            app,
            threads=settings.vision_threads,
            process=settings.process,
            on_stop=vision.gate.close,
            on_cut_off=vision.heartbeat.stop,
        )
    finally:
        imports.stop()
        vision.close()
