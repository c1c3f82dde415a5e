"""The records of one manifest, written as chunks of rows, the ids that they name, and row errors."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from shared.catalog.manifest.rows import ManifestDone, ManifestUnreadable, ProductRow, Record, RowError
from shared.catalog.manifest.wire import to_json
from shared.db.tables import manifest_ids, row_errors
from shared.jobs import chunks as chunk_rows
from shared.jobs import store as jobs
from shared.jobs.chunks import PLAN_CHUNK
from shared.jobs.import_request import ImportOptions
from shared.jobs.job import Claim
from shared.kill_points import kill_point
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored
from workers.vision.deps import Vision

ERRORS_A_TRANSACTION = 1_000


@dataclass
class Tally:
    """Counts over all manifests of an import."""

    rows: int = 0
    bad: int = 0
    chunks: int = 0
    errors: int = 0
    unreadable: bool = False
    ignored: set[str] = field(default_factory=set)


class PlanWriter:
    """Writes a chunk whenever its rows are there; `flush` writes what is left. Raises LostClaim."""

    def __init__(
        self, vision: Vision, claim: Claim, options: ImportOptions, number: int, tally: Tally
    ) -> None:
        self._vision = vision
        self._claim = claim
        self._options = options
        self._number = number  # of the manifest among those of its import
        self._tally = tally
        self._empty()

    def _empty(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._named: list[str] = []
        self._errors: list[RowError] = []

    def add(self, record: Record) -> None:
        match record:
            case ProductRow():
                self._tally.rows += 1
                self._rows.append({"manifest": self._number, **to_json(record)})
                self._named.append(record.id)
            case RowError():
                self._tally.rows += 1
                self._blame(record)
                if record.product_id is not None:
                    self._named.append(record.product_id)
            case ManifestUnreadable():
                self._tally.unreadable = True
                self._blame(RowError(record.line, None, record.reason, record.detail))
            case ManifestDone():
                self._tally.ignored |= set(record.ignored_columns)
        if len(self._rows) == self._options.chunk_rows or len(self._errors) == ERRORS_A_TRANSACTION:
            self.flush()

    def _blame(self, error: RowError) -> None:
        self._tally.bad += 1
        self._errors.append(error)

    def flush(self) -> None:
        stored = self._store_rows()
        kill_point("plan.rows_stored")
        with self._vision.db.write() as c:
            jobs.hold(c, self._claim.id, self._claim.attempt)
            if stored is not None:
                self._add_chunk(c, stored)
            self._note_named(c)
            self._note_errors(c)
            kill_point("plan.rows_written")
        kill_point("plan.rows_committed")
        self._tally.errors += len(self._errors)
        if self._rows:
            self._tally.chunks += 1
            self._vision.nudges.nudge()
        self._empty()

    def _store_rows(self) -> Stored | None:
        if not self._rows or self._options.dry_run:
            return None
        body = "\n".join(json.dumps(row, ensure_ascii=False) for row in self._rows).encode()
        return self._vision.store.put(new_name("chunks", self._claim.tenant, self._vision.db.clock()), body)

    def _add_chunk(self, c: Connection, stored: Stored) -> None:
        owners.own(c, self._claim.tenant, [stored])
        added = chunk_rows.add(
            c,
            self._vision.db,
            job_id=self._claim.id,
            no=self._tally.chunks,
            tenant=self._claim.tenant,
            rows_object=stored.name,
            rows=len(self._rows),
        )
        if not added:
            owners.remove(c, [stored.name])

    def _note_named(self, c: Connection) -> None:
        if self._options.mode == "replace" and self._named:
            c.execute(
                self._vision.db.insert(manifest_ids).on_conflict_do_nothing(),
                [{"job_id": self._claim.id, "product_id": one} for one in dict.fromkeys(self._named)],
            )

    def _note_errors(self, c: Connection) -> None:
        if not self._errors:
            return
        here = {"job_id": self._claim.id, "chunk": PLAN_CHUNK, "manifest": self._number}
        c.execute(
            self._vision.db.insert(row_errors).on_conflict_do_nothing(),
            [
                {
                    **here,
                    "no": self._tally.errors + offset,
                    "line": e.line,
                    "product_id": e.product_id,
                    "field": e.field,
                    "reason": e.reason,
                    "detail": e.detail,
                }
                for offset, e in enumerate(self._errors)
            ],
        )
