"""What an index worker is made of."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from shared.answer.finish import Finisher
from shared.db.engine import Database
from shared.dispatch import Dispatcher
from shared.settings import Settings
from shared.storage.port import ObjectStore
from shared.wakeups import Notifier
from workers.indexer.broken import BrokenShards
from workers.indexer.engine.port import EngineFactory
from workers.indexer.shards import Shards


@dataclass
class Indexer:
    settings: Settings
    db: Database
    store: ObjectStore
    dispatcher: Dispatcher
    notifier: Notifier
    finisher: Finisher
    engines: EngineFactory
    cache: Path
    shards: Shards = field(default_factory=Shards)
    broken: BrokenShards = field(default_factory=BrokenShards)
    # At most a quarter of the threads may wait for a version; any further search goes round again.
    may_wait: threading.BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        self.may_wait = threading.BoundedSemaphore(max(1, self.settings.index_threads // 4))

    def close(self) -> None:
        self.dispatcher.close()
        self.notifier.close()
        self.db.close()
