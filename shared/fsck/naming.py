"""Which rows name an object: what an owner row is good for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Column, Connection, select

from shared.db.pages import rows_of
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
    """(object, by what) of every name in the database, some more than once; `c` is that of one moment."""
    for table, columns in groupby(COLUMNS, key=lambda column: column.table):
        wanted = list(columns)
        for row in rows_of(c, table, *wanted):
            for column, name in zip(wanted, row, strict=False):
                if name is not None:
                    yield name, f"{table.name}.{column.name}"
    for table in (snapshots, artefacts):
        for row in rows_of(c, table, table.c.files):
            yield from ((stored["object"], table.name) for stored in row.files.values())
    for row in rows_of(c, imports, imports.c.manifests):
        told = [StoredManifest.from_json(manifest) for manifest in row.manifests]
        yield from ((manifest.object, "imports") for manifest in told if not manifest.incoming)
    for row in rows_of(c, log, log.c.kind, log.c.body):
        if row.kind == EntryKind.SEGMENT and (name := (row.body or {}).get("object")):
            yield name, "log"


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
