"""Searches posted by clients that cost next to nothing themselves: their bodies are made beforehand."""

from __future__ import annotations

import http.client
import json
from typing import Any

_BOUNDARY = "tusou"
_HEADERS = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}


def multipart(photo: bytes) -> bytes:
    """The body of a search with this photo."""
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    return head.encode() + photo + f"\r\n--{_BOUNDARY}--\r\n".encode()


def post(connection: http.client.HTTPConnection, body: bytes, *, wait: int = 0) -> tuple[int, dict[str, Any]]:
    """Status and answer of one search; `wait`: seconds that the gateway may hold it."""
    connection.request("POST", "/v1/searches", body, _HEADERS | ({"Prefer": f"wait={wait}"} if wait else {}))
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())
