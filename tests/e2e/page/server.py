"""A fake of the HTTP contract, just wide enough to show the page each thing a gateway may answer.

A test says what comes next with `server.answers.put(...)`. A request waits until it is told, so that every
state between two answers can be looked at for as long as a test likes.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.e2e.page.stories import drawing

STATIC = Path(__file__).parents[3] / "services" / "gateway" / "static"
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PATIENCE_S = 10.0  # a request nobody answers ends here, so that a failing test leaves no thread behind


@dataclass(frozen=True)
class Answer:
    """One HTTP answer with a JSON body; 4xx and 5xx go out as problem+json."""

    body: Mapping[str, Any]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A request as it came: `fields` are the form's text fields, `image` the bytes of its file."""

    path: str
    headers: Mapping[str, str]
    fields: Mapping[str, str]
    image: bytes


class PageServer(ThreadingHTTPServer):
    """`key`: the search key to demand, None for a gateway without keys. `samples`: None answers 404."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self.key: str | None = None
        self.samples: list[dict[str, str]] | None = None
        self.answers: SimpleQueue[Answer] = SimpleQueue()
        self.searches: list[Asked] = []
        self.polls: list[Asked] = []


class Handler(BaseHTTPRequestHandler):
    server: PageServer

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/":
            self.send_file(STATIC / "index.html")
        elif path.startswith("/static/"):
            self.send_file(STATIC / Path(path).name)
        elif path == "/v1/samples":
            self.send_samples()
        elif path.startswith("/v1/samples/"):
            self.send(200, "image/png", drawing(path))
        elif path.startswith("/v1/images/"):
            self.send_image(path)
        elif path.startswith("/v1/jobs/"):
            self.answer_next(self.server.polls, Asked(self.path, dict(self.headers), {}, b""))
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fields, image = form_of(self.headers["Content-Type"], body)
        self.answer_next(self.server.searches, Asked(self.path, dict(self.headers), fields, image))

    def answer_next(self, seen: list[Asked], asked: Asked) -> None:
        seen.append(asked)
        if self.server.key and asked.headers.get("Authorization") != f"Bearer {self.server.key}":
            self.send_answer(Answer({"code": "unauthorized", "detail": "Send a key."}, 401))
            return
        try:
            self.send_answer(self.server.answers.get(timeout=PATIENCE_S))
        except Empty:
            self.send_answer(Answer({"code": "untold", "detail": "No test told me what to say."}, 500))

    def send_image(self, path: str) -> None:
        """With keys on an <img> has no key to show: only the signature in its address lets it in."""
        if self.server.key and parse_qs(urlsplit(self.path).query).get("sig") != ["good"]:
            self.send_answer(Answer({"code": "unauthorized", "detail": "Send a key."}, 401))
        else:
            self.send(200, "image/png", drawing(path))

    def send_samples(self) -> None:
        if self.server.samples is None:
            self.send_answer(Answer({"code": "not_found", "detail": "No samples here."}, 404))
        else:
            self.send_answer(Answer({"samples": self.server.samples}))

    def send_file(self, path: Path) -> None:
        if not path.is_file():
            self.send_error(404)
            return
        kind, _ = mimetypes.guess_type(path.name)
        self.send(200, kind or "application/octet-stream", path.read_bytes())

    def send_answer(self, answer: Answer) -> None:
        kind = "application/json" if answer.status < 400 else "application/problem+json"
        self.send(answer.status, kind, json.dumps(answer.body).encode(), answer.headers)

    def send(self, status: int, kind: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: a test's output is its own."""


def form_of(content_type: str, body: bytes) -> tuple[dict[str, str], bytes]:
    """The text fields and the file of a multipart form."""
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    fields: dict[str, str] = {}
    image = b""
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if part.get_filename():
            image = content
        else:
            fields[str(part.get_param("name", header="content-disposition"))] = content.decode()
    return fields, image


@contextmanager
def serving() -> Iterator[PageServer]:
    """A server on a port of its own, hence a fresh origin: no storage is shared between tests."""
    server = PageServer()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
