"""The OpenAPI 3.1 document: what spectree collects, told as it is.

spectree knows neither bodies that are JSON or a form, nor problem+json, nor which statuses a call
shares with all others; the declarations in `operations.py` do.
"""

from __future__ import annotations

import copy
import re
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from spectree import Response, SpecTree

from services.gateway.http import idempotency, problems
from services.gateway.http.operations import Access, One, Operation, Operations, Shape
from services.gateway.schemas.common import Problem
from services.gateway.schemas.job import MAX_PREFER_S

Json = dict[str, Any]

SCHEMAS = "#/components/schemas/"

SECURITY: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer tsk_…`"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "signature": {
        "type": "apiKey",
        "in": "query",
        "name": "sig",
        "description": "From an answer's image_url.",
    },
}

HEADERS: Json = {
    "Prefer": {
        "schema": {"type": "string", "pattern": r"wait=\d+"},
        "description": f"`wait=N`, N up to {MAX_PREFER_S}: 200 with the job if it ends within N seconds.",
    },
    idempotency.HEADER: {
        "schema": {"type": "string", "maxLength": 255},
        "description": "The same key and body again give the same answer while the key is remembered.",
    },
    "Accept-Language": {
        "schema": {"type": "string"},
        "description": "`en` or `zh`: the language of advice on a rejected photo.",
    },
}

PATH_PARAMETERS = {
    "receipt_id": "Of a receipt of erasure.",
    "product_id": "Percent-encoded; it may contain `/`.",
    "image_id": "Of an upload or a hit.",
    "job_id": "As in the job's `id`.",
    "catalog": "1 to 64 letters, digits, . _ and -",
    "name": "A file name.",
    "hit": "Its rank within its item, from 1.",
}


def document(operations: Operations) -> Json:
    """The document; needs an app's context, whose routes it tells. It takes half a second: keep it."""
    spec: Json = copy.deepcopy(_collected(operations).spec)
    spec["security"] = [{"bearer": []}, {"key": []}]
    schemas = spec["components"]["schemas"]
    spec["components"]["securitySchemes"] = SECURITY
    for path, methods in spec["paths"].items():
        for entry in methods.values():
            entry["tags"] = [_subject(path)]
            operation = operations.declared[entry["operationId"]].operation
            _complete(entry, operation, schemas, has_path="{" in path)
    return spec


def _collected(operations: Operations) -> SpecTree:
    tree = SpecTree(
        "flask",
        mode="strict",
        annotations=False,
        title="Tusou",
        version="1",
        description="Visual search: a photo in, products out.",
        validation_error_model=Problem,
        naming_strategy=lambda model: str(model.__name__),
        nested_naming_strategy=lambda _parent, child: child,
    )
    for name, declared in operations.declared.items():
        operation = declared.operation
        models = {f"HTTP_{s}": _models(a)[0] for s, a in operation.answers.items() if _models(a)}
        plain = [f"HTTP_{s}" for s, a in operation.answers.items() if not _models(a)]
        # spectree finds a declaration along __wrapped__. Its own wrapper is never called: it would read
        # every answer whole, streamed ones too.
        declared.served.__wrapped__ = tree.validate(  # type: ignore[attr-defined]  # functions take attributes
            query=operation.query,
            json=operation.body,
            resp=Response(*plain, **models),
            skip_validation=True,
            operation_id=name,
        )(declared.view)
    return tree


def _subject(path: str) -> str:
    return re.split("[/:]", path.removeprefix("/v1/"))[0] if path.startswith("/v1/") else "service"


def _complete(entry: Json, operation: Operation, schemas: Json, *, has_path: bool) -> None:
    entry["responses"] = {
        str(status): _answer(status, operation.answers.get(status))
        for status in sorted(operation.statuses | ({422} if has_path else set()))
    }
    for parameter in entry["parameters"]:
        if parameter["in"] == "path":
            parameter |= {"schema": {"type": "string"}, "description": PATH_PARAMETERS[parameter["name"]]}
    entry["parameters"] += [
        {"name": name, "in": "header", "required": False, **HEADERS[name]} for name in operation.headers
    ]
    if operation.body is not None:
        entry["requestBody"] = {"required": True, "content": _contents(operation, schemas)}
    if operation.scope is Access.OPEN:
        entry["security"] = []
    elif operation.scope is Access.SIGNED:
        entry["security"] = [{"bearer": []}, {"key": []}, {"signature": []}]
    else:
        entry["description"] = f"{entry['description']}\n\nScope: {operation.scope}.".strip()


def _answer(status: int, shape: Shape | None) -> Json:
    told: Json = {"description": HTTPStatus(status).phrase}
    if shape is None:
        told["content"] = {problems.MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}}}
    elif shape:
        binary = {"schema": {"type": "string", "format": "binary"}}
        told["content"] = {str(one): binary for one in _several(shape) if isinstance(one, str)}
        if refs := [{"$ref": f"{SCHEMAS}{model.__name__}"} for model in _models(shape)]:
            told["content"]["application/json"] = {"schema": refs[0] if len(refs) == 1 else {"anyOf": refs}}
    if status in (429, 503):
        told["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    if status in (201, 202):
        told["headers"] = {"Location": {"schema": {"type": "string"}, "description": "Where to look for it."}}
    return told


def _several(shape: Shape) -> tuple[One, ...]:
    return shape if isinstance(shape, tuple) else (shape,)


def _models(shape: Shape) -> list[type[BaseModel]]:
    """Of several models each stands alone as some other answer, so that spectree knows it."""
    return [one for one in _several(shape) if not isinstance(one, str)]


def _contents(operation: Operation, schemas: Json) -> Json:
    assert operation.body is not None
    name = operation.body.__name__
    contents: Json = {}
    if operation.json:
        contents["application/json"] = {"schema": {"$ref": f"{SCHEMAS}{name}"}}
    if operation.files:
        form = copy.deepcopy(schemas[name])
        form["title"] = re.sub("Body$|Form$", "", name) + "Form"
        for file, several in operation.files.items():
            one = {"type": "string", "format": "binary"}
            form.setdefault("properties", {})[file] = {"type": "array", "items": one} if several else one
        schemas[form["title"]] = form
        contents["multipart/form-data"] = {"schema": {"$ref": f"{SCHEMAS}{form['title']}"}}
    return contents
