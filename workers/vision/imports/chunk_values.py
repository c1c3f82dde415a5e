"""The rows of a chunk, what became of each, and what is told of bad ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.catalog.changes import KeptImage
from shared.catalog.manifest.rows import ProductRow
from shared.catalog.manifest.wire import from_json
from shared.jobs.chunks import LINES_PER_MANIFEST, Chunk
from shared.reasons import Reason
from workers.vision.images.values import Ready, Unchanged, Wanted

CATALOG_FIXED = "catalog_fixed"


@dataclass(frozen=True)
class ChunkRow:
    """A row of the manifest with this number."""

    manifest: int
    row: ProductRow

    @property
    def line(self) -> int:
        """Its place among the rows of all manifests of the import."""
        return self.manifest * LINES_PER_MANIFEST + self.row.line


@dataclass(frozen=True)
class RowFault:
    """A bad row: what stands in its line of the error file."""

    manifest: int
    line: int
    product_id: str
    field: str
    reason: str
    detail: str


@dataclass
class RowOutcome:
    """What became of one row: its images, and what was wrong."""

    row: ChunkRow
    kept: list[KeptImage] = field(default_factory=list)
    renewed: list[Unchanged] = field(default_factory=list)  # of `kept`: hosts that name new validators
    ready: list[Ready] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """The whole row: it changes nothing."""
        return any(fault.reason == CATALOG_FIXED for fault in self.faults)

    def take(self, wanted: Wanted, ended: Ready | Unchanged | Reason) -> None:
        match ended:
            case Ready():
                self.ready.append(ended)
            case Unchanged():
                self.kept.append(ended.image)
                known = wanted.known
                if known is None or (ended.etag, ended.last_modified) != (known.etag, known.last_modified):
                    self.renewed.append(ended)
            case Reason():
                self.blame("images", ended.code, _told(wanted, ended))

    def blame(self, where: str, reason: str, detail: str) -> None:
        row = self.row
        self.faults.append(RowFault(row.manifest, row.row.line, row.row.id, where, reason, detail))


def read_rows(body: bytes, chunk: Chunk) -> Iterator[ChunkRow]:
    """The rows of a chunk out of the object that the plan wrote."""
    for line in body.decode().split("\n")[chunk.row_from : chunk.row_to]:
        record = json.loads(line)
        row = from_json({"row": record["row"]})
        assert isinstance(row, ProductRow)  # the plan writes nothing else
        yield ChunkRow(record["manifest"], row)


def _told(wanted: Wanted, reason: Reason) -> str:
    which = f"image {wanted.position + 1}, {wanted.source.text[:200]}"
    if reason.measured is not None and reason.threshold is not None:
        return f"{which}: measured {reason.measured:g}, limit {reason.threshold:g}"
    return f"{which}: {reason.detail or reason.code}"
