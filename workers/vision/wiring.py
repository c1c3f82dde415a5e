"""Opening a vision worker: the model loaded and warm, the children started, everything connected."""

from __future__ import annotations

import logging

from shared.db import schema
from shared.db.engine import Database
from shared.dispatch import Dispatcher
from shared.erasure.erased_list import ErasedList
from shared.settings import Settings
from shared.storage.open import open_store
from shared.wakeups import Notifier
from workers.models.detectors.registry import load_detector
from workers.models.registry import load_model
from workers.models.weights.find import FetchObject
from workers.models.weights.stored import weights_in
from workers.vision.batching.batcher import Batcher
from workers.vision.batching.warmup import choose_import_batch
from workers.vision.decode.pool import DecodeLimits, DecodePool
from workers.vision.deps import Vision
from workers.vision.fetch import Fetcher, FetchLimits
from workers.vision.items import ItemFinder
from workers.vision.pace import Pace
from workers.vision.quality import QualityThresholds
from workers.vision.routes import Routes

log = logging.getLogger(__name__)


def _fetcher(settings: Settings) -> Fetcher:
    if settings.fetch_private:
        return Fetcher(FetchLimits(max_bytes=settings.max_image_bytes, ports=None), allow=lambda _: True)
    return Fetcher(FetchLimits(max_bytes=settings.max_image_bytes))


def _item_finder(settings: Settings, fetch_weights: FetchObject) -> ItemFinder | None:
    if not settings.detector:
        return None
    detector = load_detector(
        settings.detector,
        weights=settings.detector_weights or None,
        device=settings.device,
        threads=settings.model_threads,
        fetch_object=fetch_weights,
    )
    return ItemFinder(detector, most=settings.max_items)


def _decode_limits(settings: Settings) -> DecodeLimits:
    return DecodeLimits(
        images=settings.image_limits,
        memory_bytes=settings.decode_memory,
        cpu_s=settings.decode_cpu,
        wall_s=settings.decode_wall,
    )


def open_vision(settings: Settings) -> Vision:
    """Load and warm the model, start the children. Raises WeightsMissing, SchemaOutdated, Unavailable."""
    db = Database(settings.sql_url)
    schema.check(db)
    store = open_store(settings.store_url)
    fetch_weights = weights_in(store, db)
    model = load_model(
        settings.model,
        weights=settings.weights or None,
        device=settings.device,
        threads=settings.model_threads,
        fetch_object=fetch_weights,
        engine=settings.engine,
        cache=settings.home / "models",
    )
    batch = settings.import_batch or choose_import_batch(model, on_gpu=model.device == "cuda")
    log.info("imports use batches of %d", batch)
    pace = Pace()
    return Vision(
        settings=settings,
        db=db,
        store=store,
        dispatcher=Dispatcher(settings.amqp_or_redis_url),
        notifier=Notifier(settings.redis_url),
        model=model,
        batcher=Batcher(
            model,
            max_batch=settings.max_batch,
            max_wait_ms=settings.max_wait_ms,
            import_batch=batch,
            searching=pace.searching,
        ),
        decoder=DecodePool(settings.decode_children, _decode_limits(settings)),
        import_decoder=DecodePool(settings.decode_children, _decode_limits(settings), background=True),
        fetcher=_fetcher(settings),
        thresholds=QualityThresholds(),
        routes=Routes(db, seen_within=settings.replica_seen),
        erased=ErasedList(open_store(settings.erased_store_url)),
        pace=pace,
        items=_item_finder(settings, fetch_weights),
    )
