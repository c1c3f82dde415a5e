"""Erasure: what was promised to go, and the objects that have to be rewritten for it."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Double, Index, String, Table, Text, text

from shared.db.tables.base import ID, OBJECT, TENANT, metadata

erasures = Table(  # a receipt; what is null has not happened yet
    "erasures",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("kind", String(16), nullable=False),  # product, job
    Column("subject", Text),  # its id; forgotten once erased
    Column("catalog", String(64)),  # of a product
    Column("accept_no", BigInteger),  # of a product: what was accepted later stays
    Column("hidden_at", Double, nullable=False),
    Column("erase_by", Double, nullable=False),
    Column("listed_at", Double),  # it stands in the list that outlives backups
    Column("begun_at", Double),
    Column("positions", JSON),  # {index/shard: seq}: two snapshots have to lie beyond
    Column("objects", JSON),  # segments that held it when it was begun
    Column("clean_at", Double),  # no row, entry, snapshot or segment holds it any more
    Column("erased_at", Double),
    # JSON {table: its file}: PostgreSQL tables that may hold freed bytes of it until they are written anew
    Column("unwritten", Text),
)
Index("erasures_subject", erasures.c.tenant, erasures.c.kind, erasures.c.subject)
Index(
    "erasures_open",
    erasures.c.hidden_at,
    postgresql_where=text("erased_at IS NULL"),
    sqlite_where=text("erased_at IS NULL"),
)

rewrites = Table(  # segments that a keeper wants to be free of rows that are no longer current
    "rewrites",
    metadata,
    Column("object", OBJECT, primary_key=True),
    Column("asked_at", Double, nullable=False),
    Column("holder", String(128)),
    Column("lease_until", Double),
)
