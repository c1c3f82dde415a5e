"""The catalogue: catalogs, products and their images."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from shared.db.tables.base import FINGERPRINT, HASH, ID, OBJECT, TENANT, metadata

catalogs = Table(
    "catalogs",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("name", String(64), primary_key=True),
    # accept_no of the newest `replace` or purge: an older import brings no product back after it.
    Column("replaced_no", BigInteger, nullable=False, server_default="0"),
    Column("created_at", Double, nullable=False),
)

products = Table(
    "products",
    metadata,
    Column("tenant", TENANT, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("catalog", String(64), nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("orders", JSON, nullable=False),  # {attribute: [accept_no, line]} that set it
    Column("images_order", JSON, nullable=False),  # [accept_no, line] of the last append
    Column("accepted_no", BigInteger, nullable=False),  # newest accept_no that touched it
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("deleted_no", BigInteger),  # accept_no of its delete: a tombstone
    Column("deleted_at", Double),
)
Index("products_catalog", products.c.tenant, products.c.catalog, products.c.id)
Index(
    "products_deleted",
    products.c.deleted_at,
    postgresql_where=text("deleted_at IS NOT NULL"),
    sqlite_where=text("deleted_at IS NOT NULL"),
)

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
    Column("state", String(16), nullable=False),  # new, ready, rejected (reasons say why)
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
