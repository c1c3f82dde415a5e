"""The tasks of a vision worker: decode the message, claim, run the story."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from celery import Celery

from shared.errors import Unavailable
from shared.jobs import claims
from shared.jobs.fingerprints import is_for_others
from shared.jobs.job import Claim
from shared.messages import BadMessage, JobMessage
from shared.topology import STAGES, VISION_EXPLAIN, VISION_NUDGE, VISION_SEARCH, VISION_WRITE
from workers.vision import explain, search, story, write
from workers.vision.deps import Vision
from workers.vision.story import Story

log = logging.getLogger(__name__)

Enter = Callable[[], AbstractContextManager[bool]]

# While this process closes, a message may come back to it a few times before its consumer has stopped.
GO_ROUND_AFTER_S = 0.1


def register(app: Celery, vision: Vision) -> None:
    @app.task(name=VISION_SEARCH.name)
    def vision_search(wire: object) -> None:
        with vision.pace.search():
            handle(vision, wire, search.run)

    @app.task(name=VISION_WRITE.name)
    def vision_write(wire: object) -> None:
        handle(vision, wire, write.run)

    @app.task(name=VISION_EXPLAIN.name)
    def vision_explain(wire: object) -> None:
        # Seconds of the model: entered like bulk, for which no suspect has to wait.
        work = partial(handle, vision, wire, explain.run, enter=vision.gate.bulk)
        vision.aside.do(str(wire), work)  # a message that was sent twice reads the same

    @app.task(name=VISION_NUDGE.name)
    def vision_nudge(_wire: object) -> None:
        vision.nudges.nudge()


def handle(vision: Vision, wire: object, this: Story, enter: Enter | None = None) -> None:
    """Deliveries for a live lease, a later stage or a finished job end here and change nothing.

    `enter` is the gate's entrance for it where others are inside; without one it is `together`.
    """
    try:
        message = JobMessage.from_wire(wire)
    except BadMessage as error:
        log.error("message refused: %s", error)
        return
    try:
        _run(vision, message, this, enter or vision.gate.together)
    except Unavailable as error:
        log.warning("job %s goes back: %s", message.id, error.detail)
        story.patiently(vision, lambda c: claims.hand_back(c, vision.settings.process, message.id))


def _run(vision: Vision, message: JobMessage, this: Story, enter: Enter) -> None:
    """Run the story beside others, or alone if it has to be."""
    with enter() as entered:
        if not entered:
            return _unless_closing(vision, message)
        claim = _claim(vision, message, alone=False)
        if claim is not None:
            return story.run(vision, claim, this)
    model = vision.model.fingerprint
    with vision.db.read() as c:
        if is_for_others(c, message.id, message.stage, model):
            return _pass_on(vision, message)
        if not claims.only_alone(c, message.id, message.stage, model):
            return None
    with vision.gate.alone(message.id) as entered:
        if not entered:
            return _unless_closing(vision, message)
        claim = _claim(vision, message, alone=True)
        return story.run(vision, claim, this) if claim is not None else None


def _unless_closing(vision: Vision, message: JobMessage) -> None:
    """A suspect came before, or the others did not leave in time for this one: a keeper sends it again."""
    if vision.gate.closes_within(0):
        _pass_on(vision, message)


def _pass_on(vision: Vision, message: JobMessage) -> None:
    """This process is closing, or serves another model: another one takes the message."""
    time.sleep(GO_ROUND_AFTER_S)
    vision.dispatcher.send(STAGES[message.stage].task, message)


def _claim(vision: Vision, message: JobMessage, *, alone: bool) -> Claim | None:
    with vision.db.write() as c:
        return claims.claim(
            c,
            message.id,
            message.stage,
            by=vision.settings.process,
            lease=vision.settings.lease,
            alone=alone,
            fingerprint=vision.model.fingerprint,
        )
