"""The plan of an import: manifests, parsed in a limited child, streamed into chunks of at most 256 rows.

Chunks are open as soon as they are written. A plan that is done again makes the same chunks: what
is there already is left as it is.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select, update

from shared.db.tables import imports
from shared.jobs import store as jobs
from shared.jobs.ends import finish
from shared.jobs.import_request import ImportOptions, StoredManifest
from shared.jobs.job import Claim, State
from shared.kill_points import kill_point
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored
from shared.topology import CHUNKS
from workers.vision.deps import Vision
from workers.vision.imports.manifest_parse import parse_in_child
from workers.vision.imports.plan_writer import PlanWriter, Tally


def run(vision: Vision, claim: Claim) -> None:
    """Plan a claimed import; `dry_run` ends it here."""
    with vision.db.read() as c:
        wanted = c.execute(select(imports).where(imports.c.job_id == claim.id)).one()
    tally = Tally()
    options = ImportOptions.from_json(wanted.options)
    for number, noted in enumerate(wanted.manifests):
        manifest = StoredManifest.from_json(noted)
        with tempfile.TemporaryDirectory(prefix="tusou-plan-") as folder:
            file = Path(folder) / "manifest"
            _fetch(vision, claim, manifest, file)
            kill_point("plan.fetched")
            writer = PlanWriter(vision, claim, options, number, tally)
            for record in parse_in_child(file, manifest.format):
                writer.add(record)
            writer.flush()
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
        if options.dry_run:
            counted = {name: values[name] for name in ("rows", "bad_rows", "ignored_columns")}
            errors_url = f"/v1/imports/{claim.id}/errors" if tally.bad else None
            result = {"dry_run": True, **counted, "errors_url": errors_url}
            keep_for = vision.settings.errors_retention
            finish(c, claim.id, State.SUCCEEDED, keep_for=keep_for, result=result)
        kill_point("plan.written")
    kill_point("plan.committed")
    if options.dry_run:
        vision.notifier.job_done(claim.id)
    vision.nudges.nudge()


def _fetch(vision: Vision, claim: Claim, manifest: StoredManifest, file: Path) -> None:
    if manifest.incoming:
        # Copied under a name of ours, so that a plan done again reads the same bytes.
        copy = vision.store.adopt(manifest.object, new_name("manifests", claim.tenant, vision.db.clock()))
        _note_copy(vision, claim, manifest.object, copy)
        owner = copy
    else:
        with vision.db.read() as c:
            owner = owners.find(c, manifest.object)
    vision.store.fetch_to(owner.name, file, sha256=owner.sha256, length=owner.length)


def _note_copy(vision: Vision, claim: Claim, key: str, copy: Stored) -> None:
    with vision.db.write() as c:
        jobs.hold(c, claim.id, claim.attempt)
        owners.own(c, claim.tenant, [copy])
        noted = c.execute(select(imports.c.manifests).where(imports.c.job_id == claim.id)).scalar_one()
        manifests = [
            replace(m, object=copy.name, incoming=False) if m.object == key else m
            for m in map(StoredManifest.from_json, noted)
        ]
        ours = [m.to_json() for m in manifests]
        c.execute(update(imports).where(imports.c.job_id == claim.id).values(manifests=ours))
