"""One row's values, whatever the format, into a product row or the reason why not."""

import re
from collections.abc import Mapping
from decimal import Decimal

from shared.catalog.fault_codes import FaultCode
from shared.catalog.manifest.columns import MAX_NUMBERED_IMAGES
from shared.catalog.manifest.limits import ManifestLimits
from shared.catalog.manifest.rows import ProductRow, RowError
from shared.catalog.price import make_price, parse_price
from shared.catalog.product import Attributes, parse_attribute
from shared.catalog.rating import make_rating, parse_rating
from shared.catalog.sources import Source, parse_source
from shared.catalog.text import FieldError, check_product_id, check_text, shown

LIST_SEPARATOR = "|"

_PLAIN_ATTRIBUTES = ("title", "description", "brand", "category", "color")
_IMAGE_COLUMNS = ("images", *(f"image_{n}" for n in range(1, MAX_NUMBERED_IMAGES + 1)))
_MAX_VERSION_BYTES = 256
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_AMOUNT_AND_CURRENCY = re.compile(r"(?P<amount>[0-9.]+) ?(?P<currency>[A-Za-z]{3})")

Values = Mapping[str, object]
"""By column of `columns.py`: text, or a JSON value where the format has them; None where empty or null."""


def make_row(values: Values, line: int, limits: ManifestLimits) -> ProductRow | RowError:
    """The row, or its first fault."""
    product_id = _product_id(values.get("id"))
    if isinstance(product_id, FieldError):
        return _bad(line, product_id, None)
    attributes = _attributes(values)
    if isinstance(attributes, FieldError):
        return _bad(line, attributes, product_id)
    images = _images(values, limits.images_per_row)
    if isinstance(images, FieldError):
        return _bad(line, images, product_id)
    version = _image_version(values.get("image_version"))
    if isinstance(version, FieldError):
        return _bad(line, version, product_id)
    return ProductRow(line, product_id, attributes, images, version)


def readable_id(value: object) -> str | None:
    """The product id of a row that is bad for another reason, where it can be told."""
    product_id = _product_id(value)
    return product_id if isinstance(product_id, str) else None


def _bad(line: int, fault: FieldError, product_id: str | None) -> RowError:
    return RowError(line, fault.field, fault.code, fault.detail, product_id)


def _product_id(value: object) -> str | FieldError:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None:
        value = ""
    if not isinstance(value, str):
        return FieldError("id", FaultCode.BAD_TYPE, f"id is text or a whole number, not {shown(value)}")
    return check_product_id(value) or value


def _attributes(values: Values) -> Attributes | FieldError:
    attributes: Attributes = {}
    parsed: object
    for name in _PLAIN_ATTRIBUTES:
        if name in values:
            attributes[name] = parse_attribute(name, values[name])
    if "price" in values:
        attributes["price"] = _price(values["price"], values.get("currency"))
    if "rating" in values:
        attributes["rating"] = _rating(values["rating"], values.get("rating_count"))
    if "labels" in values:
        attributes["labels"] = parse_attribute("labels", _split(values["labels"]))
    for name in ("availability", "url"):
        if name in values:
            attributes[name] = parse_attribute(name, _trimmed(values[name]) or None)
    for parsed in attributes.values():
        if isinstance(parsed, FieldError):
            return parsed
    return attributes


def _price(value: object, currency: object) -> object:
    """From `{"amount", "currency"}`, or an amount beside a currency column, or text such as `39.90 EUR`."""
    value, currency = _trimmed(value), _trimmed(currency)
    if value is None or value == "":
        return None
    if isinstance(value, dict):
        return parse_price(value)
    if isinstance(value, str) and (both := _AMOUNT_AND_CURRENCY.fullmatch(value)):
        return make_price(both["amount"], both["currency"])
    return make_price(value, currency)


def _rating(value: object, count: object) -> object:
    """From `{"value", "count"}` or from two columns; a count without a rating says nothing."""
    if _trimmed(value) in (None, ""):
        return None
    if isinstance(value, dict):
        return parse_rating(value)
    return make_rating(_number(value), None if _trimmed(count) == "" else _number(count))


def _trimmed(value: object) -> object:
    """Cells are often written with a space beside the separator; it belongs to texts only."""
    return value.strip(" \t") if isinstance(value, str) else value


def _number(value: object) -> object:
    """Text as the number it writes; what is none stays text, for the error to quote."""
    value = _trimmed(value)
    if not isinstance(value, str):
        return value
    return Decimal(value) if _NUMBER.fullmatch(value) else value


def _split(value: object) -> object:
    """Text as the list it writes with `|`; lists and null stay."""
    if not isinstance(value, str):
        return value
    return [part for part in value.split(LIST_SEPARATOR) if part]


def _images(values: Values, most: int) -> tuple[Source, ...] | FieldError | None:
    """The sources of all image columns in their order, each once; None where there is no image column."""
    columns = [name for name in _IMAGE_COLUMNS if name in values]
    if not columns:
        return None
    sources: dict[str, Source] = {}
    for name in columns:
        listed = _split(values[name])
        for text in listed if isinstance(listed, list) else () if listed is None else (listed,):
            if not isinstance(text, str):
                return FieldError("images", FaultCode.BAD_TYPE, f"an image is text, not {shown(text)}")
            source = parse_source(text.strip())
            if isinstance(source, FieldError):
                return source
            sources[source.text] = source
    if len(sources) > most:
        detail = f"a row names at most {most} images, this one {len(sources)}"
        return FieldError("images", FaultCode.TOO_MANY_VALUES, detail)
    return tuple(sources.values())


def _image_version(value: object) -> str | FieldError | None:
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        detail = f"image_version is text or a whole number, not {shown(value)}"
        return FieldError("image_version", FaultCode.BAD_TYPE, detail)
    return check_text("image_version", value, _MAX_VERSION_BYTES) or value
