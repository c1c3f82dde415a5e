"""Errors as `application/problem+json` (RFC 9457): the one table that maps them to HTTP."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from services.gateway.http.bodies import InvalidFields
from shared import errors

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

# The nearest class in an error's ancestry counts.
STATUS: Mapping[type[errors.TusouError], int] = {
    errors.TusouError: 500,
    errors.InvalidRequest: 422,
    errors.TooLarge: 413,
    errors.UnsupportedFormat: 415,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Expired: 410,
    errors.Conflict: 409,
    errors.NotYet: 501,
    errors.Overloaded: 429,
    errors.Unavailable: 503,
    errors.ObjectMissing: 404,
    errors.FingerprintMismatch: 409,
    errors.SchemaOutdated: 503,
}

# What werkzeug raises by itself, before a view is reached or while it reads the body.
CODES: Mapping[int, str] = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    414: "address_too_long",
    415: "unsupported_media_type",
    431: "headers_too_large",
}

# Details quote what was sent, and that may be as long as a request; an answer need not be.
DETAIL_CHARS = 500
FAULTS = 100

RETRY_AFTER_S = 1  # where an error that a retry can help does not say when


def status_of(error: errors.TusouError) -> int:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def document(status: int, code: str, detail: str, *, retryable: bool, **members: Any) -> dict[str, Any]:
    """The body of a problem; `type` is about:blank because `code` says all that a type could."""
    title = HTTPStatus(status).phrase
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": _short(detail),
        "retryable": retryable,
        **members,
    }


def _short(text: str) -> str:
    return text if len(text) <= DETAIL_CHARS else f"{text[:DETAIL_CHARS]}…"


def register(app: Flask) -> None:
    """Every error of a request leaves as a problem, with no trace of ours in it."""

    @app.errorhandler(errors.TusouError)
    def _ours(error: errors.TusouError) -> Response:
        status = status_of(error)
        # What is not built yet is no error of ours, and anybody may ask for it.
        if status >= 500 and not error.retryable and not isinstance(error, errors.NotYet):
            log.error("%s: %s", error.code, error.detail, exc_info=error)
        members: dict[str, Any] = {}
        if isinstance(error, InvalidFields):
            faults = [fault.to_json() for fault in error.faults[:FAULTS]]
            members["errors"] = [{name: _short(said) for name, said in fault.items()} for fault in faults]
        answer = _answer(document(status, error.code, error.detail, retryable=error.retryable, **members))
        if isinstance(error, errors.Overloaded):
            answer.headers["Retry-After"] = str(error.retry_after_s)
        elif error.retryable:
            answer.headers["Retry-After"] = str(RETRY_AFTER_S)
        if status == 401:
            answer.headers["WWW-Authenticate"] = 'Bearer realm="tusou"'
        return answer

    @app.errorhandler(HTTPException)
    def _werkzeug(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400:
            return Response(error.get_response().get_data(), status, error.get_headers())
        allowed = dict(error.get_headers()).get("Allow", "")
        detail = _detail(status, allowed) or error.description or HTTPStatus(status).phrase
        answer = _answer(document(status, CODES.get(status, "http_error"), detail, retryable=False))
        if status == 405:
            answer.headers["Allow"] = allowed
        return answer

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response:
        log.error("unexpected error", exc_info=error)
        return _answer(
            document(500, "internal", "an unexpected error; the gateway's log has it", retryable=False)
        )


def _detail(status: int, allowed: str) -> str | None:
    """What to do, where werkzeug does not say it."""
    if status == 404:
        return f"there is nothing at {request.path}; /docs names every call"
    if status == 405:
        return f"{request.path} takes {allowed}, not {request.method}"
    if status != 413:
        return None
    given, most = request.content_length, request.max_content_length
    if given is None or most is None or given > most:
        return f"the body is larger than what {request.path} takes ({most} bytes)"
    return (
        f"the form has more than {request.max_form_parts} parts, "
        f"or text fields of more than {request.max_form_memory_size} bytes"
    )


def _answer(body: dict[str, Any]) -> Response:
    g.problem = body["code"]  # for the request's log line
    return Response(json.dumps(body, ensure_ascii=False), body["status"], content_type=MEDIA_TYPE)
