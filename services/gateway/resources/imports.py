"""`POST /v1/imports`: manifests become a job whose chunks vision workers claim."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, Row, insert, select
from werkzeug.datastructures import FileStorage

from services.gateway.accepting import errors_file
from services.gateway.accepting.answering import accepted, location, preferred_wait
from services.gateway.accepting.manifests import FIELD, Manifest, incoming_manifest, read_manifest
from services.gateway.http import bodies, idempotency
from services.gateway.http.auth import Caller
from services.gateway.http.bodies import FORM_BYTES, refuse
from services.gateway.http.operations import Operations
from services.gateway.schemas.imports import MAX_MANIFESTS, ErrorsQuery, ImportBody
from services.gateway.schemas.job import Job
from services.gateway.wiring import Deps
from shared.catalog.catalogs import ensure
from shared.catalog.locks import next_accept_no
from shared.db.tables import imports as import_rows
from shared.errors import NotFound
from shared.ids import new_id
from shared.index.placement import live_index
from shared.jobs import store
from shared.jobs.import_request import ImportOptions, StoredManifest
from shared.jobs.kinds import JobKind
from shared.keys import Scope
from shared.kill_points import kill_point
from shared.messages import Nudge
from shared.storage import owners
from shared.storage.names import new_name
from shared.storage.port import Stored
from shared.topology import PLAN, VISION_NUDGE

ROUTE = "POST /v1/imports"


def imports(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("imports", __name__)

    @routes.post("/v1/imports")
    @api.operation(
        scope=Scope.CATALOGUE,
        answers={200: Job, 202: Job},
        body=ImportBody,
        files={FIELD: True},
        headers=("Prefer", idempotency.HEADER),
        max_body=deps.settings.max_manifest_bytes + FORM_BYTES,
    )
    def start_import(caller: Caller) -> ResponseReturnValue:
        """Import products from manifests: CSV, TSV, JSONL or Parquet, gzip'ed or not.

        Manifests are the files `manifest` of a form, or keys of the object store, which have no size limit.
        Bad rows are told at `/v1/imports/{id}/errors`; good ones never wait for them.
        """
        if idempotency.HEADER not in request.headers:
            deps.admission.new_import(caller.tenant)  # before the body is read, where it cannot be a repeat
        asked, manifests = _read()
        seconds = preferred_wait(request)
        row = _accept(deps, caller.tenant, asked, manifests)
        with deps.waiters.seat(row.id, seconds) as event:
            return accepted(deps, row, event, seconds)

    @routes.get("/v1/imports/<word:job_id>/errors")
    @api.operation(
        scope=Scope.CATALOGUE,
        answers={200: (errors_file.JSONL, errors_file.CSV)},
        problems=(404, 410),
        query=ErrorsQuery,
    )
    def get_import_errors(caller: Caller, job_id: str) -> ResponseReturnValue:
        """Every bad row: manifest, line, product id, field, reason, detail.

        `format=jsonl` is exact. In `format=csv` a cell that a spreadsheet would take for a formula begins
        with an apostrophe.
        """
        asked = bodies.read_query(request, ErrorsQuery)
        with deps.db.read() as c:
            if store.get(c, caller.tenant, job_id).kind != JobKind.IMPORT:
                raise NotFound(f"there is no import {job_id}")
            names = [StoredManifest.from_json(m).name for m in _plan(c, job_id).manifests]
        rows = errors_file.rows(deps.db, job_id)
        if asked.format == "csv":
            return _download(errors_file.as_csv(rows, names), errors_file.CSV, f"{job_id}-errors.csv")
        return _download(errors_file.as_jsonl(rows, names), errors_file.JSONL, f"{job_id}-errors.jsonl")

    return routes


def _download(lines: Any, media_type: str, name: str) -> Response:
    disposition = f'attachment; filename="{name}"'
    return Response(
        lines, content_type=f"{media_type}; charset=utf-8", headers={"Content-Disposition": disposition}
    )


def _plan(c: Connection, job_id: str) -> Row[Any]:
    return c.execute(select(import_rows).where(import_rows.c.job_id == job_id)).one()


def _read() -> tuple[ImportBody, list[Manifest]]:
    """The body as JSON or as a form. Raises InvalidFields."""
    if request.is_json:
        asked = bodies.validate(ImportBody, bodies.read_json(request))
        files: list[FileStorage] = []
    else:
        fields, given = bodies.read_form(request, FIELD, ImportBody.JSON_FIELDS, json_too=True)
        asked = bodies.validate(ImportBody, fields)
        for name in given:
            if name != FIELD:
                refuse(name, "there is no such file here")
        files = given.get(FIELD, [])
    if bool(files) == bool(asked.object_keys) or len(files) > MAX_MANIFESTS:
        refuse(FIELD, f"give one to {MAX_MANIFESTS} files `{FIELD}`, or object_keys")
    if asked.name is not None and len(files) + len(asked.object_keys) > 1:
        refuse("name", "this names one manifest, and there are several")
    return asked, [read_manifest(file, asked.name) for file in files]


def _accept(deps: Deps, tenant: str, asked: ImportBody, manifests: list[Manifest]) -> Row[Any]:
    """The job of this request: a new one, or the one that the same request made before."""
    said = asked.model_dump(mode="json")
    files = [(m.name, m.sha256) for m in manifests]
    once = idempotency.once(request, tenant, ROUTE, said, files, ttl=deps.settings.idempotency_ttl)
    with deps.db.read() as c:
        repeat = once.find(c) if once else None
        if repeat is not None:
            return store.get(c, tenant, str(repeat.job_id))
    deps.admission.new_import(tenant)
    noted = [incoming_manifest(tenant, key, asked.name) for key in asked.object_keys]
    stored: list[Stored] = []
    for m in manifests:
        stored.append(deps.store.put(new_name("manifests", tenant, deps.db.clock()), m.stream))
        noted.append(StoredManifest(stored[-1].name, m.name, m.format))
    kill_point("accept_import.stored")
    job_id = new_id()
    with deps.db.write() as c:
        repeat = once.take(c, deps.db, job_id=job_id, location=location(job_id)) if once else None
        if repeat is not None:
            return store.get(c, tenant, str(repeat.job_id))
        owners.own(c, tenant, stored)
        row = _write_rows(c, deps, tenant, job_id, asked, noted)
        deps.admission.import_added(c, tenant)
        kill_point("accept_import.written")
    kill_point("accept_import.committed")
    deps.dispatcher.send(VISION_NUDGE, Nudge())
    kill_point("accept_import.sent")
    return row


def _write_rows(
    c: Connection, deps: Deps, tenant: str, job_id: str, asked: ImportBody, manifests: list[StoredManifest]
) -> Row[Any]:
    options = ImportOptions(
        deps.settings.chunk_rows, asked.mode, asked.dry_run, asked.force, asked.refresh, asked.base
    )
    # The catalog is locked before the counter: shared/catalog/locks.py.
    fingerprint = _fingerprint(c, deps, tenant, asked)
    row = store.accept(
        c,
        job_id=job_id,
        tenant=tenant,
        kind=JobKind.IMPORT,
        stage=PLAN,
        request={},
        due_in=deps.settings.first_due,
        catalog=asked.catalog,
        accept_no=next_accept_no(c, deps.db),
        fingerprint=fingerprint,
    )
    c.execute(
        insert(import_rows).values(
            job_id=job_id,
            tenant=tenant,
            options=options.to_json(),
            manifests=[m.to_json() for m in manifests],
            planned=False,
            rows=0,
            bad_rows=0,
            ignored_columns=[],
            unreadable=False,
        )
    )
    return row


def _fingerprint(c: Connection, deps: Deps, tenant: str, asked: ImportBody) -> str | None:
    """Of the catalog's index, which a first import makes; a dry run makes nothing."""
    if not asked.dry_run:
        index = ensure(c, deps.db, tenant, asked.catalog, deps.settings.model, group=deps.settings.group)
        return index.fingerprint
    try:
        return live_index(c, tenant, asked.catalog).fingerprint
    except NotFound:
        return None
