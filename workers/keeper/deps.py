"""What a keeper is made of."""

from __future__ import annotations

from dataclasses import dataclass

from shared.answer.finish import Finisher
from shared.db.engine import Database
from shared.dispatch import Dispatcher
from shared.erasure.erased_list import ErasedList
from shared.settings import Settings
from shared.storage.port import ObjectStore
from shared.wakeups import Notifier


@dataclass(frozen=True)
class Keeper:
    settings: Settings
    db: Database
    store: ObjectStore
    dispatcher: Dispatcher
    notifier: Notifier
    finisher: Finisher
    erased: ErasedList

    def close(self) -> None:
        self.dispatcher.close()
        self.notifier.close()
        self.db.close()
