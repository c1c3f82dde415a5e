"""The Flask factory: settings and dependencies in, an app out."""

from __future__ import annotations

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from services.gateway.http import headers, problems, routing
from services.gateway.http.operations import JSON_BYTES, Operations
from services.gateway.resources.catalogs import catalogs
from services.gateway.resources.explanations import explanations
from services.gateway.resources.health import health
from services.gateway.resources.images import images
from services.gateway.resources.imports import imports
from services.gateway.resources.indexes import indexes
from services.gateway.resources.jobs import jobs
from services.gateway.resources.models import models
from services.gateway.resources.page import page
from services.gateway.resources.products import products
from services.gateway.resources.receipts import receipts
from services.gateway.resources.searches import searches
from services.gateway.resources.trainings import trainings
from services.gateway.wiring import Deps, open_deps
from shared.settings import Settings

RESOURCES = (
    searches,
    jobs,
    explanations,
    images,
    products,
    receipts,
    imports,
    catalogs,
    models,
    indexes,
    trainings,
    health,
    page,
)

EXTENSION = "tusou"
FORM_PARTS = 200  # a hundred manifests and all the fields there are


class _Json(DefaultJSONProvider):
    sort_keys = False
    ensure_ascii = False


def create_app(settings: Settings, deps: Deps | None = None) -> Flask:
    """The gateway as a WSGI app; `app.extensions[EXTENSION]` is what it stands on, to be closed at the end.

    Without `deps` it connects as `settings` say. Raises as `open_deps`.
    """
    deps = deps or open_deps(settings)
    app = Flask("tusou", static_folder=None)
    app.extensions[EXTENSION] = deps
    app.json = _Json(app)
    app.config.update(MAX_CONTENT_LENGTH=JSON_BYTES, MAX_FORM_PARTS=FORM_PARTS, PROPAGATE_EXCEPTIONS=False)
    routing.register(app)
    problems.register(app)
    headers.register(app)
    api = Operations(deps.guard)
    for resource in RESOURCES:
        app.register_blueprint(resource(deps, api))
    return app
