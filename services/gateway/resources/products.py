"""`/v1/products`: single products. What needs no embedding is done at once; photos make a job."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, select

from services.gateway.accepting.product_writes import write_product
from services.gateway.http import bodies, cursors
from services.gateway.http.auth import Caller
from services.gateway.http.bodies import refuse
from services.gateway.http.operations import Operations
from services.gateway.schemas.job import Job
from services.gateway.schemas.product import (
    CatalogQuery,
    Deleted,
    Product,
    ProductBody,
    Products,
    ProductsQuery,
    Written,
)
from services.gateway.wiring import Deps
from shared.catalog import store as catalog
from shared.catalog.text import check_product_id
from shared.catalog.writes import accept_delete
from shared.db.tables import products as product_rows
from shared.index.placement import live_index
from shared.jobs.job import iso
from shared.keys import Scope
from shared.kill_points import kill_point

PATH = "/v1/products/<product:product_id>"


def products(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("products", __name__)

    @routes.get("/v1/products")
    @api.operation(scope=Scope.CATALOGUE, answers={200: Products}, problems=(404,), query=ProductsQuery)
    def list_products(caller: Caller) -> ResponseReturnValue:
        """Products of a catalog, by id."""
        asked = bodies.read_query(request, ProductsQuery)
        after = _after(asked.after) if asked.after else None
        with deps.db.read() as c:
            live_index(c, caller.tenant, asked.catalog)
            rows = catalog.listing(c, caller.tenant, asked.catalog, after=after, limit=asked.limit)
            found = catalog.images_of(c, caller.tenant, [row.id for row in rows])
        more = len(rows) == asked.limit
        return {
            "products": [_public(deps, row, found.get(row.id, [])) for row in rows],
            "next": cursors.write(rows[-1].id) if more else None,
        }

    @routes.get(PATH)
    @api.operation(scope=Scope.CATALOGUE, answers={200: Product}, problems=(404,), query=CatalogQuery)
    def get_product(caller: Caller, product_id: str) -> ResponseReturnValue:
        """One product with its images."""
        asked = bodies.read_query(request, CatalogQuery)
        _check_id(product_id)
        with deps.db.read() as c:
            row = catalog.get(c, caller.tenant, product_id, asked.catalog)
            found = catalog.images_of(c, caller.tenant, [product_id])
        return _public(deps, row, found.get(product_id, []))

    @routes.put(PATH)
    @api.operation(
        scope=Scope.CATALOGUE,
        answers={200: (Written, Job), 202: Job},
        problems=(409,),
        body=ProductBody,
        query=CatalogQuery,
        headers=("Prefer",),
    )
    def put_product(caller: Caller, product_id: str) -> ResponseReturnValue:
        """Set a product whole: attributes that are not given become null.

        Answers 200 with the version that shows it when no photo has to be embedded, else 202 with a job whose
        result has the version (200 with the finished job for who waited). `images` left out: they stay as
        they are. A first product makes the catalog.
        """
        asked = bodies.read_query(request, CatalogQuery)
        _check_id(product_id)
        return write_product(deps, caller.tenant, asked.catalog, product_id, replace=True)

    @routes.patch(PATH)
    @api.operation(
        scope=Scope.CATALOGUE,
        answers={200: (Written, Job), 202: Job},
        problems=(404, 409),
        body=ProductBody,
        query=CatalogQuery,
        headers=("Prefer",),
    )
    def patch_product(caller: Caller, product_id: str) -> ResponseReturnValue:
        """Change what is given of a product, and nothing else.

        A price or stock alone never embeds anything; it answers 200 with the version that shows it.
        """
        asked = bodies.read_query(request, CatalogQuery)
        _check_id(product_id)
        return write_product(deps, caller.tenant, asked.catalog, product_id, replace=False)

    @routes.delete(PATH)
    @api.operation(scope=Scope.CATALOGUE, answers={200: Deleted}, problems=(404,), query=CatalogQuery)
    def delete_product(caller: Caller, product_id: str) -> ResponseReturnValue:
        """Hide a product at once; whatever of it still embeds does not bring it back."""
        asked = bodies.read_query(request, CatalogQuery)
        _check_id(product_id)
        with deps.db.write() as c:
            index = live_index(c, caller.tenant, asked.catalog)
            gone = accept_delete(c, deps.db, index=index, product_id=product_id)
            hidden = c.execute(
                select(product_rows.c.deleted_at).where(
                    product_rows.c.tenant == caller.tenant, product_rows.c.id == product_id
                )
            ).scalar_one()
            kill_point("accept_delete.written")
        kill_point("accept_delete.committed")
        deps.notifier.log_grew(index.id)
        return {
            "id": product_id,
            "catalog": asked.catalog,
            "hidden": iso(hidden),
            "erased": None,
            "version": gone.version.encode(),
        }

    return routes


def _check_id(product_id: str) -> None:
    fault = check_product_id(product_id)
    if fault is not None:
        refuse("id", fault.detail, fault.code)


def _public(deps: Deps, row: Row[Any], found: list[Row[Any]]) -> dict[str, Any]:
    body = catalog.public(row, found)
    clock = deps.db.clock()
    body["images"] = [
        {"id": i["id"], "image_url": deps.signer.thumbnail(row.tenant, i["id"], clock), **i}
        for i in body["images"]
    ]
    return body


def _after(cursor: str) -> str:
    product_id = cursors.read(cursor)
    if not isinstance(product_id, str):
        cursors.refuse_cursor()
    return product_id
