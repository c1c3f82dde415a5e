"""What a process tells of itself: one log line per finished step, and Prometheus metrics."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

STEPS = Counter("tusou_steps_total", "Finished steps.", ("action", "outcome"), registry=REGISTRY)
STEP_SECONDS = Histogram(
    "tusou_step_seconds",
    "How long a step took.",
    ("action",),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
OPEN_JOBS = Gauge("tusou_open_jobs", "Jobs not finished.", ("kind",), registry=REGISTRY)
ERASURES_OVERDUE = Gauge(
    "tusou_erasures_overdue", "What was to be erased by now and is not.", registry=REGISTRY
)
QUEUE_READY = Gauge("tusou_queue_ready", "Messages ready in the broker.", ("queue",), registry=REGISTRY)
MODEL_SECONDS = Gauge("tusou_model_seconds", "Seconds the model thread spent.", ("doing",), registry=REGISTRY)
SHARD_ROWS = Gauge("tusou_shard_rows", "Rows of a shard.", ("index", "shard", "part"), registry=REGISTRY)
SHARD_LAG = Gauge(
    "tusou_shard_lag_entries", "Log entries not applied yet.", ("index", "shard"), registry=REGISTRY
)

_log = structlog.get_logger()


def configure(*, level: str, as_json: bool, process: str, service: str) -> None:
    """Set up logging of this process; lines go to standard error."""
    shared: list[Any] = [
        partial(_of_this_process, service, process),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level.upper()),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,  # otherwise a traceback is the address of an object
                renderer,
            ],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("alembic", "celery", "kombu", "waitress", "urllib3", "amqp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _of_this_process(
    service: str, process: str, _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Every line, of whichever thread, says whose it is."""
    return {**event, "service": service, "process": process}


class Step:
    """The outcome of a step, filled in while it runs."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.outcome = "done"
        self.fields = fields

    def note(self, **fields: Any) -> None:
        self.fields.update(fields)


@contextmanager
def step(action: str, **fields: Any) -> Iterator[Step]:
    """One log line and one observation when the block ends; an exception is told and raised on."""
    current = Step(fields)
    started = time.perf_counter()
    try:
        yield current
    except BaseException as error:
        current.outcome = getattr(error, "code", None) or type(error).__name__
        raise
    finally:
        seconds = time.perf_counter() - started
        STEPS.labels(action, current.outcome).inc()
        STEP_SECONDS.labels(action).observe(seconds)
        _log.info(
            action, action=action, outcome=current.outcome, ms=round(seconds * 1000, 1), **current.fields
        )


class Timings:
    """Milliseconds of named stretches, for a job's `timings_ms`."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        self.ms[name] = round(self.ms.get(name, 0.0) + seconds * 1000, 1)
