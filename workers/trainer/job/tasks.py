"""The task of a trainer: a nudge, after which it looks for trainings at once."""

from __future__ import annotations

from collections.abc import Callable

from celery import Celery

from shared.topology import TRAINER_NUDGE


def register(app: Celery, wake: Callable[[], None]) -> None:
    @app.task(name=TRAINER_NUDGE.name)
    def trainer_nudge(_wire: object) -> None:
        wake()
