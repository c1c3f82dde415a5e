"""What a vision worker is made of; the stories get it as one argument."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.db.engine import Database, now
from shared.db.tables import models
from shared.dispatch import Dispatcher
from shared.erasure.erased_list import ErasedList
from shared.runtime.heartbeat import Heartbeat
from shared.settings import Settings
from shared.storage.port import ObjectStore
from shared.telemetry import MODEL_SECONDS
from shared.wakeups import Notifier
from workers.models.port import Model
from workers.vision.aside import Aside
from workers.vision.batching.batcher import Batcher
from workers.vision.decode.pool import DecodePool
from workers.vision.fetch import Fetcher, HostPool
from workers.vision.gate import Gate
from workers.vision.items import ItemFinder
from workers.vision.lane import Lane
from workers.vision.nudges import Nudges
from workers.vision.pace import Pace
from workers.vision.places import Places
from workers.vision.quality import QualityThresholds
from workers.vision.routes import Routes


@dataclass
class Vision:
    """Dependencies of the stories. `close` undoes `open`."""

    settings: Settings
    db: Database
    store: ObjectStore
    dispatcher: Dispatcher
    notifier: Notifier
    model: Model
    batcher: Batcher
    decoder: DecodePool
    import_decoder: DecodePool
    fetcher: Fetcher
    thresholds: QualityThresholds
    routes: Routes
    erased: ErasedList  # what `replace` imports drop
    items: ItemFinder | None = None  # without a detector the whole photo is the item
    gate: Gate = field(default_factory=Gate)
    nudges: Nudges = field(default_factory=Nudges)
    aside: Aside = field(default_factory=Aside)
    pace: Pace = field(default_factory=Pace)
    images_pool: HostPool = field(init=False)
    places: Places = field(init=False)
    heartbeat: Heartbeat = field(init=False)

    def __post_init__(self) -> None:
        self.images_pool = HostPool(
            self.settings.fetch_threads, self.settings.fetch_per_host, share=self._share
        )
        self.places = Places(self.settings.vision_threads)
        self.heartbeat = Heartbeat(
            self.db,
            self.settings,
            "vision",
            fingerprint=self.model.fingerprint,
            stats=self._stats,
        )

    def announce(self) -> None:
        """Tell the database which model is served here; new catalogs take it."""
        known = {
            "name": self.model.name,
            "dim": self.model.dim,
            "labels": len(self.model.labels),
            "seen_at": now(),
        }
        with self.db.write() as c:
            c.execute(
                self.db.insert(models)
                .values(fingerprint=self.model.fingerprint, **known)
                .on_conflict_do_update(index_elements=["fingerprint"], set_=known)
            )

    def _share(self, lane: Lane, host: str) -> int:
        """Threads that a host may have; a single write brings few photos, whoever the host is."""
        most = self.settings.fetch_per_host
        return self.fetcher.at_once(host, most) if lane is Lane.IMPORT else most

    def close(self) -> None:
        self.gate.close()
        self.heartbeat.stop()
        self.images_pool.shutdown(wait=False, cancel_futures=True)
        self.batcher.stop()
        self.aside.close()
        self.decoder.close()
        self.import_decoder.close()
        self.dispatcher.close()
        self.notifier.close()
        self.db.close()

    def _stats(self) -> dict[str, float]:
        """What admission needs: seconds of one search, as measured, and how many are served at once."""
        MODEL_SECONDS.labels("busy").set(self.batcher.busy_s)
        MODEL_SECONDS.labels("waiting").set(self.batcher.waiting_s)
        return {
            "service_s": self.pace.service_s(),
            "at_once": float(self.settings.vision_threads),
            "images": float(self.batcher.images),
        }
