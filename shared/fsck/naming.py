"""Which rows name an object: what an owner row is good for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, select

from shared.db.tables import artefacts, chunks, explanations, images, imports, jobs, log, segments, snapshots
from shared.index.log import EntryKind
from shared.jobs.import_request import StoredManifest
from shared.jobs.job import OPEN

# Columns that hold a name. A holding or a rewrite says something of a segment, and keeps none.
COLUMNS: tuple[Column[Any], ...] = (
    images.c.upload,
    images.c.normalised,
    images.c.thumbnail,
    images.c.segment,
    segments.c.object,
    explanations.c.query_object,
    explanations.c.result_object,
    chunks.c.rows_object,
)


def named(c: Connection) -> Iterator[tuple[str, str]]:
    """(object, by what) of every name in the database, some more than once."""
    for column in COLUMNS:
        for name in c.execute(select(column).where(column.is_not(None)).distinct()).scalars():
            yield name, f"{column.table.name}.{column.name}"
    for table in (snapshots, artefacts):
        for files in c.execute(select(table.c.files)).scalars():
            yield from ((stored["object"], table.name) for stored in files.values())
    for manifests in c.execute(select(imports.c.manifests)).scalars():
        told = [StoredManifest.from_json(manifest) for manifest in manifests]
        yield from ((manifest.object, "imports") for manifest in told if not manifest.incoming)
    for body in c.execute(select(log.c.body).where(log.c.kind == EntryKind.SEGMENT)).scalars():
        yield body["object"], "log"


def open_imports_of(c: Connection, name: str) -> list[str]:
    """Imports that still need the object: their chunk's rows, or their manifest."""
    of_chunks = select(chunks.c.job_id).where(
        chunks.c.rows_object == name, chunks.c.state.in_(("open", "running"))
    )
    found = set(c.execute(of_chunks).scalars())
    query = select(imports.c.job_id, imports.c.manifests).where(~imports.c.planned)
    for row in c.execute(query):
        if any(manifest["object"] == name for manifest in row.manifests):
            found.add(row.job_id)
    still = select(jobs.c.id).where(jobs.c.id.in_(found), jobs.c.state.in_(OPEN))
    return list(c.execute(still).scalars())
