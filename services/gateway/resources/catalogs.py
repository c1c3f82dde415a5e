"""`/v1/catalogs`: what a catalog is fixed to, and emptying it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, func, select

from services.gateway.accepting import erasing
from services.gateway.http import bodies, idempotency
from services.gateway.http.auth import Caller
from services.gateway.http.operations import Operations
from services.gateway.schemas.product import CatalogQuery
from services.gateway.schemas.world import Catalog, CatalogBody, Purged, PurgeQuery
from services.gateway.wiring import Deps
from shared.catalog.catalogs import ensure
from shared.catalog.replaced import begin_purge
from shared.db.tables import jobs, products
from shared.errors import Conflict, NotFound
from shared.index.log import positions
from shared.index.placement import LiveIndex, live_index
from shared.index.versions import Version
from shared.jobs.job import OPEN, iso
from shared.jobs.kinds import JobKind
from shared.keys import Scope

PATH = "/v1/catalogs/<word:catalog>"


def catalogs(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("catalogs", __name__)

    @routes.get(PATH)
    @api.operation(scope=Scope.CATALOGUE, answers={200: Catalog}, problems=(404,))
    def get_catalog(caller: Caller, catalog: str) -> ResponseReturnValue:
        """What a catalog is fixed to, and how many products it has."""
        with deps.db.read() as c:
            return _public(c, live_index(c, caller.tenant, catalog))

    @routes.put(PATH)
    @api.operation(
        scope=Scope.CATALOGUE,
        answers={200: Catalog, 201: Catalog},
        problems=(404, 409),  # 404: with a colon in its name the address is another
        body=CatalogBody,
    )
    def put_catalog(caller: Caller, catalog: str) -> ResponseReturnValue:
        """Make a catalog with a model and a number of shards; both are fixed from then on."""
        asked = bodies.validate(CatalogBody, bodies.read_json(request))
        bodies.validate(CatalogQuery, {"catalog": catalog})
        with deps.db.write() as c:
            try:
                index, status = live_index(c, caller.tenant, catalog), 200
            except NotFound:
                model = asked.model or deps.settings.model
                group = deps.settings.group
                index = ensure(c, deps.db, caller.tenant, catalog, model, shards=asked.shards, group=group)
                status = 201
            _check_same(index, asked)
            body = _public(c, index)
        return body, status, {"Location": f"/v1/catalogs/{catalog}"}

    @routes.post(f"{PATH}:purge")
    @api.operation(
        scope=Scope.ADMIN,
        answers={200: Purged},
        problems=(404, 409),
        query=PurgeQuery,
        headers=(idempotency.HEADER,),
    )
    def purge_catalog(caller: Caller, catalog: str) -> ResponseReturnValue:
        """Delete every product of a catalog; what was written later than this call stays.

        Each is erased as after a delete of its own.
        """
        asked = bodies.read_query(request, PurgeQuery)
        once = idempotency.once(
            request,
            caller.tenant,
            "POST /v1/catalogs:purge",
            {"catalog": catalog, **asked.model_dump()},
            ttl=deps.settings.idempotency_ttl,
        )
        if not asked.force:
            raise Conflict(
                f"this deletes every product of {catalog!r}; say ?force=true", code="force_required"
            )
        with deps.db.read() as c:
            index = live_index(c, caller.tenant, catalog)
        deleted = _purge(deps, index, once)
        with deps.db.read() as c:
            version = Version(index.id, positions(c, index.id)).encode()
        return {"catalog": catalog, "deleted": deleted, "version": version}

    return routes


def _purge(deps: Deps, index: LiveIndex, once: idempotency.Once | None) -> int | None:
    """Batches of their own transactions. None for a repeat, which does what the first one left undone."""
    with deps.db.write() as c:
        repeat = once.take(c, deps.db, job_id=None, location=None) if once else None
        accept_no = _begin(c, deps, index, once) if repeat is None else repeat.accept_no
    assert accept_no is not None
    deleted = 0
    while (buried := erasing.erase_some(deps, index, accept_no)).rows:
        deleted += len(buried.hidden)
    return deleted if repeat is None else None


def _begin(c: Connection, deps: Deps, index: LiveIndex, once: idempotency.Once | None) -> int:
    """The purge's number, kept with its key: what is written from now on has a greater one."""
    _check_no_import(c, index.tenant, index.catalog)
    accept_no = begin_purge(c, deps.db, index.tenant, index.catalog)
    if once is not None:
        once.number(c, accept_no)
    return accept_no


def _check_same(index: LiveIndex, asked: CatalogBody) -> None:
    """Raises Conflict when the catalog that is there differs from the one asked for."""
    other_model = asked.model is not None and asked.model != index.model
    other_shards = "shards" in asked.model_fields_set and asked.shards != index.shards
    if other_model or other_shards:
        raise Conflict(
            f"catalog {index.catalog!r} is fixed to model {index.model!r} and {index.shards} shards",
            code="catalog_fixed",
        )


def _check_no_import(c: Connection, tenant: str, catalog: str) -> None:
    """The rows that an open import has not read yet would be left out, and its result would not say so."""
    query = select(func.count()).where(
        jobs.c.tenant == tenant,
        jobs.c.catalog == catalog,
        jobs.c.kind == JobKind.IMPORT,
        jobs.c.state.in_(OPEN),
    )
    if count := c.execute(query).scalar_one():
        raise Conflict(f"{count} imports of {catalog!r} are open; cancel them or wait", code="imports_open")


def _public(c: Connection, index: LiveIndex) -> dict[str, Any]:
    living = select(func.count()).where(
        products.c.tenant == index.tenant,
        products.c.catalog == index.catalog,
        products.c.deleted_no.is_(None),
    )
    return {
        "name": index.catalog,
        "products": c.execute(living).scalar_one(),
        "model": index.model,
        "fingerprint": index.fingerprint,
        "dim": index.dim,
        "shards": index.shards,
        "created_at": iso(index.created_at),
    }
