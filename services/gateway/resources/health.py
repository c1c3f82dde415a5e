"""`/healthz`, `/readyz` and `/metrics`; none of them asks for a key."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import select

from services.gateway.http.operations import Operations
from services.gateway.schemas.world import Alive, Ready
from services.gateway.wiring import Deps
from shared.db.tables import placements, workers
from shared.index.placement import groups_seen
from shared.liveness import VISION_SEEN_S, vision_seen
from shared.telemetry import REGISTRY
from shared.topology import SEARCH_QUEUE

CHECK_S = 2.0  # a part that does not answer within it is away

OK, AWAY = "ok", "away"
NEEDED = ("database", "object_store")  # without them nothing can be accepted

Check = Callable[[], str]


class Probes:
    """Runs checks side by side; one that hangs is not started a second time."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._pool = ThreadPoolExecutor(len(checks), thread_name_prefix="ready")
        self._lock = threading.Lock()
        self._running: dict[str, Future[str]] = {}

    def look(self) -> dict[str, str]:
        """{part: "ok", or what is wrong with it}, within CHECK_S."""
        with self._lock:
            for name, check in self._checks.items():
                if name not in self._running or self._running[name].done():
                    self._running[name] = self._pool.submit(check)
            running = dict(self._running)
        wait_for(running.values(), CHECK_S)
        return {name: _outcome(future) for name, future in running.items()}


def _outcome(future: Future[str]) -> str:
    if not future.done():
        return f"{AWAY}: no answer within {CHECK_S:g} s"
    error = future.exception()
    return future.result() if error is None else f"{AWAY}: {type(error).__name__}"


def health(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("health", __name__)
    probes = Probes(
        {
            "database": lambda: _quiet(deps.db.ping),
            "object_store": lambda: _quiet(deps.store.ping),
            "broker": lambda: _broker(deps),
            "index_workers": lambda: _index_workers(deps),
            "vision_workers": lambda: _vision_workers(deps),
        }
    )

    @routes.get("/healthz")
    @api.open(answers={200: Alive})
    def get_health() -> ResponseReturnValue:
        """This process lives."""
        return {"status": "alive"}

    @routes.get("/readyz")
    @api.open(answers={200: Ready, 503: Ready})
    def get_readiness() -> ResponseReturnValue:
        """Whether requests can be accepted, and what is away.

        503 only without the database or the object store; with another part away work is accepted and waits.
        """
        parts = probes.look()
        if any(parts[name] != OK for name in NEEDED):
            return {"status": "down", "parts": parts}, 503, {"Retry-After": "1"}
        status = "ready" if all(said == OK for said in parts.values()) else "degraded"
        return {"status": status, "parts": parts}

    @routes.get("/metrics")
    @api.open(answers={200: CONTENT_TYPE_LATEST})
    def get_metrics() -> ResponseReturnValue:
        """Prometheus metrics of this process."""
        return Response(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)

    return routes


def _quiet(ping: Callable[[], None]) -> str:
    ping()
    return OK


def _broker(deps: Deps) -> str:
    deps.dispatcher.ready(SEARCH_QUEUE.name)
    return OK


def _index_workers(deps: Deps) -> str:
    with deps.db.read() as c:
        placed = set(c.execute(select(placements.c.group).distinct()).scalars())
        silent = placed - groups_seen(c, deps.settings.replica_seen)
    return f"{AWAY}: groups {', '.join(sorted(silent))}" if silent else OK


def _vision_workers(deps: Deps) -> str:
    query = select(workers.c.process).where(vision_seen())
    with deps.db.read() as c:
        seen = c.execute(query.limit(1)).scalar()
    return OK if seen else f"{AWAY}: none was seen for {VISION_SEEN_S} s"
