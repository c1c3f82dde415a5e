"""What repairs share."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.db.engine import Database
from shared.storage.port import ObjectStore


@dataclass
class Repairs:
    """Filled while findings are gone through: `lost`, {(tenant, product): its images to embed again}, of
    which those in `vectors` have lost their vectors and the others their pictures alone; `columns`, {shard:
    (tenant, product) whose filter columns its log is to tell}; and `renewed`, the shards that begin a new
    history. `damaged`: objects that cannot be read."""

    db: Database
    store: ObjectStore
    default_group: str
    keep_for: float  # seconds that a job which is ended here is kept
    retention: float = 86_400.0  # that a photo is, which had no time to go at
    erase_within: float = 86_400.0
    lost: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    vectors: set[str] = field(default_factory=set)
    columns: dict[tuple[str, int], set[tuple[str, str]]] = field(default_factory=dict)
    renewed: dict[tuple[str, int], None] = field(default_factory=dict)
    damaged: frozenset[str] = frozenset()

    def embed(self, tenant: str, product_id: str, image_id: str, *, vector: bool) -> None:
        """`vector`: it is lost; else the picture is."""
        self.lost.setdefault((tenant, product_id), set()).add(image_id)
        if vector:
            self.vectors.add(image_id)

    def renew(self, index_id: str, shard: int) -> None:
        self.renewed[index_id, shard] = None
