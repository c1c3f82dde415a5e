"""Work: jobs, parts of answers, explanations, imports with their chunks and row errors."""

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
    String,
    Table,
    Text,
    text,
)

from shared.db.tables.base import FINGERPRINT, HASH, ID, OBJECT, TENANT, metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("kind", String(16), nullable=False),  # search, product, import, training
    Column("state", String(16), nullable=False),
    Column("stage", String(16), nullable=False),  # what has to happen next: topology.STAGES
    Column("attempt", Integer, nullable=False),  # the fence: every write of a claim carries it
    Column("tries", Integer, nullable=False),  # that failed, since this stage began or was retried by hand
    Column("created_at", Double, nullable=False),
    Column("finished_at", Double),
    Column("due_at", Double),  # when a keeper looks at it; null: nothing to send
    Column("sent_at", Double),  # when its message last left
    Column("claimed_at", Double),
    Column("lease_until", Double),
    Column("claimed_by", String(128)),
    Column("handed_at", Double),  # when the vision outcome was stored and the parts were asked for
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
Index("jobs_oldest_write", jobs.c.state, jobs.c.accept_no)
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

explanations = Table(  # why a hit matched; it waits for its job while its objects are null
    "explanations",
    metadata,
    Column("job_id", ID, primary_key=True),  # of the search
    Column("item", Integer, primary_key=True),
    Column("hit", Integer, primary_key=True),  # its rank, from 1
    Column("made_by", ID, nullable=False),  # the job that makes it
    Column("query_image", ID, nullable=False),
    Column("result_image", ID, nullable=False),
    Column("query_object", OBJECT),  # PNGs
    Column("result_object", OBJECT),
    ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
)
Index("explanations_made_by", explanations.c.made_by)
Index("explanations_query_image", explanations.c.query_image)
Index("explanations_result_image", explanations.c.result_image)

idempotency = Table(
    "idempotency",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("route", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("body_hash", HASH, nullable=False),
    Column("job_id", ID),
    Column("location", Text),
    Column("accept_no", BigInteger),  # of a purge: a repeat goes on with it
    Column("created_at", Double, nullable=False),
)

imports = Table(
    "imports",
    metadata,
    Column("job_id", ID, primary_key=True),
    Column("tenant", TENANT, nullable=False),
    Column("options", JSON, nullable=False),  # import_request.ImportOptions
    Column("manifests", JSON, nullable=False),  # a list of import_request.StoredManifest
    Column("planned", Boolean, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("bad_rows", Integer, nullable=False),  # of the plan; chunks count their own
    Column("ignored_columns", JSON, nullable=False),
    Column("unreadable", Boolean, nullable=False),  # a manifest ended early: what it names is not known
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
    Column("tries", Integer, nullable=False),  # that failed, since its import was retried by hand
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
Index("chunks_open", chunks.c.state, chunks.c.job_id, chunks.c.suspect, chunks.c.no)

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
