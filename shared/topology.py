"""Every queue, task and retry policy. What is not declared here is refused; time limits are settings.

    gateway ──search,write──▶ vision ──index.<group>──▶ indexer
    gateway ──bulk (a nudge)─▶ vision's import loop, which claims chunks from SQL
    gateway ──train (a nudge)─▶ trainer's loop, which claims trainings from SQL: one takes hours, and a
                                message that is not acknowledged for so long comes back

Retries are rows with `due_at`, never Celery's ETA, countdown or chords.
"""

from __future__ import annotations

from dataclasses import dataclass

INDEX_PREFIX = "index."


@dataclass(frozen=True)
class Queue:
    """`consumer` is the service in docker-compose.yml whose workers drain it."""

    name: str
    consumer: str


SEARCH_QUEUE = Queue("search", consumer="vision")
WRITE_QUEUE = Queue("write", consumer="vision")
BULK_QUEUE = Queue("bulk", consumer="vision")
TRAIN_QUEUE = Queue("train", consumer="trainer")


def index_queue(group: str) -> Queue:
    """The queue of one group of shards; its replicas all consume it."""
    if not group or not all(c.isalnum() or c in "-_" for c in group):
        raise ValueError(f"a group is named by letters, digits, - and _; not {group!r}")
    return Queue(INDEX_PREFIX + group, consumer="indexer")


QUEUES = (SEARCH_QUEUE, WRITE_QUEUE, BULK_QUEUE, TRAIN_QUEUE)


@dataclass(frozen=True)
class Task:
    """`queue` is None where the message says which (index.<group>)."""

    name: str
    queue: Queue | None


VISION_SEARCH = Task("vision.search", SEARCH_QUEUE)
VISION_WRITE = Task("vision.write", WRITE_QUEUE)
VISION_EXPLAIN = Task("vision.explain", WRITE_QUEUE)
VISION_NUDGE = Task("vision.nudge", BULK_QUEUE)
TRAINER_NUDGE = Task("trainer.nudge", TRAIN_QUEUE)
INDEX_SEARCH = Task("index.search", None)

TASKS = {
    task.name: task
    for task in (VISION_SEARCH, VISION_WRITE, VISION_EXPLAIN, VISION_NUDGE, INDEX_SEARCH, TRAINER_NUDGE)
}
# They carry no id: whoever gets one looks for work in SQL.
NUDGES = (VISION_NUDGE, TRAINER_NUDGE)


@dataclass(frozen=True)
class Retry:
    """A dependency that is away comes back, or the caller is told: waits double up to the longest."""

    tries: int
    longest_wait_s: float = 30.0

    def wait_after(self, tries: int) -> float:
        """Seconds from the `tries`-th try to the next."""
        return min(2.0 ** (tries - 1), self.longest_wait_s)


INTERACTIVE = Retry(tries=6)  # half a minute in all
PATIENT = Retry(tries=20)  # seven minutes and a half
ONCE = Retry(tries=1)  # parts are asked for again until `answer_by`


@dataclass(frozen=True)
class Stage:
    """Where a running job stands, the task that moves it on, and how often it is tried."""

    name: str
    task: Task
    retry: Retry


# A job's stage names what has to happen next.
EMBED = Stage("embed", VISION_SEARCH, INTERACTIVE)
LOOKUP = Stage("lookup", INDEX_SEARCH, ONCE)
EMBED_WRITE = Stage("embed_write", VISION_WRITE, INTERACTIVE)
EXPLAIN = Stage("explain", VISION_EXPLAIN, INTERACTIVE)
PLAN = Stage("plan", VISION_NUDGE, PATIENT)
CHUNKS = Stage("chunks", VISION_NUDGE, PATIENT)
LEARN = Stage("learn", TRAINER_NUDGE, PATIENT)

STAGES = {stage.name: stage for stage in (EMBED, LOOKUP, EMBED_WRITE, EXPLAIN, PLAN, CHUNKS, LEARN)}


def declared(name: str) -> bool:
    """Whether a queue of this name is in the topology."""
    return any(q.name == name for q in QUEUES) or name.startswith(INDEX_PREFIX)


# Redis: a message taken and not acknowledged comes back after `visibility`; kombu looks every
# `restore_interval`. Retried by the keeper long before, so this is only the second net.
VISIBILITY_S = 60
RESTORE_INTERVAL_S = 5
# A publish may hang for ever without these.
SOCKET_TIMEOUT_S = 2.0
CONNECT_TIMEOUT_S = 1.0
# A consumer whose connection was lost without a word notices within 1 + 2 × this (kombu looks as often, for
# an answer that is later than 1 s + this): well before an answer is due (`answer_within`).
HEALTH_CHECK_S = 3
# Under the grace period of every platform (Kubernetes gives 30 s, compose is told to).
SOFT_SHUTDOWN_S = 15
QUORUM_DELIVERY_LIMIT = 20
# RabbitMQ: where a message goes that has come back so often. Nobody consumes it, the job's row being the
# truth; what stands there tells that a message kills its consumer.
DEAD = "dead"
DEAD_AT_MOST = 10_000
