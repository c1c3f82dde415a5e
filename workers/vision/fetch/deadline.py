"""One deadline for a whole fetch, and sockets that obey it however slowly the other side sends.

A socket's own timeout starts anew with every byte, so a host that drips would hold a thread for hours. Here
each read and write gets what is left of the whole.
"""

import socket
import ssl
import time
from typing import Any


class Deadline:
    """A moment on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, more than 0. Raises TimeoutError when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("out of time")
        return left


class _InTime(socket.socket):
    """`http.client` reads by `recv_into` and writes by `sendall`."""

    deadline: Deadline

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.deadline.left())
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(self.deadline.left())
        super().sendall(*args, **kwargs)


class DeadlineSocket(_InTime):
    """A plain socket with a deadline."""


class DeadlineTLSSocket(_InTime, ssl.SSLSocket):
    """The same over TLS. Its handshake obeys the timeout that the plain socket had, as a whole."""
