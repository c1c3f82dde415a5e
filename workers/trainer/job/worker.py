"""A trainer's entry as a worker: settings, wiring, tasks."""

from __future__ import annotations

import logging
from typing import Final

import torch

from shared import topology
from shared.broker import make_celery
from shared.runtime import admin
from shared.runtime.consume import consume
from shared.runtime.opening import opened
from workers.trainer.job import tasks
from workers.trainer.job.loop import Trainings
from workers.trainer.job.wiring import open_trainer

log = logging.getLogger(__name__)

_PATIENCE_S: Final = 10.0  # of the 15 s after which the process is cut off


def main() -> None:
    settings, trainer = opened("trainer", open_trainer)
    if settings.model_threads:
        torch.set_num_threads(settings.model_threads)
    trainings = Trainings(trainer)
    app = make_celery(settings.amqp_or_redis_url, "tusou.trainer", [topology.TRAIN_QUEUE])
    tasks.register(app, trainings.wake)
    trainer.heartbeat.start()
    trainings.start()
    admin.serve(settings.host, settings.admin_port, trainings.alive)
    log.info("ready")
    try:
        consume(
            app,
            threads=1,
            process=settings.process,
            on_stop=trainings.stop,
            on_cut_off=trainer.heartbeat.stop,
        )
    finally:
        trainings.stop(within=_PATIENCE_S)
        trainer.close()
