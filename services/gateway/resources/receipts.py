"""`/v1/receipts`: how far an erasure has come."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from services.gateway.http.auth import Caller
from services.gateway.http.operations import Access, Operations
from services.gateway.schemas.receipt import Receipt
from services.gateway.wiring import Deps
from shared.erasure import receipts as receipt_rows


def receipts(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("receipts", __name__)

    @routes.get("/v1/receipts/<word:receipt_id>")
    @api.operation(scope=Access.ANY, answers={200: Receipt}, problems=(404,))
    def get_receipt(caller: Caller, receipt_id: str) -> ResponseReturnValue:
        """The two dates of an erasure: `hidden` at once, `erased` when nothing of it is stored any more."""
        with deps.db.read() as c:
            return receipt_rows.public(receipt_rows.get(c, caller.tenant, receipt_id))

    return routes
