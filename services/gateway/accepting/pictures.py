"""Pictures out of the object store, served so that they can do nothing but be seen."""

from __future__ import annotations

from flask import Response, request

from services.gateway.wiring import Deps
from shared.storage import owners

# What an address shows never changes; a browser may keep it for a day, nobody between may.
CACHE = "private, max-age=86400, immutable"
# Bytes that a stranger sent are shown as an image or not at all.
POLICY = "default-src 'none'; sandbox"


def serve(deps: Deps, name: str, media_type: str) -> Response:
    """The object, or 304 for who has it. Raises ObjectMissing."""
    with deps.db.read() as c:
        owner = owners.find(c, name)
    headers = {"Cache-Control": CACHE, "Content-Security-Policy": POLICY}
    if request.if_none_match.contains(owner.sha256):
        answer = Response(status=304, headers=headers)
    else:
        data = deps.store.get(owner.name, sha256=owner.sha256, length=owner.length)
        answer = Response(data, 200, headers, content_type=media_type)
    answer.set_etag(owner.sha256)
    return answer
