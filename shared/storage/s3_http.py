"""How long a request to S3 may take: by its size, and never for ever."""

from __future__ import annotations

from typing import Any

import urllib3
from urllib3.exceptions import ProtocolError

# With nothing to send, a dead host costs 1 s and a frozen one 2 s. A body must be sent within the first
# of the two (the socket's time-out covers the whole of it), hence the allowance for its length.
_CONNECT_S = 1.0
_READ_S = 2.0
_SLOWEST_BYTES_PER_S = 4 * 1024 * 1024
_JOIN_S = 30.0  # a long object comes in parts, which the server joins at the end (a POST)

_CONNECTIONS = 16


class SizedTimeouts(urllib3.PoolManager):
    """Gives each request the time its body needs, and sends it again only if the connection broke.

    The usual retries would multiply the time-outs, and obey a `Retry-After` of a minute; whoever holds
    the job retries it instead.
    """

    def __init__(self) -> None:
        super().__init__(maxsize=_CONNECTIONS, retries=False)

    def urlopen(  # type: ignore[override]  # urllib3 marks its own signature so: it takes what its base takes
        self, method: str, url: str, redirect: bool = False, **options: Any
    ) -> urllib3.BaseHTTPResponse:
        body = options.get("body")
        allowance = len(body) / _SLOWEST_BYTES_PER_S if body else 0.0
        answer_s = _JOIN_S if method == "POST" else _READ_S
        options["timeout"] = urllib3.Timeout(connect=_CONNECT_S + allowance, read=answer_s + allowance)
        try:
            return super().urlopen(method, url, redirect=redirect, **options)
        except ProtocolError:  # such as a kept connection of a server that has been restarted since
            return super().urlopen(method, url, redirect=redirect, **options)
