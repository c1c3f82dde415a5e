"""Headers of every answer, and one log line for every request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request

from shared.telemetry import step

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

SECURITY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

STEP = "tusou.step"


def register(app: Flask) -> None:
    @app.after_request
    def _complete(answer: Response) -> Response:
        for name, value in SECURITY.items():
            answer.headers.setdefault(name, value)
        current = request.environ.get(STEP)
        if current is not None:
            rule = request.url_rule
            current.outcome = g.get("problem", "done")
            current.note(
                route=rule.rule if rule else None,
                status=answer.status_code,
                tenant=g.get("tenant"),
                key=g.get("key_id"),
            )
        return answer

    app.wsgi_app = logged(app.wsgi_app)  # type: ignore[method-assign, assignment]  # as Flask's docs say


def logged(app: WSGIApplication) -> WSGIApplication:
    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with step("http", method=environ["REQUEST_METHOD"]) as current:
            environ[STEP] = current
            return app(environ, start_response)

    return serve
