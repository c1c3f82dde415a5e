"""Catalogs, models, indexes and health: the state of the world."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.gateway.schemas.common import Ask, JsonObject, Shaped, Tell

MAX_SHARDS = 1_024


ModelName = Annotated[str, Shaped(r"^[!-~]{1,200}$", "a model's name is 1 to 200 visible ASCII characters")]


class CatalogBody(Ask):
    model: ModelName | None = Field(None, description="A model that a vision worker serves.")
    shards: int = Field(1, ge=1, le=MAX_SHARDS)


class Catalog(Tell):
    name: str
    products: int
    model: str
    fingerprint: str
    dim: int
    shards: int
    created_at: str


class PurgeQuery(Ask):
    force: bool = Field(False, description="Has to be true: every product of the catalog is deleted.")


class Purged(Tell):
    """`deleted` is null where an earlier request with the same Idempotency-Key began it."""

    catalog: str
    deleted: int | None
    version: str


class Model(Tell):
    name: str
    fingerprint: str
    dim: int
    labels: int
    seen_at: str
    served: bool


class Models(Tell):
    models: list[Model]


class Replica(Tell):
    process: str
    group: str
    state: JsonObject | None = Field(
        description="What it serves of the shard; `broken` tells why not, or not up to the log's end."
    )


class Shard(Tell):
    shard: int
    group: str | None
    seq: int
    rows_logged: int
    sealed_seq: int
    sealed_rows_logged: int
    seal_wanted: bool
    snapshots: int
    replicas: list[Replica]


class Index(Tell):
    id: str
    catalog: str
    model: str
    fingerprint: str
    dim: int
    state: str
    created_at: str
    version: str
    shards: list[Shard]


class Indexes(Tell):
    indexes: list[Index]


class Alive(Tell):
    status: str


class Ready(Tell):
    """`status` is ready, degraded (work is taken but waits) or down; `parts` names what is away."""

    status: str
    parts: dict[str, str]


class Sample(Tell):
    url: str
    label: str


class Samples(Tell):
    samples: list[Sample]
