"""`python -m services.gateway`: the gateway as a process; SIGTERM and Ctrl-C end it cleanly."""

from __future__ import annotations

import logging
import os
import signal
import sys

from pydantic import ValidationError

from services.gateway.app import EXTENSION, create_app
from services.gateway.http.server import Server
from shared import telemetry
from shared.errors import TusouError
from shared.settings import Settings, sentences
from shared.unknown_settings import unknown_settings

log = logging.getLogger("services.gateway")


def main() -> int:
    try:
        settings = Settings()
    except ValidationError as error:
        raise SystemExit("; ".join(sentences(error))) from None
    telemetry.configure(
        level=settings.log_level, as_json=settings.log_json, process=settings.process, service="gateway"
    )
    if (ignored := unknown_settings(os.environ)) is not None:
        log.warning(ignored)
    try:
        app = create_app(settings)
    except (TusouError, ValueError) as error:
        log.error("the gateway cannot start: %s", error)
        return 1
    deps = app.extensions[EXTENSION]
    try:
        server = Server(app, settings)
    except OSError as error:
        log.error("the gateway cannot listen on %s:%d: %s", settings.host, settings.port, error)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    log.info("serving on http://%s:%d", settings.host, server.port)
    server.run(deps.waiters.close)
    deps.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
