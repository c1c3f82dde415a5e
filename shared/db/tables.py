"""Every table. Times are seconds since 1970 by the database's clock.

api_keys  secrets  counters  rounds  swept_hours            the house
objects                                                     owners of what the store holds
jobs ── parts                                               work, and one group's share of an answer
  └─ imports ── chunks ── row_errors
catalogs ── indexes ── shards ── log, snapshots, placements the index; replicas tell who serves it
products ── images                                          the catalogue
segments ── holdings                                        which object holds whose vectors
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

ID = String(64)
TENANT = String(64)
OBJECT = String(200)
FINGERPRINT = String(16)
HASH = String(64)

# ---------------------------------------------------------------- the house

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
    Column("finished_at", Double, nullable=False),
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

workers = Table(  # processes that beat; a suspect's process never came back
    "workers",
    metadata,
    Column("process", String(128), primary_key=True),
    Column("kind", String(16), nullable=False),  # vision, indexer, keeper
    Column("fingerprint", FINGERPRINT),
    Column("stats", JSON, nullable=False),
    Column("alone_for", ID),  # the suspect it runs, and nothing else beside it
    Column("seen_at", Double, nullable=False),
)

# ---------------------------------------------------------------- work

jobs = Table(
    "jobs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("kind", String(16), nullable=False),  # search, product, import
    Column("state", String(16), nullable=False),
    Column("stage", String(16), nullable=False),  # what has to happen next: topology.STAGES
    Column("attempt", Integer, nullable=False),  # the fence: every write of a claim carries it
    Column("created_at", Double, nullable=False),
    Column("finished_at", Double),
    Column("due_at", Double),  # when a keeper looks at it; null: nothing to send
    Column("sent_at", Double),  # when its message last left
    Column("claimed_at", Double),
    Column("lease_until", Double),
    Column("claimed_by", String(128)),
    Column("hedge_at", Double),  # missing parts are asked for once more
    Column("partial_at", Double),  # finished with the parts that are there
    Column("answer_by", Double),  # failed
    Column("parts_left", Integer),
    Column("index_id", ID),  # of a search: the index that was asked
    Column("groups", JSON),  # {group: [shards]} that were asked
    Column("suspect", Boolean, nullable=False),
    Column("losses_alone", Integer, nullable=False),
    Column("accept_no", BigInteger),
    Column("catalog", Text),
    Column("product_id", Text),
    Column("fingerprint", FINGERPRINT),
    Column("request", JSON, nullable=False),
    Column("outcome", LargeBinary),  # what the vision stage stored (shared/answer/outcome.py)
    Column("progress", JSON),
    Column("result", JSON),
    Column("error", JSON),
    Column("reasons", JSON),
    Column("timings_ms", JSON, nullable=False),
    Column("expires_at", Double),
)
Index(
    "jobs_due",
    jobs.c.due_at,
    postgresql_where=text("due_at IS NOT NULL"),
    sqlite_where=text("due_at IS NOT NULL"),
)
Index("jobs_open", jobs.c.state, jobs.c.kind, jobs.c.created_at)
Index("jobs_newest", jobs.c.tenant, jobs.c.created_at, jobs.c.id)
Index("jobs_product", jobs.c.tenant, jobs.c.product_id)
Index("jobs_expires", jobs.c.expires_at)

parts = Table(  # no attempt and no lease: the first insert counts
    "parts",
    metadata,
    Column("job_id", ID, primary_key=True),
    Column("group", String(64), primary_key=True),
    Column("body", JSON, nullable=False),
    ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("route", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("body_hash", HASH, nullable=False),
    Column("status", Integer, nullable=False),
    Column("job_id", ID),
    Column("location", Text),
    Column("created_at", Double, nullable=False),
)

imports = Table(
    "imports",
    metadata,
    Column("job_id", ID, primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("options", JSON, nullable=False),  # mode, dry_run, force, refresh, base
    Column("manifests", JSON, nullable=False),  # [{object, format, name}]
    Column("planned", Boolean, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("bad_rows", Integer, nullable=False),  # of the plan; chunks count their own
    Column("ignored_columns", JSON, nullable=False),
    Column("unreadable", Boolean, nullable=False),  # a manifest ended early: what it names is not known
    Column("errors_object", OBJECT),
    ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
)

chunks = Table(
    "chunks",
    metadata,
    Column("job_id", ID, primary_key=True),
    Column("no", Integer, primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("state", String(16), nullable=False),  # open, running, done, split, closed
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),  # since it was made, or its import was retried by hand
    Column("due_at", Double),  # an open one that failed waits so long
    Column("rows_object", OBJECT, nullable=False),
    Column("row_from", Integer, nullable=False),  # a half of a split chunk reads part of the object
    Column("row_to", Integer, nullable=False),
    Column("claimed_at", Double),
    Column("lease_until", Double),
    Column("claimed_by", String(128)),
    Column("suspect", Boolean, nullable=False),
    Column("losses_alone", Integer, nullable=False),
    Column("products", Integer, nullable=False),
    Column("images", Integer, nullable=False),
    Column("embedded", Integer, nullable=False),
    Column("bad_rows", Integer, nullable=False),
    Column("versions", JSON),  # {shard: [seq, chain]} that this chunk reached
    ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
)
Index("chunks_open", chunks.c.state, chunks.c.tenant, chunks.c.job_id, chunks.c.no)

manifest_ids = Table(  # ids that a row of a `replace` names, good or bad
    "manifest_ids",
    metadata,
    Column("job_id", ID, primary_key=True),
    Column("product_id", Text, primary_key=True),
    ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
)

row_errors = Table(
    "row_errors",
    metadata,
    Column("job_id", ID, primary_key=True),
    Column("no", Integer, primary_key=True),  # order of finding, within the chunk
    Column("chunk", Integer, primary_key=True),  # jobs.chunks.PLAN_CHUNK: the plan
    Column("manifest", Integer, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("product_id", Text),
    Column("field", Text),
    Column("reason", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
)

# ---------------------------------------------------------------- the index

catalogs = Table(
    "catalogs",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("created_at", Double, nullable=False),
)

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
    Column("build_holder", String(128)),
    Column("build_lease_until", Double),
)

log = Table(
    "log",
    metadata,
    Column("index_id", ID, primary_key=True),
    Column("shard", Integer, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("chain", String(16), nullable=False),
    Column("kind", String(16), nullable=False),  # upsert, delete, patch, sealed
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

# ---------------------------------------------------------------- the catalogue

products = Table(
    "products",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("catalog", String(64), nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("orders", JSON, nullable=False),  # {attribute: [accept_no, line]} that set it
    Column(
        "sources", JSON, nullable=False
    ),  # what its images should be: [{source, image_version, accept_no, line}]
    Column("images_order", JSON, nullable=False),  # [accept_no, line] of the last append
    Column("accepted_at", BigInteger, nullable=False),  # newest accept_no that touched it
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("deleted_no", BigInteger),  # accept_no of its delete: a tombstone
    Column("deleted_at", Double),
)
Index("products_catalog", products.c.tenant, products.c.catalog, products.c.id)

images = Table(
    "images",
    metadata,
    Column("id", ID, primary_key=True),  # random: tells nothing of other tenants
    Column("tenant", TENANT, nullable=False),
    Column("product_id", Text),  # null: an upload or a query
    Column("source", Text),
    Column("image_version", Text),
    Column("accept_no", BigInteger),
    Column("line", BigInteger),  # of several manifests: number of the manifest × LINES_PER_MANIFEST + line
    Column("position", Integer),
    Column("state", String(16), nullable=False),  # new, ready, rejected
    Column("reasons", JSON),
    Column("sha256", HASH),  # of the bytes as they came
    Column("etag", Text),
    Column("last_modified", Text),
    Column("width", Integer),
    Column("height", Integer),
    Column("upload", OBJECT),  # as it came; gone once the normalised image is there
    Column("normalised", OBJECT),
    Column("thumbnail", OBJECT),
    Column("fingerprint", FINGERPRINT),
    Column("segment", OBJECT),
    Column("segment_row", Integer),  # row within the segment's part of this product's shard
    Column("vector", LargeBinary),  # float16, of single writes
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
)
Index("images_product", images.c.tenant, images.c.product_id)
Index("images_bytes", images.c.tenant, images.c.sha256, images.c.fingerprint)
Index("images_expires", images.c.expires_at)
