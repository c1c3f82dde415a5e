"""Stand-ins for what leaves a process: they remember and send nothing."""

from __future__ import annotations

from shared.dispatch import Dispatcher
from shared.errors import Unavailable
from shared.messages import Message
from shared.topology import Task
from shared.wakeups import Notifier


class FakeDispatcher(Dispatcher):
    """Remembers each message as (task, message, group). `healthy` and `away` are a test's to set."""

    healthy = True

    def __init__(self) -> None:
        self.sent: list[tuple[Task, Message, str | None]] = []
        self.away = False

    def send(self, task: Task, message: Message, *, group: str | None = None) -> None:
        self.sent.append((task, message, group))

    def ready(self, queue_name: str) -> int:
        if self.away:
            raise Unavailable(queue_name, code="broker_unavailable")
        return 0

    def close(self, timeout: float = 2.0) -> None:
        """Nothing to close."""


class FakeNotifier(Notifier):
    """Remembers the ids of jobs that were told to be done, and of indexes whose log grew."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.grown: list[str] = []

    def job_done(self, job_id: str) -> None:
        self.done.append(job_id)

    def log_grew(self, index_id: str) -> None:
        self.grown.append(index_id)

    def close(self) -> None:
        """Nothing to close."""
