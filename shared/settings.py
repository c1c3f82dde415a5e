"""All settings: one frozen class, read from `TUSOU_*` environment variables.

Every field has a description; the README's table is made from them (`make settings`), and a test
fails when one is missing there.
"""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.images.limits import ImageLimits
from shared.jobs.kinds import JobKind


def _process_name() -> str:
    # The random part: a restarted container has the host name and pid of the one that died.
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


class Settings(BaseSettings):
    """Times are seconds and sizes bytes unless the name says otherwise."""

    # An empty variable is one that is not set, as a compose file passes what .env lacks.
    model_config = SettingsConfigDict(
        env_prefix="TUSOU_", env_ignore_empty=True, frozen=True, extra="ignore", allow_inf_nan=False
    )

    # where things are
    home: Path = Field(Path(".tusou"), description="Folder of the embedded parts: database, objects, Valkey.")
    database_url: str = Field("", description="SQLAlchemy URL; empty means SQLite in the home folder.")
    object_store_url: str = Field(
        "",
        description="`file:///folder` or `s3://KEY:SECRET@host:port/bucket?secure=false`; empty: in home.",
    )
    backup_url: SecretStr = Field(
        SecretStr(""), description="Where `tusou backup` puts backups: `file:///folder` or `s3://…`."
    )
    erased_list_url: str = Field(
        "",
        description="Store of the list of what was erased, outside of backups; empty: the object store.",
    )
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0", description="Redis or Valkey: wake-ups and rate counters."
    )
    broker_url: str = Field("", description="Celery broker (`redis://` or `amqp://`); empty means redis_url.")
    data_folder: Path | None = Field(
        None, description="Folder whose files a manifest may name by relative path (embedded use only)."
    )
    cache_folder: Path | None = Field(None, description="Index files of an index worker; empty: in home.")
    url: str = Field("http://127.0.0.1:8000", description="Where the command line finds the gateway.")
    key: SecretStr = Field(SecretStr(""), description="API key that the command line sends.")

    # gateway
    host: str = Field("127.0.0.1", description="Address the gateway listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the gateway listens on.")
    admin_port: int = Field(
        0, ge=0, le=65535, description="Port of a worker's /healthz /readyz /metrics; 0 means none."
    )
    gateway_threads: int = Field(32, ge=1, description="Request threads of one gateway process.")
    max_waiting: int = Field(
        16, ge=1, description="Requests that may wait for a job at once, per gateway process."
    )
    bootstrap_key: SecretStr = Field(
        SecretStr(""), description="Made the first admin key when the database has none."
    )
    signing_secret: SecretStr = Field(
        SecretStr(""), description="Signs image addresses; empty: a random one kept in the database."
    )
    image_url_ttl: int = Field(86_400, gt=0, description="How long a signed image address is valid.")
    rate_per_minute: int = Field(
        0, ge=0, description="Requests a minute and key, where the key has no own; 0: no limit."
    )
    samples_folder: Path | None = Field(None, description="Photos that the page offers to try.")

    # limits
    max_image_bytes: int = Field(16 * 2**20, gt=0, description="Largest image body.")
    max_manifest_bytes: int = Field(256 * 2**20, gt=0, description="Largest manifest uploaded in a request.")
    max_jpeg_pixels: int = Field(64_000_000, gt=0, description="Largest JPEG, in pixels.")
    max_pixels: int = Field(25_000_000, gt=0, description="Largest image of any other format, in pixels.")
    max_side: int = Field(12_000, gt=0, description="Longest side of an image, in pixels.")
    max_aspect: float = Field(20.0, gt=0, description="Largest ratio of the sides.")
    max_queue_wait: float = Field(1.0, gt=0, description="Estimated wait above which a search is refused.")
    max_open_searches: int = Field(
        10_000, gt=0, description="Open searches and single writes of the deployment."
    )
    max_open_imports: int = Field(100, gt=0, description="Open imports of one tenant.")
    retention: int = Field(86_400, gt=0, description="How long a query image and its result are kept.")
    errors_retention: int = Field(7 * 86_400, gt=0, description="How long error files of imports are kept.")
    tombstone_retention: int = Field(
        30 * 86_400, gt=0, description="How long an expired job still answers 410."
    )
    erase_within: float = Field(
        86_400.0,
        gt=0,
        description="What was deleted is erased so long after at most; begun at a quarter of it.",
    )
    scrub_up_to: int = Field(
        256 * 2**20,
        ge=0,
        description="PostgreSQL tables of at most so many bytes are written anew to end an erasure.",
    )
    idempotency_ttl: int = Field(86_400, gt=0, description="How long an Idempotency-Key is remembered.")

    # jobs
    lease: float = Field(20.0, gt=0, description="A claim not renewed for so long is lost.")
    heartbeat: float = Field(5.0, gt=0, description="How often a process renews its claims.")
    first_due: float = Field(5.0, gt=0, description="After so long an unclaimed row is overdue.")
    lost_message_after: float = Field(
        10.0, gt=0, description="A younger row claimed: the older one's message is lost."
    )
    partial_after: float = Field(1.0, gt=0, description="Missing groups are waited for so long.")
    hedge_after: float = Field(0.4, gt=0, description="A missing part is asked for once more after so long.")
    answer_within: float = Field(
        15.0, gt=0, description="A search not answered so long after its vision outcome fails."
    )
    job_task_limit: float = Field(
        60.0, gt=0, description="A claim older than this is not renewed, but for imports."
    )
    import_task_limit: float = Field(
        900.0,
        gt=0,
        description="An older claim of an import (its plan, a chunk, its end) is not renewed.",
    )
    max_losses: int = Field(3, ge=1, description="Losses while alone after which a job is a dead letter.")
    max_resends: int = Field(200, ge=1, description="Messages a keeper round re-sends at most.")

    # vision
    model: str = Field("tiny", description="Model of new catalogs and of this vision worker.")
    weights: str = Field(
        "", description="Weights file, or a folder of `<model>.pth`; empty: the library's download."
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="`auto`, `cpu` or `cuda`.")
    engine: Literal["auto", "torch", "onnx"] = Field(
        "auto", description="`torch` or `onnx`; auto: onnx on a CPU where it is installed, torch on a GPU."
    )
    model_threads: int = Field(0, ge=0, description="Threads of the model on a CPU; 0 means all cores.")
    vision_threads: int = Field(16, ge=1, description="Searches and writes in flight in one vision worker.")
    import_threads: int = Field(2, ge=1, description="Threads of the import loop.")
    import_batch: int = Field(0, ge=0, description="Images of one import batch; 0: chosen at warm-up.")
    decode_children: int = Field(
        2, ge=1, description="Decode processes of one vision worker, and as many again while it imports."
    )
    decode_memory: int = Field(2**30, gt=0, description="Address space of one decode process.")
    decode_cpu: float = Field(5.0, gt=0, description="Processor seconds of one decode.")
    decode_wall: float = Field(
        8.0, gt=0, description="Seconds on the clock of one decode; for an import five times as many."
    )
    max_batch: int = Field(16, ge=1, description="Largest batch of searches.")
    max_wait_ms: float = Field(3.0, ge=0, description="A batch waits so long for more.")
    model_stuck_after: float = Field(120.0, gt=0, description="A model call of so long ends the process.")
    detector: str = Field(
        "",
        description="Finds the items of a photo; empty: the whole photo, or the caller's crop, is the item.",
    )
    detector_weights: str = Field(
        "", description="Its weights: a file, or a folder of `<detector>.onnx`/`.pth`."
    )
    max_items: int = Field(5, ge=1, description="Items of one photo that are searched for, at most.")
    quality_gate: bool = Field(True, description="Reject photos that are too poor to search with.")
    normalised_side: int = Field(1024, gt=0, description="Longest side of a stored image, in pixels.")
    thumbnail_side: int = Field(320, gt=0, description="Longest side of a thumbnail, in pixels.")
    fetch_threads: int = Field(16, ge=1, description="Downloads at once in one vision worker.")
    fetch_per_host: int = Field(
        8, ge=1, description="Downloads at once from one host, for imports and for single writes each."
    )
    fetch_private: bool = Field(
        False, description="Let image addresses lead to private networks (closed networks only)."
    )
    chunk_rows: int = Field(256, ge=1, le=256, description="Rows of one import chunk, at most 256.")

    # index
    group: str = Field("g1", description="Group of shards that this index worker holds.")
    index_threads: int = Field(4, ge=1, description="Searches at once in one index worker.")
    apply_threads: int = Field(2, ge=1, description="Threads that apply the log to shards.")
    faiss_threads: int = Field(1, ge=1, description="OpenMP threads of one FAISS search.")
    follow_every: float = Field(0.1, gt=0, description="How often the log is polled.")
    exact_below: int = Field(20_000, ge=0, description="A sealed segment of fewer rows is searched exactly.")
    seal_rows: int = Field(20_000, ge=1, description="Rows in the head after which a shard is sealed.")
    seal_entries: int = Field(2_000, ge=1, description="Log entries after which a shard is sealed.")
    seal_after: float = Field(
        3_600.0, gt=0, description="A shard with new entries is sealed after so long without another."
    )
    replica_seen: float = Field(5.0, gt=0, description="A group unseen for so long is skipped.")
    no_match_below: float | None = Field(
        None,
        description="Best score under which an item has no confident match; empty: the model's own.",
    )

    # telling
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(str.upper)] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR."
    )
    log_json: bool = Field(True, description="Log lines as JSON; false: readable text.")
    process: str = Field(
        default_factory=_process_name, description="Name of this process in claims and logs."
    )

    @field_validator("database_url", "object_store_url", "redis_url", "broker_url")
    @classmethod
    def _can_be_taken_apart(cls, url: str) -> str:
        """Libraries would say it later, and repeat a part of the password in what they say."""
        try:
            _ = urlsplit(url).port
        except ValueError:
            raise ValueError(
                "this is no URL; write / # ? [ and ] in a user name or password percent-encoded, as %2F"
            ) from None
        return url

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.heartbeat * 2 > self.lease:
            raise ValueError("TUSOU_LEASE must be at least twice TUSOU_HEARTBEAT")
        return self

    def kept_for(self, kind: JobKind) -> float:
        """Seconds that a finished job of this kind is kept: an import's row errors outlast results."""
        return self.errors_retention if kind == JobKind.IMPORT else self.retention

    @property
    def image_limits(self) -> ImageLimits:
        return ImageLimits(
            max_jpeg_pixels=self.max_jpeg_pixels,
            max_pixels=self.max_pixels,
            max_side=self.max_side,
            max_aspect=self.max_aspect,
        )

    @property
    def sql_url(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'tusou.db').absolute()}"

    @property
    def store_url(self) -> str:
        return self.object_store_url or (self.home / "objects").absolute().as_uri()

    @property
    def erased_store_url(self) -> str:
        return self.erased_list_url or self.store_url

    @property
    def amqp_or_redis_url(self) -> str:
        return self.broker_url or self.redis_url

    @property
    def index_cache(self) -> Path:
        return self.cache_folder or self.home / "index"


def sentences(error: ValidationError) -> list[str]:
    """What is wrong with the environment, a sentence for each variable."""
    return [f"TUSOU_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}" for fault in error.errors()]
