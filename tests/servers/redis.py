"""Redis as Debian ships it."""

from __future__ import annotations

import shutil

from tests.servers.absent import NotInstalled
from tests.servers.ports import answers_with
from tests.servers.server import Server


class Redis(Server):
    """Redis with an append-only file: a restart keeps what a `kill -9` found.

    `options` are further arguments of the server, such as `--maxmemory 4mb`.
    """

    def __init__(self, *options: str) -> None:
        self.program = self.find_program()
        self.options = options
        super().__init__()

    @staticmethod
    def find_program() -> str:
        program = shutil.which("redis-server")
        if program is None:
            raise NotInstalled("Redis", "no redis-server on the PATH (Debian: apt-get install redis-server)")
        return program

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [
            self.program,
            *("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.data)),
            *("--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""),
            *self.options,
        ]

    def answers(self) -> bool:
        return answers_with(self.port, b"PING\r\n", b"+PONG\r\n")
