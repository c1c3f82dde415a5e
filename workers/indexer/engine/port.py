"""What a shard's engine takes and gives. Engines hold vectors and filter columns; they know no SQL, no
object store and no log: changes come in the log's order, a snapshot goes out as files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.answer.merge import Hit
from shared.catalog.filters import NO_FILTERS, Columns, Filters
from shared.jobs.search_request import GroupBy
from shared.vectors.codec import Rows

__all__ = [
    "Change",
    "Columns",
    "Delete",
    "Drop",
    "EngineFactory",
    "Filters",
    "Frozen",
    "GroupBy",
    "Hit",
    "Patch",
    "SealedFile",
    "SealedFiles",
    "ShardEngine",
    "ShardQuery",
    "Upsert",
]


@dataclass(frozen=True, eq=False)
class Upsert:
    """Add rows, or replace those of the same (image, item); of two such in here the later one counts.

    Afterwards all rows of a product named in `columns` carry those columns, older rows too. Raises
    ValueError when a row's product has no columns here.
    """

    rows: Rows
    columns: Mapping[str, Columns]

    def __post_init__(self) -> None:
        missing = set(self.rows.product_ids) - self.columns.keys()
        if missing:
            raise ValueError(f"no columns for product {min(missing)!r}")


@dataclass(frozen=True)
class Drop:
    """Images that left their product: all their rows go."""

    image_ids: tuple[str, ...]


@dataclass(frozen=True)
class Delete:
    """All rows of a product go."""

    product_id: str


@dataclass(frozen=True)
class Patch:
    """All rows of a product carry these columns from now on; nothing happens where it has no row."""

    product_id: str
    columns: Columns


Change = Upsert | Drop | Delete | Patch


@dataclass(frozen=True, eq=False)
class ShardQuery:
    """`vector`: (dim,) float32, unit length. `min_score`: cosine. Exclusions count before grouping.

    `exact` reads every allowed row, whatever index there is. Raises ValueError for a limit below 1 or a
    vector with numbers that are not finite.
    """

    vector: NDArray[np.float32]
    limit: int
    group_by: GroupBy = "product"
    min_score: float | None = None
    filters: Filters = NO_FILTERS
    exclude_images: frozenset[str] = frozenset()
    exclude_products: frozenset[str] = frozenset()
    exact: bool = False

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise ValueError("limit must be at least 1")
        if self.vector.ndim != 1 or not np.isfinite(self.vector).all():
            raise ValueError("a query is one vector of finite numbers")


@dataclass(frozen=True)
class SealedFile:
    """A file of a snapshot. `path` is None for one that an earlier snapshot stored under the same name."""

    name: str
    path: Path | None

    @property
    def reused(self) -> bool:
        return self.path is None


@dataclass(frozen=True)
class SealedFiles:
    """`manifest` (JSON) together with every file it names is all that `load` needs."""

    manifest: dict[str, Any]
    files: tuple[SealedFile, ...]


class Frozen(Protocol):
    """A shard as it stood when `freeze` was called."""

    def seal(self, workspace: Path, *, purge: bool = False) -> SealedFiles:
        """Write a snapshot's new files into the folder `workspace`; takes minutes for a large shard.

        With `purge` no file that it names holds a dead row.
        """


class ShardEngine(Protocol):
    """One shard. One thread at a time applies; any number search meanwhile, and none waits for another."""

    @property
    def dim(self) -> int: ...

    @property
    def fingerprint(self) -> str: ...

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply in order; searches see all of it or nothing. Raises ValueError for another dimension."""

    def search(self, query: ShardQuery) -> list[Hit]:
        """At most `limit` hits, one per group (its best row), best first, ties by product and image id.

        Raises ValueError for a vector of another dimension.
        """

    def rows(self) -> int:
        """Live rows."""

    def stats(self) -> dict[str, Any]:
        """JSON: `rows`, `dead`, `head`, `bytes`, and `segments` with type, probes and recall reached."""

    def freeze(self) -> Frozen:
        """What has been applied so far, in no time.

        Called by the thread that applies, it stands at a known log position, and another thread seals it.
        """

    def seal(self, workspace: Path, *, purge: bool = False) -> SealedFiles:
        """`freeze().seal(workspace)`. The engine itself stays as it is: a snapshot is taken up by `load`."""


class EngineFactory(Protocol):
    """How a process makes its engines; the wiring chooses one."""

    def open(self, dim: int, fingerprint: str) -> ShardEngine:
        """An empty shard."""

    def load(self, manifest: Mapping[str, Any], files: Mapping[str, Path], fingerprint: str) -> ShardEngine:
        """The shard that was sealed. `files` maps each name of the snapshot to where it lies; they must stay
        there, unchanged, as long as the engine lives.

        The caller has verified every file's checksum. Raises FingerprintMismatch for a snapshot of another
        model and CorruptBlock when files and manifest do not fit together.
        """
