"""Re-sending lost messages, without flooding a broker that merely has much to do.

Per queue: only when the broker holds fewer messages than there are overdue rows are rows sent again,
oldest first; otherwise their time is moved on. Who was paused until the rows it claimed are overdue again
sends none of them. A row is sent again anyway when one that was sent to
the same queue well after it has been claimed: its own message is lost.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from sqlalchemy import Row, func, select, update

from shared.db.engine import now
from shared.db.tables import jobs
from shared.jobs.kinds import JobKind
from shared.jobs.store import overdue
from shared.kill_points import kill_point
from shared.messages import JobMessage
from shared.telemetry import QUEUE_READY, step
from shared.topology import EMBED, LOOKUP, SEARCH_QUEUE, STAGES, WRITE_QUEUE, Queue
from workers.keeper.deps import Keeper

log = logging.getLogger(__name__)

# Chunks and plans are found by the import loop itself, once a second, and trainings by a trainer, every
# five: nothing to send again.
QUEUES = (SEARCH_QUEUE, WRITE_QUEUE)

# What was claimed longer ago tells nothing of how far a queue has moved since.
CLAIMED_WITHIN_S = 60
# Bounds the claim by the age of its row, which the index knows.
MADE_WITHIN_S = 3600


def run(keeper: Keeper) -> None:
    """At most `max_resends` in all. Raises Unavailable when the broker is away."""
    left = keeper.settings.max_resends
    found = [(queue, *_overdue(keeper, queue)) for queue in QUEUES]
    found = [(queue, count, late) for queue, count, late in found if late]
    for number, (queue, count, late) in enumerate(found):
        share = left // (len(found) - number) or left  # those that come later have theirs too
        if share:
            left -= _queue(keeper, queue, count, late[:share])


def _overdue(keeper: Keeper, queue: Queue) -> tuple[int, list[Row[Any]]]:
    with keeper.db.read() as c:
        return overdue(c, _stages(queue), limit=keeper.settings.max_resends)


def _stages(queue: Queue) -> list[str]:
    return [name for name, stage in STAGES.items() if stage.task.queue == queue]


def _queue(keeper: Keeper, queue: Queue, count: int, late: list[Row[Any]]) -> int:
    """`late` are the oldest of `count` overdue rows; returns how many were sent again."""
    ready = keeper.dispatcher.ready(queue.name)
    QUEUE_READY.labels(queue.name).set(ready)
    lost = late if ready < count else _overtaken(keeper, _stages(queue), late)
    with step("keeper.redispatch", queue=queue.name, overdue=count, ready=ready, sent=len(lost)):
        chosen = {row.id for row in lost}
        began = time.monotonic()
        sent = [row for row in lost if _claim_sending(keeper, row)]
        kill_point("resend.claimed")
        for row in sent:
            if time.monotonic() - began > keeper.settings.first_due:
                log.warning("paused for too long: another keeper sends what this one has not")
                break
            keeper.dispatcher.send(STAGES[row.stage].task, JobMessage(row.id, row.stage))
            kill_point("resend.sent")
        waiting = [row.id for row in late if row.id not in chosen]
        with keeper.db.write() as c:
            c.execute(
                update(jobs)
                .where(jobs.c.id.in_(waiting), jobs.c.due_at < now())
                .values(due_at=now() + keeper.settings.first_due)
            )
    return len(sent)


def _claim_sending(keeper: Keeper, row: Row[Any]) -> bool:
    """Move the row's time on; of several keepers one succeeds, and that one sends."""
    with keeper.db.write() as c:
        mine = c.execute(
            update(jobs)
            .where(
                jobs.c.id == row.id,
                jobs.c.attempt == row.attempt,
                jobs.c.sent_at == row.sent_at,
                jobs.c.due_at < now(),
            )
            .values(sent_at=now(), due_at=now() + keeper.settings.first_due)
        )
    kill_point("resend.row_claimed")
    return mine.rowcount == 1


def _overtaken(keeper: Keeper, stages: list[str], late: list[Row[Any]]) -> list[Row[Any]]:
    with keeper.db.read() as c:
        newest_claimed = c.execute(
            select(func.max(jobs.c.sent_at)).where(
                jobs.c.kind.in_((JobKind.SEARCH, JobKind.PRODUCT, JobKind.EXPLANATION)),
                jobs.c.claimed_at > now() - CLAIMED_WITHIN_S,
                jobs.c.claimed_at >= jobs.c.sent_at,  # or the message of that claim was an older one
                jobs.c.created_at > now() - MADE_WITHIN_S,
                jobs.c.stage.in_((*stages, LOOKUP.name) if EMBED.name in stages else stages),
            )
        ).scalar()
    if newest_claimed is None:
        return []
    return [row for row in late if row.sent_at + keeper.settings.lost_message_after <= newest_claimed]
