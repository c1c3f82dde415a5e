"""The task of an index worker."""

from __future__ import annotations

import logging

from celery import Celery

from shared.errors import TusouError
from shared.messages import BadMessage, PartMessage
from shared.telemetry import step
from shared.topology import INDEX_SEARCH
from workers.indexer import lookup
from workers.indexer.deps import Indexer

log = logging.getLogger(__name__)


def register(app: Celery, indexer: Indexer) -> None:
    @app.task(name=INDEX_SEARCH.name)
    def index_search(wire: object) -> None:
        handle(indexer, wire)


def handle(indexer: Indexer, wire: object) -> None:
    """Parts take no attempt and no lease: what is lost here is asked for again, until `answer_by`."""
    try:
        message = PartMessage.from_wire(wire)
        with step("index.search", job_id=message.id, group=message.group):
            lookup.run(indexer, message)
    except BadMessage as error:
        log.error("message refused: %s", error)
    except TusouError as error:
        log.warning("part not computed: %s", error.detail)
    except Exception:
        log.exception("part not computed")
