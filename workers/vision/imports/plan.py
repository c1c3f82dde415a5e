"""The plan of an import: manifests, parsed in a limited child, streamed into chunks of at most 256 rows.

Chunks are open as soon as they are written. A plan that is done again makes the same chunks: what
is there already is left as it is.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from shared.catalog.manifest.rows import ManifestDone, ManifestUnreadable, ProductRow, RowError
from shared.catalog.manifest.wire import to_json
from shared.db.tables import imports, manifest_ids, row_errors
from shared.jobs import chunks as chunk_rows
from shared.jobs import store as jobs
from shared.jobs.chunks import PLAN_CHUNK
from shared.jobs.ends import finish
from shared.jobs.job import Claim, State
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored
from shared.topology import CHUNKS
from workers.vision.deps import Vision
from workers.vision.imports.manifest_parse import parse_in_child

ERRORS_A_TRANSACTION = 1_000


@dataclass
class _Tally:
    rows: int = 0
    bad: int = 0
    chunks: int = 0
    errors: int = 0
    unreadable: bool = False
    ignored: set[str] = field(default_factory=set)


def run(vision: Vision, claim: Claim) -> None:
    """Plan a claimed import; `dry_run` ends it here."""
    with vision.db.read() as c:
        wanted = c.execute(select(imports).where(imports.c.job_id == claim.id)).one()
    tally = _Tally()
    for number, manifest in enumerate(wanted.manifests):
        with tempfile.TemporaryDirectory(prefix="tusou-plan-") as folder:
            file = Path(folder) / "manifest"
            _fetch(vision, claim, manifest, file)
            _read(vision, claim, wanted, number, parse_in_child(file, manifest["format"]), tally)
    values = {
        "planned": True,
        "rows": tally.rows,
        "bad_rows": tally.bad,
        "ignored_columns": sorted(tally.ignored),
        "unreadable": tally.unreadable,
    }
    with vision.db.write() as c:
        jobs.save_stage(c, claim.id, claim.attempt, stage=CHUNKS.name, due_at=None)
        c.execute(update(imports).where(imports.c.job_id == claim.id).values(values))
        if wanted.options["dry_run"]:
            counted = {name: values[name] for name in ("rows", "bad_rows", "ignored_columns")}
            result = {"dry_run": True, **counted}
            keep_for = vision.settings.errors_retention
            finish(c, claim.id, State.SUCCEEDED, keep_for=keep_for, result=result)
    if wanted.options["dry_run"]:
        vision.notifier.job_done(claim.id)
    vision.nudges.nudge()


def _fetch(vision: Vision, claim: Claim, manifest: dict[str, Any], file: Path) -> None:
    if manifest.get("kind") == "incoming":
        # Copied under a name of ours, so that a plan done again reads the same bytes.
        copy = vision.store.adopt(manifest["object"], new_name("manifests", claim.tenant, vision.db.clock()))
        _note_copy(vision, claim, manifest["object"], copy)
        owner = copy
    else:
        with vision.db.read() as c:
            owner = owners.find(c, manifest["object"])
    vision.store.fetch_to(owner.name, file, sha256=owner.sha256, length=owner.length)


def _note_copy(vision: Vision, claim: Claim, key: str, copy: Stored) -> None:
    with vision.db.write() as c:
        jobs.hold(c, claim.id, claim.attempt)
        owners.own(c, claim.tenant, [copy])
        manifests = c.execute(select(imports.c.manifests).where(imports.c.job_id == claim.id)).scalar_one()
        renamed = [
            {**m, "object": copy.name, "kind": "upload"} if m["object"] == key else m for m in manifests
        ]
        c.execute(update(imports).where(imports.c.job_id == claim.id).values(manifests=renamed))


def _read(
    vision: Vision, claim: Claim, wanted: Any, number: int, records: Iterator[Any], tally: _Tally
) -> None:
    rows: list[dict[str, Any]] = []
    named: list[str] = []
    errors: list[RowError] = []
    for record in records:
        match record:
            case ProductRow():
                tally.rows += 1
                rows.append({"manifest": number, **to_json(record)})
                named.append(record.id)
            case RowError():
                tally.rows += 1
                tally.bad += 1
                errors.append(record)
                if record.product_id is not None:
                    named.append(record.product_id)
            case ManifestUnreadable():
                tally.bad += 1
                tally.unreadable = True
                errors.append(RowError(record.line, None, record.reason, record.detail))
            case ManifestDone():
                tally.ignored |= set(record.ignored_columns)
        if len(rows) == wanted.options["chunk_rows"] or len(errors) == ERRORS_A_TRANSACTION:
            _flush(vision, claim, wanted, number, rows, named, errors, tally)
            rows, named, errors = [], [], []
    _flush(vision, claim, wanted, number, rows, named, errors, tally)


def _flush(
    vision: Vision,
    claim: Claim,
    wanted: Any,
    number: int,
    rows: list[dict[str, Any]],
    named: list[str],
    errors: list[RowError],
    tally: _Tally,
) -> None:
    stored = None
    if rows and not wanted.options["dry_run"]:
        body = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
        stored = vision.store.put(new_name("chunks", claim.tenant, vision.db.clock()), body)
    with vision.db.write() as c:
        jobs.hold(c, claim.id, claim.attempt)
        if stored is not None:
            owners.own(c, claim.tenant, [stored])
            added = chunk_rows.add(
                c,
                vision.db,
                job_id=claim.id,
                no=tally.chunks,
                tenant=claim.tenant,
                rows_object=stored.name,
                rows=len(rows),
            )
            if not added:
                owners.remove(c, [stored.name])
        if wanted.options["mode"] == "replace" and named:
            c.execute(
                vision.db.insert(manifest_ids).on_conflict_do_nothing(),
                [{"job_id": claim.id, "product_id": product_id} for product_id in dict.fromkeys(named)],
            )
        if errors:
            c.execute(
                vision.db.insert(row_errors).on_conflict_do_nothing(),
                [
                    {
                        "job_id": claim.id,
                        "chunk": PLAN_CHUNK,
                        "no": tally.errors + offset,
                        "manifest": number,
                        "line": e.line,
                        "product_id": e.product_id,
                        "field": e.field,
                        "reason": e.reason,
                        "detail": e.detail,
                    }
                    for offset, e in enumerate(errors)
                ],
            )
    tally.errors += len(errors)
    if rows:
        tally.chunks += 1
        vision.nudges.nudge()
