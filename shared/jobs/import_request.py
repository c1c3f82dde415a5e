"""What the gateway tells the workers of an import: values, and their forms in the row of `imports`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from shared.catalog.manifest.formats import ManifestFormat

ImportMode = Literal["upsert", "replace"]


@dataclass(frozen=True)
class ImportOptions:
    """`chunk_rows` is kept, so that a plan done again cuts the same chunks.

    `force`: a `replace` deletes although many rows are bad. `refresh`: hosts of unchanged images are asked
    whether they changed. `base`: the folder that relative image paths start from.
    """

    chunk_rows: int
    mode: ImportMode = "upsert"
    dry_run: bool = False
    force: bool = False
    refresh: bool = False
    base: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> ImportOptions:
        return cls(**body)


@dataclass(frozen=True)
class StoredManifest:
    """Where a manifest lies. `incoming`: where its shop laid it, until the plan takes a copy of our own."""

    object: str
    name: str
    format: ManifestFormat
    incoming: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> StoredManifest:
        return cls(**{**body, "format": ManifestFormat(body["format"])})
