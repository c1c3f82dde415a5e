"""Small hosts on loopback that answer as badly as a test likes, and count who connects."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Answer = Callable[[socket.socket, bytes], None]


class LoopbackHost:
    """A listening socket; `answer` gets each connection and the head of its request."""

    def __init__(
        self, answer: Answer, *, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        self._answer = answer
        self._tls = tls
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=family, backlog=64)
        self.address = address
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def url(self, path: str = "/a.jpg", *, scheme: str = "http", host: str | None = None) -> str:
        name = host or (f"[{self.address}]" if ":" in self.address else self.address)
        return f"{scheme}://{name}:{self.port}{path}"

    def close(self) -> None:
        # A blocked accept is not woken by closing its socket, only by shutting it down.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.add(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # What a test's host does after its guest has left does not matter.
        with suppress(OSError), connection:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                block = connection.recv(4096)
                if not block:
                    return
                head += block
            self.requests.append(head)
            self._answer(connection, head)
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)


def says(*parts: bytes) -> Answer:
    """A host that sends these bytes and closes."""

    def answer(connection: socket.socket, _: bytes) -> None:
        for part in parts:
            connection.sendall(part)

    return answer


def ok(body: bytes, *headers: str) -> bytes:
    """A complete answer of status 200."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@contextmanager
def loopback_host(answer: Answer, **options: object) -> Iterator[LoopbackHost]:
    host = LoopbackHost(answer, **options)  # type: ignore[arg-type]  # options are those of LoopbackHost
    try:
        yield host
    finally:
        host.close()
