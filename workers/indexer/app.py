"""An index worker's entry: settings, wiring, shards loaded, tasks."""

from __future__ import annotations

import logging

from shared import topology
from shared.broker import make_celery
from shared.runtime import admin
from shared.runtime.consume import consume
from shared.runtime.opening import opened
from shared.wakeups import LOG_GREW, Listener
from workers.indexer import tasks
from workers.indexer.follower import Follower
from workers.indexer.replica import Replica
from workers.indexer.rewriting import Rewriter
from workers.indexer.sealing import Sealer
from workers.indexer.wiring import open_indexer

log = logging.getLogger(__name__)


def main() -> None:
    settings, indexer = opened("indexer", open_indexer)
    app = make_celery(settings.amqp_or_redis_url, "tusou.indexer", [topology.index_queue(settings.group)])
    tasks.register(app, indexer)
    sealer = Sealer(indexer)
    follower = Follower(indexer, on_poll=sealer.asked)
    follower.start()  # the queue is consumed only after the shards are loaded
    sealer.start()
    rewriter = Rewriter(indexer)
    rewriter.start()
    replica = Replica(indexer)
    replica.start()
    hints = Listener(settings.redis_url, LOG_GREW, follower.nudge)
    admin.serve(settings.host, settings.admin_port, follower.follows)
    log.info("ready: group %s, %d shards", settings.group, len(indexer.shards.all()))
    try:
        consume(app, threads=settings.index_threads, process=settings.process, on_stop=replica.stop)
    finally:
        replica.stop()
        hints.close()
        sealer.stop()
        rewriter.stop()
        follower.stop()
        indexer.close()
