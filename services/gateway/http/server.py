"""The HTTP server: waitress, with a limit for slow bodies, problems instead of plain text, and a clean end.

Waitress buffers a whole body before a thread is taken, so clients that drip do not hold the others up.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask
from waitress.utilities import BadRequest, Error

from services.gateway.http import headers, problems
from services.gateway.http.bodies import FORM_BYTES
from shared.settings import Settings

CONNECTIONS = 1_000
IDLE_S = 60  # a silent connection is closed
LOOP_S = 1.0  # how often the loop looks around when nothing happens

# A body may take this long, and a second more for each so many bytes that have come.
BODY_S = 30.0
SLOWEST_BYTES_PER_S = 8 * 1024

# Between two chunks, and after the last. Waitress copies what has come of them each time more comes.
FRAMING_BYTES = 16 * 1024

# After SIGTERM requests in flight have so long; platforms give 30 s.
GRACE_S = 10.0


class TooSlow(Error):  # type: ignore[misc]  # waitress has no types
    code = 408
    reason = "Request Timeout"


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """One request as it comes in; one that drips is ended."""

    completed: bool

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self._started = time.monotonic()

    def received(self, data: bytes) -> int:
        try:
            consumed = int(super().received(data))
        except ValueError:  # an address or a length that Python refuses to read
            self.error = BadRequest("the request line or Content-Length cannot be read")
            self.completed = self.headers_finished = True
            return len(data)
        if self.chunked and not self.completed and self._framing() > FRAMING_BYTES:
            self.error = BadRequest("the lines between chunks are too long")
            self.completed = True
        came = self.header_bytes_received + self.body_bytes_received
        if not self.completed and time.monotonic() - self._started > BODY_S + came / SLOWEST_BYTES_PER_S:
            self.error = TooSlow("the request came too slowly")
            self.completed = True
        return consumed

    def _framing(self) -> int:
        """Bytes of an unfinished chunk's size or trailer."""
        if self.body_rcv is None:
            return 0
        return len(self.body_rcv.control_line) + len(self.body_rcv.trailer)


class ProblemTask(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """What waitress refuses before the app sees it."""

    def execute(self) -> None:
        error = self.request.error
        code = problems.CODES.get(error.code, "http_error")
        body = json.dumps(problems.document(error.code, code, str(error.body), retryable=error.code == 408))
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", problems.MEDIA_TYPE), *headers.SECURITY.items()]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body.encode())


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    parser_class = Parser
    error_task_class = ProblemTask


class Server:
    """`run` until `stop`, which any thread or signal handler may call."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._map: dict[int, Any] = {}
        self._stopping = False
        # The loop may see the flag and close its pipes before `stop` has written to them. Re-entrant, as
        # a signal handler runs on the loop's own thread.
        self._ending = threading.RLock()
        made = create_server(
            app,
            map=self._map,
            host=settings.host,
            port=settings.port,
            threads=settings.gateway_threads,
            connection_limit=CONNECTIONS,
            asyncore_use_poll=True,
            channel_timeout=IDLE_S,
            max_request_body_size=max(settings.max_image_bytes, settings.max_manifest_bytes) + 2 * FORM_BYTES,
            # The guard has to see them: behind a proxy the loopback address says nothing of who is calling.
            clear_untrusted_proxy_headers=False,
            ident=None,
        )
        self._dispatcher = made.task_dispatcher
        self._listening = [s for s in self._map.values() if isinstance(s, BaseWSGIServer)]
        for listening in self._listening:
            listening.channel_class = Channel

    @property
    def port(self) -> int:
        return int(self._listening[0].effective_port)

    def run(self, on_stop: Callable[[], None]) -> None:
        """Serve until `stop`; then take no more, call `on_stop`, and finish what is in flight."""
        while not self._stopping:
            self._turn(LOOP_S)
        for listening in self._listening:
            listening.accepting = False
            listening.socket.close()
        on_stop()
        deadline = time.monotonic() + GRACE_S
        while self._busy() and time.monotonic() < deadline:
            self._turn(0.05)
        self._dispatcher.shutdown(timeout=max(0.0, math.ceil(deadline - time.monotonic())))
        with self._ending:
            wasyncore.close_all(self._map)

    def stop(self) -> None:
        """May be called again."""
        with self._ending:
            if not self._stopping:
                self._stopping = True
                for listening in self._listening:
                    listening.pull_trigger()

    def _turn(self, timeout: float) -> None:
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)

    def _busy(self) -> bool:
        """Whether a request is being read or served, or an answer is not sent yet."""
        channels = [c for s in self._listening for c in s.active_channels.values()]
        return any(c.requests or c.request is not None or c.total_outbufs_len for c in channels)
