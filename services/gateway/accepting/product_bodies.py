"""The body of a product's PUT or PATCH: attributes, and the images it should have."""

from __future__ import annotations

from flask import Request

from services.gateway.http import bodies
from services.gateway.http.bodies import Fault, InvalidFields, refuse
from services.gateway.schemas.product import ImagesField, ImageSource
from shared.catalog.fault_codes import FaultCode
from shared.catalog.product import Attributes, parse_attributes
from shared.catalog.sources import Source, SourceKind, is_own_object, parse_source
from shared.catalog.writes import WantedImage

# What pydantic says of other bodies has this code; one code for one thing.
_PLAIN = {FaultCode.UNKNOWN_FIELD, FaultCode.BAD_TYPE}


def read_product(
    request: Request, tenant: str, *, paths_allowed: bool
) -> tuple[Attributes, list[WantedImage] | None]:
    """Attributes that stand in the body, and its images: None where it names none. Raises InvalidFields."""
    fields = bodies.read_json(request)
    wanted = None
    if "images" in fields:
        given = bodies.validate(ImagesField, {"images": fields.pop("images") or []}).images
        wanted = [_wanted(one, f"images.{n}", tenant, paths_allowed) for n, one in enumerate(given)]
        wanted = list(dict.fromkeys(wanted))
    attributes = parse_attributes(fields)
    if isinstance(attributes, list):
        raise InvalidFields(
            Fault(f.field, "invalid_request" if f.code in _PLAIN else f.code, f.detail) for f in attributes
        )
    return attributes, wanted


def _wanted(given: ImageSource, field: str, tenant: str, paths_allowed: bool) -> WantedImage:
    source = parse_source(given.source)
    if not isinstance(source, Source):
        refuse(field, source.detail, source.code)
    if source.kind is SourceKind.OBJECT and not is_own_object(source, tenant):
        refuse(field, f"keys resolve under incoming/{tenant}/ only", FaultCode.BAD_SOURCE)
    if source.kind is SourceKind.PATH and not paths_allowed:
        refuse(
            field,
            "there is no data folder here; give an address, an upload or an object key",
            FaultCode.BAD_SOURCE,
        )
    return WantedImage(source.text, given.image_version)
