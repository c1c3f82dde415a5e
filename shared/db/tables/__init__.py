"""Every table. Times are seconds since 1970 by the database's clock.

house      api_keys  secrets  counters  rounds  swept_hours  tenants  models  artefacts  workers
           objects                        the owner of each object of the store
work       jobs ── parts                  one group's share of an answer
             ├─ idempotency
             └─ imports ── chunks ── row_errors, manifest_ids
index      indexes ── shards ── log, snapshots, placements; replicas tell who serves them
           segments ── holdings           which object holds whose vectors
catalogue  catalogs  products ── images
erasure    erasures ── rewrites           what was promised to go, and segments to free of it
"""

from __future__ import annotations

from shared.db.tables.base import metadata
from shared.db.tables.erasure import erasures, rewrites
from shared.db.tables.house import (
    api_keys,
    artefacts,
    counters,
    models,
    objects,
    rounds,
    secrets,
    swept_hours,
    tenants,
    workers,
)
from shared.db.tables.index import (
    holdings,
    indexes,
    log,
    placements,
    replicas,
    segments,
    shards,
    snapshots,
)
from shared.db.tables.products import catalogs, images, products
from shared.db.tables.work import (
    chunks,
    explanations,
    idempotency,
    imports,
    jobs,
    manifest_ids,
    parts,
    row_errors,
)

__all__ = [
    "api_keys",
    "artefacts",
    "catalogs",
    "chunks",
    "counters",
    "erasures",
    "explanations",
    "holdings",
    "idempotency",
    "images",
    "imports",
    "indexes",
    "jobs",
    "log",
    "manifest_ids",
    "metadata",
    "models",
    "objects",
    "parts",
    "placements",
    "products",
    "replicas",
    "rewrites",
    "rounds",
    "row_errors",
    "secrets",
    "segments",
    "shards",
    "snapshots",
    "swept_hours",
    "tenants",
    "workers",
]
