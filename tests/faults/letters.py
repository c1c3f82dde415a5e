"""A broker that is a file: what a process has sent is there when that process is not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from shared import topology
from shared.messages import Message


@dataclass(frozen=True)
class Letter:
    task: str
    queue: str
    wire: dict[str, object]


class Letters:
    """As much of a Dispatcher as a keeper uses. Nothing is ever taken out."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def send(self, task: topology.Task, message: Message, *, group: str | None = None) -> None:
        queue = topology.index_queue(group) if group is not None else task.queue
        assert queue is not None
        with self._file.open("a") as file:  # one write: whole or not at all
            file.write(json.dumps([task.name, queue.name, message.to_wire()]) + "\n")

    def all(self) -> list[Letter]:
        """In the order in which they were sent."""
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        return [Letter(*json.loads(line)) for line in lines]

    def ready(self, queue: str) -> int:
        return sum(letter.queue == queue for letter in self.all())

    def close(self) -> None: ...
