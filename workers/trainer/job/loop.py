"""The loop of a trainer: one training at a time, the oldest that nobody works on."""

from __future__ import annotations

import logging
from typing import Final

from shared.errors import Unavailable
from shared.jobs import claims, store
from shared.jobs.kinds import JobKind
from shared.runtime.loop import Repeating
from shared.topology import LEARN
from workers.trainer.job import story
from workers.trainer.job.deps import Trainer

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0  # a nudge shortens it
_TRY_AGAIN_S: Final = 1.0


class Trainings:
    """`look` runs one training to its end. It runs alone in its process, as suspects must."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._loop = Repeating("trainings", self.look, LOOK_EVERY_S)
        self.wake = self._loop.wake
        self.alive = self._loop.alive

    def start(self) -> None:
        story.tidy(self._trainer)
        self._loop.start(at_once=True)

    def stop(self, within: float = 0.0) -> None:
        """The training that runs goes back as soon as it tells of itself: within a second, mostly."""
        self._trainer.stopping.set()
        self._loop.stop(within)

    def look(self) -> None:
        """Raises Unavailable when the database is away before a training is claimed."""
        trainer = self._trainer
        with trainer.db.read() as c:
            job_id = store.next_of(c, JobKind.TRAINING)
        if job_id is None:
            return
        settings = trainer.settings
        with trainer.db.write() as c:
            claim = claims.claim(c, job_id, LEARN.name, by=settings.process, lease=settings.lease, alone=True)
        if claim is None:
            return
        try:
            story.run(trainer, claim)
        except Unavailable as error:
            log.warning("training %s goes back: %s", job_id, error.detail)
            self._give_back(job_id)
        self._loop.wake()  # another one may wait

    def _give_back(self, job_id: str) -> None:
        """As soon as the database is there: the heartbeat would keep the claim for ever."""
        while not self._trainer.stopping.wait(_TRY_AGAIN_S):
            try:
                with self._trainer.db.write() as c:
                    claims.hand_back(c, self._trainer.settings.process, job_id)
                return
            except Unavailable:
                continue
