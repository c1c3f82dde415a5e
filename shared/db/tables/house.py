"""The house: keys, counters, the keeper's rounds, owners of objects, who is there."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Double, Index, Integer, String, Table, Text, text

from shared.db.tables.base import FINGERPRINT, HASH, ID, OBJECT, TENANT, metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", String(64), nullable=False),  # space-separated: search catalogue admin
    Column("hash", HASH, nullable=False, unique=True),  # SHA-256 of the key; the key has 160 random bits
    Column("rate_per_minute", Integer),
    Column("created_at", Double, nullable=False),
    Column("revoked_at", Double),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

rounds = Table(  # a keeper's round, leased to save work; correctness never depends on it
    "rounds",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(128), nullable=False),
    Column("lease_until", Double, nullable=False),
)

swept_hours = Table(
    "swept_hours",
    metadata,
    Column("hour", String(10), primary_key=True),  # yyyymmddhh
)

objects = Table(  # the owner row of each object
    "objects",
    metadata,
    Column("name", OBJECT, primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("sha256", HASH, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("removed_at", Double),  # marked: the object goes first, then this row
    Column("tried_at", Double),  # when its removal last failed
)
Index("objects_expires", objects.c.expires_at, postgresql_where=text("expires_at IS NOT NULL"))
Index("objects_removed", objects.c.removed_at, postgresql_where=text("removed_at IS NOT NULL"))

tenants = Table(  # who was served last, so that imports take turns
    "tenants",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("served_at", Double, nullable=False),
)

models = Table(
    "models",
    metadata,
    Column("fingerprint", FINGERPRINT, primary_key=True),
    Column("name", Text, nullable=False),
    Column("dim", Integer, nullable=False),
    Column("labels", Integer, nullable=False),  # how many the classifier knows
    Column("seen_at", Double, nullable=False),  # when a vision worker last served it
)

artefacts = Table(  # the model registry; a row never changes
    "artefacts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("fingerprint", FINGERPRINT, nullable=False),
    Column("files", JSON, nullable=False),  # {file: {object, sha256, length}}
    Column("facts", JSON, nullable=False),  # the model's card, its labels counted
    Column("created_at", Double, nullable=False),
)

workers = Table(  # processes that beat; a suspect's process never came back
    "workers",
    metadata,
    Column("process", String(128), primary_key=True),
    Column("kind", String(16), nullable=False),  # vision, trainer: those that claim jobs
    Column("fingerprint", FINGERPRINT),
    Column("stats", JSON, nullable=False),
    Column("seen_at", Double, nullable=False),
)
