"""The index: indexes, shards with their logs and snapshots, and who serves them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from shared.db.tables.base import FINGERPRINT, HASH, ID, OBJECT, TENANT, metadata

indexes = Table(
    "indexes",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("catalog", String(64), nullable=False),
    Column("model", Text, nullable=False),
    Column("fingerprint", FINGERPRINT, nullable=False),
    Column("dim", Integer, nullable=False),
    Column("shards", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # building, live, retired
    Column("created_at", Double, nullable=False),
    Column("live_at", Double),
    # For the move of a catalog to another model: written by nothing yet.
    Column("retired_at", Double),
    Column("successor", JSON),  # {id, positions} where a retired one's versions are met
)
Index("indexes_catalog", indexes.c.tenant, indexes.c.catalog, indexes.c.state)

shards = Table(  # the row whose lock gives out seq
    "shards",
    metadata,
    Column("index_id", ID, primary_key=True),
    Column("shard", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("chain", String(16), nullable=False),  # 8 bytes, hex
    Column("trimmed_to", BigInteger, nullable=False),  # entries up to here are gone
    Column("rows_logged", BigInteger, nullable=False),
    Column("sealed_seq", BigInteger, nullable=False),
    Column("sealed_rows_logged", BigInteger, nullable=False),
    Column("seal_wanted", Boolean, nullable=False),
    Column("changed_at", Double),
    Column("seal_holder", String(128)),
    Column("seal_lease_until", Double),
    # Erasure: the log is wanted to be trimmed to here, by two snapshots beyond …
    Column("renew_seq", BigInteger, nullable=False, server_default="0"),
    # … of which none keeps a row that was dead here.
    Column("purge_seq", BigInteger, nullable=False, server_default="0"),
)

log = Table(
    "log",
    metadata,
    Column("index_id", ID, primary_key=True),
    Column("shard", Integer, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("chain", String(16), nullable=False),
    Column("kind", String(16), nullable=False),  # segment, inline, delete, patch, sealed
    Column("digest", HASH, nullable=False),
    Column("body", JSON, nullable=False),
    Column("inline", LargeBinary),  # the block of a single write
    Column("created_at", Double, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", ID, primary_key=True),
    Column("index_id", ID, nullable=False),
    Column("shard", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("chain", String(16), nullable=False),
    Column("manifest", JSON, nullable=False),
    Column("files", JSON, nullable=False),  # {file: {object, sha256, length}}
    Column("created_at", Double, nullable=False),
    Column("bad_at", Double),  # a file of it failed its checksum
)
Index("snapshots_shard", snapshots.c.index_id, snapshots.c.shard, snapshots.c.seq)

placements = Table(
    "placements",
    metadata,
    Column("index_id", ID, primary_key=True),
    Column("shard", Integer, primary_key=True),
    Column("group", String(64), nullable=False),
)
Index("placements_group", placements.c.group)

replicas = Table(  # index workers that have loaded their group's shards
    "replicas",
    metadata,
    Column("process", String(128), primary_key=True),
    Column("group", String(64), nullable=False),
    Column("state", JSON, nullable=False),  # {"index/shard": {seq, rows, …}}
    Column("seen_at", Double, nullable=False),
)

segments = Table(  # one object per chunk; a part of it per index and shard
    "segments",
    metadata,
    Column("object", OBJECT, primary_key=True),
    Column("index_id", ID, primary_key=True),
    Column("shard", Integer, primary_key=True),
    Column("offset", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("sha256", HASH, nullable=False),
)

holdings = Table(  # which segments hold whom: what an erasure has to rewrite
    "holdings",
    metadata,
    Column("object", OBJECT, primary_key=True),
    Column("tenant", TENANT, primary_key=True),
    Column("product_id", Text, primary_key=True),
)
Index("holdings_product", holdings.c.tenant, holdings.c.product_id)
