"""The attributes of a product: their names, what each may hold, and the columns that filters use."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypedDict
from urllib.parse import urlsplit

from shared.catalog.fault_codes import FaultCode
from shared.catalog.price import parse_price
from shared.catalog.rating import parse_rating
from shared.catalog.text import (
    MAX_DESCRIPTION_BYTES,
    MAX_FACET_BYTES,
    MAX_TITLE_BYTES,
    FieldError,
    check_text,
    shown,
)

ATTRIBUTES: tuple[str, ...] = (
    "title",
    "description",
    "price",
    "rating",
    "brand",
    "category",
    "color",
    "labels",
    "availability",
    "url",
)

AVAILABILITIES: tuple[str, ...] = (
    "in_stock",
    "low_stock",
    "out_of_stock",
    "preorder",
    "backorder",
    "discontinued",
)

MAX_LABELS = 100
MAX_PAGE_URL_CHARS = 2000

# "In Stock", "in-stock" and schema.org's "https://schema.org/InStock" all mean in_stock.
_AVAILABILITY_BY_LETTERS = {name.replace("_", ""): name for name in AVAILABILITIES}
_SCHEMA_ORG = re.compile(r"https?://schema\.org/")
_CONTROL_OR_SPACE = re.compile(r"[\x00-\x20\x7f]")

Attributes = dict[str, Any]
"""JSON-ready values by attribute name: None where null was given, missing where nothing was."""


class LoggedColumns(TypedDict):
    """What a product's vector rows carry for filters; None and empty match no filter."""

    category: str | None
    brand: str | None
    color: str | None
    labels: list[str]
    availability: str | None
    price: float | None
    currency: str | None
    rating: float | None


def parse_attributes(raw: Mapping[str, object]) -> Attributes | list[FieldError]:
    """The attributes of a JSON body, only those that stand in it, or every fault it has.

    Types are strict: text is a string, labels a list of strings, price `{"amount", "currency"}`, rating
    `{"value", "count"}`. Null clears an attribute. Whatever else the body may hold (images, image_version)
    the caller takes out first. Errors: `unknown_field` and those of each attribute.
    """
    attributes: Attributes = {}
    faults: list[FieldError] = []
    for name, value in raw.items():
        parsed = parse_attribute(name, value)
        if isinstance(parsed, FieldError):
            faults.append(parsed)
        else:
            attributes[name] = parsed
    return faults or attributes


def parse_attribute(name: str, value: object) -> object | FieldError:
    """One attribute from its JSON value; null stays None."""
    parse = _PARSERS.get(name)
    if parse is None:
        detail = f"{shown(name)} is no attribute of a product; known are {', '.join(ATTRIBUTES)}"
        return FieldError(name, FaultCode.UNKNOWN_FIELD, detail)
    return None if value is None else parse(value)


def logged_columns_of(attributes: Attributes) -> LoggedColumns:
    """The filter columns of parsed attributes; missing attributes give None and no labels."""
    price = attributes.get("price")
    rating = attributes.get("rating")
    return {
        "category": attributes.get("category"),
        "brand": attributes.get("brand"),
        "color": attributes.get("color"),
        "labels": list(attributes.get("labels") or ()),
        "availability": attributes.get("availability"),
        "price": float(price["amount"]) if price else None,
        "currency": price["currency"] if price else None,
        "rating": rating["value"] if rating else None,
    }


def _text_parser(name: str, max_bytes: int) -> Callable[[object], str | FieldError]:
    def parse(value: object) -> str | FieldError:
        if not isinstance(value, str):
            return FieldError(name, FaultCode.BAD_TYPE, f"{name} is text, not {shown(value)}")
        return check_text(name, value, max_bytes) or value

    return parse


_parse_label = _text_parser("labels", MAX_FACET_BYTES)
_parse_availability_text = _text_parser("availability", MAX_FACET_BYTES)
_parse_url_text = _text_parser("url", MAX_PAGE_URL_CHARS * 4)


def _parse_labels(value: object) -> list[str] | FieldError:
    if not isinstance(value, list):
        return FieldError("labels", FaultCode.BAD_TYPE, "labels is a list of texts")
    if len(value) > MAX_LABELS:
        detail = f"a product has at most {MAX_LABELS} labels, this one {len(value)}"
        return FieldError("labels", FaultCode.TOO_MANY_VALUES, detail)
    labels: list[str] = []
    for entry in value:
        label = _parse_label(entry)
        if isinstance(label, FieldError):
            return label
        labels.append(label)
    return labels


def _parse_availability(value: object) -> str | FieldError:
    """One name for each state, because a filter compares it exactly."""
    text = _parse_availability_text(value)
    if isinstance(text, FieldError):
        return text
    letters = re.sub(r"[ _-]", "", _SCHEMA_ORG.sub("", text)).lower()
    if letters not in _AVAILABILITY_BY_LETTERS:
        detail = f"{shown(text)} is no availability; use one of {', '.join(AVAILABILITIES)}"
        return FieldError("availability", FaultCode.UNKNOWN_AVAILABILITY, detail)
    return _AVAILABILITY_BY_LETTERS[letters]


def _parse_url(value: object) -> str | FieldError:
    text = _parse_url_text(value)
    if isinstance(text, FieldError):
        return text
    if len(text) > MAX_PAGE_URL_CHARS or _CONTROL_OR_SPACE.search(text) or not _is_web_address(text):
        detail = f"{shown(text)} is no page; use http(s)://host/… of at most {MAX_PAGE_URL_CHARS} characters"
        return FieldError("url", FaultCode.BAD_URL, detail)
    return text


def _is_web_address(text: str) -> bool:
    # A page puts this address into a link, so javascript: and its kind must never pass.
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # unbalanced brackets around an address
        return False


_PARSERS: dict[str, Callable[[object], object]] = {
    "title": _text_parser("title", MAX_TITLE_BYTES),
    "description": _text_parser("description", MAX_DESCRIPTION_BYTES),
    "price": parse_price,
    "rating": parse_rating,
    "brand": _text_parser("brand", MAX_FACET_BYTES),
    "category": _text_parser("category", MAX_FACET_BYTES),
    "color": _text_parser("color", MAX_FACET_BYTES),
    "labels": _parse_labels,
    "availability": _parse_availability,
    "url": _parse_url,
}
