"""What may stand in an address."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.routing import BaseConverter, PathConverter

from shared.errors import InvalidRequest


class Word(BaseConverter):
    """One part of a path; `:` begins a verb, as in `/v1/jobs/{id}:retry`."""

    regex = "[^/:]+"
    part_isolating = True


class ProductId(PathConverter):
    """Anything: ids may hold slashes, also first, last and doubled, and line breaks."""

    regex = r"[\s\S]+"
    part_isolating = False


def register(app: Flask) -> None:
    app.url_map.converters.update(word=Word, product=ProductId)
    app.url_map.merge_slashes = False  # `a//b` is another product than `a/b`
    app.url_map.strict_slashes = False

    @app.before_request
    def _whole_utf8() -> None:
        # Werkzeug reads bytes that are not UTF-8 as U+FFFD, which would turn one product id into another.
        try:
            request.environ["PATH_INFO"].encode("latin-1").decode()
        except UnicodeDecodeError:
            raise InvalidRequest("the address is not UTF-8, percent-encoded", code="bad_character") from None
