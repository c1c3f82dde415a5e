"""Frames over a stream socket between the decode pool and one child: JSON and raw bytes.

    4 bytes   length of the JSON, big-endian
    4 bytes   length of all payloads together
    JSON      [header, [length of each payload, ...]]
    payloads

Each side sends one frame and then waits for the other's, so no frame is followed by the start of another.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any, Final

Payload = bytes | memoryview

_PREFIX: Final = struct.Struct(">II")
_USUAL_FRAME: Final = 256 * 1024  # holds the answer for a 224 x 224 image; a larger frame gets its own buffer
_LARGEST_FRAME: Final = 256 * 2**20


class BadFrame(Exception):
    """What came is no frame, or not the frame that was due. A child out of order may send anything."""


class Channel:
    """Deadlines are on `time.monotonic`; None waits for ever.

    Both calls raise TimeoutError past the deadline and ConnectionError where the other side is gone.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._buffer = memoryview(bytearray(_USUAL_FRAME))

    def send(self, header: dict[str, Any], *payloads: Payload, deadline: float | None = None) -> None:
        views = [memoryview(payload).cast("B") for payload in payloads]
        lengths = [len(view) for view in views]
        text = json.dumps([header, lengths], separators=(",", ":")).encode()
        parts: list[Payload] = [_PREFIX.pack(len(text), sum(lengths)), text, *views]
        self._allow_until(deadline)
        sent = self._socket.sendmsg(parts)
        if sent < _PREFIX.size + len(text) + sum(lengths):
            self._allow_until(deadline)
            self._socket.sendall(memoryview(b"".join(parts))[sent:])

    def receive(self, deadline: float | None = None) -> tuple[dict[str, Any], list[memoryview]]:
        """Header and payloads; these are valid until the next call. Raises BadFrame for anything else."""
        view = self._buffer
        filled = self._fill(view, 0, _PREFIX.size, deadline)
        text_length, payload_length = _PREFIX.unpack_from(view)
        text_end = _PREFIX.size + text_length
        end = text_end + payload_length
        if end > _LARGEST_FRAME:
            raise BadFrame(f"{end} bytes announced")
        if end > len(view):
            view = memoryview(bytearray(end))
            view[:filled] = self._buffer[:filled]
        if self._fill(view, filled, end, deadline) > end:
            raise BadFrame("more than one frame")
        header, lengths = _parse(bytes(view[_PREFIX.size : text_end]))
        if sum(lengths) != payload_length:
            raise BadFrame("payloads and their lengths do not agree")
        starts = [text_end + sum(lengths[:i]) for i in range(len(lengths))]
        return header, [view[start : start + length] for start, length in zip(starts, lengths, strict=True)]

    def close(self) -> None:
        self._socket.close()

    def _fill(self, view: memoryview, filled: int, wanted: int, deadline: float | None) -> int:
        while filled < wanted:
            self._allow_until(deadline)
            read = self._socket.recv_into(view[filled:])
            if read == 0:
                raise ConnectionError("the other side is gone")
            filled += read
        return filled

    def _allow_until(self, deadline: float | None) -> None:
        if deadline is None:
            return
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)


def _parse(text: bytes) -> tuple[dict[str, Any], list[int]]:
    try:
        header, lengths = json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadFrame(f"no JSON: {error}") from error
    if not isinstance(header, dict) or not isinstance(lengths, list):
        raise BadFrame("JSON of another shape")
    if not all(isinstance(length, int) and length >= 0 for length in lengths):
        raise BadFrame("lengths that are none")
    return header, lengths
