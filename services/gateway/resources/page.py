"""The shop page, the page of the API, and photos to try. They come without a key: the page asks for one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import Blueprint, Response, send_from_directory
from flask.typing import ResponseReturnValue

from services.gateway.http import openapi
from services.gateway.http.auth import Caller
from services.gateway.http.operations import Operations
from services.gateway.schemas.common import Tell
from services.gateway.schemas.world import Samples
from services.gateway.wiring import Deps
from shared.errors import NotFound
from shared.keys import Scope

STATIC = Path(__file__).parents[1] / "static"
HTML = "text/html"
JPEG = "image/jpeg"

REVALIDATE = "no-cache"  # an upgraded server must not meet yesterday's script


class OpenApi(Tell):
    """An OpenAPI 3.1 document."""

    openapi: str


def page(deps: Deps, api: Operations) -> Blueprint:
    routes = Blueprint("page", __name__)
    contract = cache(lambda: openapi.document(api))

    @routes.get("/")
    @api.open(answers={200: HTML})
    def get_page() -> ResponseReturnValue:
        """The shop page: a photo in, products out."""
        return _static("index.html")

    @routes.get("/docs")
    @api.open(answers={200: HTML})
    def get_docs() -> ResponseReturnValue:
        """The page of this document."""
        return _static("docs.html")

    @routes.get("/openapi.json")
    @api.open(answers={200: OpenApi})
    def get_openapi() -> ResponseReturnValue:
        """This document."""
        return contract()

    @routes.get("/static/<path:name>")
    def static_file(name: str) -> ResponseReturnValue:
        return _static(name)

    @routes.get("/v1/samples")
    @api.operation(scope=Scope.SEARCH, answers={200: Samples})
    def list_samples(caller: Caller) -> ResponseReturnValue:
        """Photos to try, if the deployment offers any."""
        folder = deps.settings.samples_folder
        photos = sorted(folder.glob("*.jpg")) if folder is not None else []
        return {"samples": [{"url": f"/v1/samples/{p.name}", "label": _label(p)} for p in photos]}

    @routes.get("/v1/samples/<word:name>")
    @api.open(answers={200: JPEG}, problems=(404,))
    def get_sample(name: str) -> ResponseReturnValue:
        """One of the photos to try; it needs no key, as an `<img>` cannot send one."""
        folder = deps.settings.samples_folder
        if folder is None or not name.endswith(".jpg"):
            raise NotFound(f"there is no sample {name}")
        return send_from_directory(folder.absolute(), name, mimetype=JPEG, max_age=3600, conditional=False)

    return routes


def _static(name: str) -> Response:
    answer = send_from_directory(STATIC, name)
    answer.headers["Cache-Control"] = REVALIDATE
    return answer


def _label(photo: Path) -> str:
    return photo.stem.replace("_", " ").replace("-", " ")
