"""Records as JSON objects of one key, `row`, `error`, `done` or `unreadable`: for pipes and chunks."""

from dataclasses import asdict
from typing import Any, TypeVar

from shared.catalog.manifest.rows import ManifestDone, ManifestUnreadable, ProductRow, Record, RowError
from shared.catalog.product import parse_attributes
from shared.catalog.sources import Source, parse_source
from shared.catalog.text import check_product_id

JsonRecord = dict[str, Any]
T = TypeVar("T")


def to_json(record: Record) -> JsonRecord:
    """The record as plain JSON values; image sources as the strings the shop wrote."""
    match record:
        case ProductRow():
            images = None if record.images is None else [source.text for source in record.images]
            return {
                "row": {
                    "line": record.line,
                    "id": record.id,
                    "attributes": record.attributes,
                    "images": images,
                    "image_version": record.image_version,
                }
            }
        case RowError():
            return {"error": asdict(record)}
        case ManifestDone():
            return {"done": asdict(record) | {"ignored_columns": list(record.ignored_columns)}}
        case ManifestUnreadable():
            return {"unreadable": asdict(record)}


def from_json(value: JsonRecord) -> Record:
    """The inverse of `to_json`. Raises ValueError when the value is no record that `to_json` makes.

    A product row's values are checked again: the process that read them may have been taken over by its file.
    """
    match value:
        case {"row": dict(fields)}:
            return _row(fields)
        case {"error": dict(fields)}:
            return _make(RowError, fields)
        case {"done": dict(fields)}:
            return _make(ManifestDone, fields | {"ignored_columns": tuple(fields.get("ignored_columns", ()))})
        case {"unreadable": dict(fields)}:
            return _make(ManifestUnreadable, fields)
    raise ValueError("not a manifest record")


def _row(fields: dict[str, Any]) -> ProductRow:
    product_id, attributes = fields.get("id"), fields.get("attributes")
    if not isinstance(product_id, str) or check_product_id(product_id) or not isinstance(attributes, dict):
        raise ValueError("not a product row")
    if parse_attributes(attributes) != attributes:
        raise ValueError("not the attributes of a product row")
    images = fields.get("images")
    sources = None if images is None else tuple(map(_source, images))
    return _make(ProductRow, fields | {"images": sources})


def _source(text: object) -> Source:
    source = parse_source(text) if isinstance(text, str) else None
    if not isinstance(source, Source):
        raise ValueError("not an image source")
    return source


def _make(kind: type[T], fields: dict[str, Any]) -> T:
    try:
        return kind(**fields)
    except TypeError as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from error
