"""The first lines of a worker's entry: settings, logging, dependencies; and one sentence where that fails."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from shared.errors import TusouError
from shared.settings import Settings, sentences
from shared.telemetry import configure
from shared.unknown_settings import unknown_settings

T = TypeVar("T")

log = logging.getLogger(__name__)


def opened(service: str, open_worker: Callable[[Settings], T]) -> tuple[Settings, T]:
    """What `open_worker` makes of the settings; the process ends with 1 where it raises a TusouError."""
    try:
        settings = Settings()
    except ValidationError as error:
        raise SystemExit("; ".join(sentences(error))) from None
    configure(level=settings.log_level, as_json=settings.log_json, process=settings.process, service=service)
    if (ignored := unknown_settings(os.environ)) is not None:
        log.warning(ignored)
    try:
        return settings, open_worker(settings)
    except TusouError as error:
        log.error("not started: %s", error.detail)
        raise SystemExit(1) from None
