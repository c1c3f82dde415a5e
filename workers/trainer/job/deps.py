"""What a trainer is made of; the story gets it as one argument."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from shared.db.engine import Database
from shared.runtime.heartbeat import Heartbeat
from shared.settings import Settings
from shared.storage.port import ObjectStore
from shared.wakeups import Notifier


@dataclass
class Trainer:
    """`stopping` is set once the process is to end: a training then goes back, to be gone on with."""

    settings: Settings
    db: Database
    store: ObjectStore
    notifier: Notifier
    stopping: threading.Event = field(default_factory=threading.Event)
    heartbeat: Heartbeat = field(init=False)

    def __post_init__(self) -> None:
        self.heartbeat = Heartbeat(self.db, self.settings, "trainer")

    @property
    def folder(self) -> Path:
        """Holds one folder for each training that is not over: photos, checkpoints, reports."""
        return self.settings.home / "trainings"

    def close(self) -> None:
        self.heartbeat.stop()
        self.notifier.close()
        self.db.close()
