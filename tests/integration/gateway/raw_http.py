"""HTTP by hand: requests that lie, drip or stop, which no client library would send."""

from __future__ import annotations

import contextlib
import json
import socket
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 30
BOUNDARY = b"----boundary"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        assert self.headers["content-type"] == "application/problem+json"
        return str(json.loads(self.body)["code"])


class Client:
    """A socket that speaks HTTP as badly as a test wants."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)

    def send(self, *parts: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the answer may have come already
            self.socket.sendall(b"".join(parts))

    def answer(self) -> Answer:
        with self.socket.makefile("rb") as file:
            status = int(file.readline().split()[1])
            headers: dict[str, str] = {}
            while line := file.readline().strip():
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            return Answer(status, headers, file.read(int(headers["content-length"])))

    def close(self) -> None:
        self.socket.close()


def head(line: str, **headers: Any) -> bytes:
    told = {"Host": "127.0.0.1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return (
        f"{line} HTTP/1.1\r\n{''.join(f'{k}: {v}' + chr(13) + chr(10) for k, v in told.items())}\r\n".encode()
    )


def form(photo: bytes) -> bytes:
    disposition = b'Content-Disposition: form-data; name="image"; filename="a.png"'
    return b"--" + BOUNDARY + b"\r\n" + disposition + b"\r\n\r\n" + photo + b"\r\n--" + BOUNDARY + b"--\r\n"


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


FORM = {"Content_Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}
CHUNKED = {**FORM, "Transfer_Encoding": "chunked"}
