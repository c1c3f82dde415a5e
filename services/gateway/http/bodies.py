"""Reading what a request says: JSON, form fields and query, checked for text that no database can hold."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, NoReturn, TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import UnsupportedMediaType

from shared.catalog.text import is_storable
from shared.errors import InvalidRequest

# What a form takes beside its photo: boundaries, headers, text fields.
FORM_BYTES = 64 * 1024

M = TypeVar("M", bound=BaseModel)
Files = Mapping[str, list[FileStorage]]


@dataclass(frozen=True)
class Fault:
    """One refused field: where it stands (`exclude.product_ids.0`), why, and what to do."""

    field: str
    code: str
    detail: str

    def to_json(self) -> dict[str, str]:
        return asdict(self)


class InvalidFields(InvalidRequest):
    """A request some of whose fields are refused; `faults` names each."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        first = self.faults[0]
        super().__init__(f"{first.field}: {first.detail}", code=first.code)


def refuse(field: str, detail: str, code: str = "invalid_request") -> NoReturn:
    """Raises InvalidFields for one field."""
    raise InvalidFields([Fault(field, code, detail)])


def read_json(request: Request) -> dict[str, Any]:
    """The JSON object of the body. Raises InvalidFields; 413 and 415 as werkzeug raises them."""
    if not request.is_json:
        raise UnsupportedMediaType("send application/json")
    return parse_object(request.get_data(cache=False), "body")


def parse_object(text: str | bytes, field: str) -> dict[str, Any]:
    """A JSON object whose texts can be stored and whose numbers are finite. Raises InvalidFields."""
    value = parse(text, field)
    if not isinstance(value, dict):
        refuse(field, "this has to be a JSON object")
    return value


def parse(text: str | bytes, field: str) -> Any:
    """Any JSON value, checked like `parse_object`."""
    try:
        said = text.decode() if isinstance(text, bytes) else text  # json would guess UTF-16 and UTF-32 too
        value = json.loads(said, parse_constant=_no_constant)
    except UnicodeDecodeError:
        refuse(field, "this is not JSON: it is not UTF-8")
    except (json.JSONDecodeError, _NoNumberError) as error:
        refuse(field, f"this is not JSON: {error}")
    except ValueError:  # Python reads no number of more digits
        refuse(field, f"a number has at most {sys.get_int_max_str_digits()} digits here")
    except RecursionError:
        refuse(field, "this JSON is nested too deep")
    check_text(value, field)
    return value


def check_text(value: Any, field: str) -> None:
    """Raises InvalidFields (`bad_character`, `not_finite`) for what is anywhere inside `value`."""
    waiting = [(value, field)]  # a list of our own: nesting must not exhaust the stack
    while waiting:
        item, where = waiting.pop()
        if isinstance(item, str) and not is_storable(item):
            refuse(where, "text holds NUL or half a surrogate pair", "bad_character")
        elif isinstance(item, float) and not isfinite(item):
            refuse(where, "a number has to be finite", "not_finite")
        elif isinstance(item, list):
            waiting += [(inner, where) for inner in item]
        elif isinstance(item, dict):
            for key, inner in item.items():
                if not is_storable(key):
                    refuse(where, "a name holds NUL or half a surrogate pair", "bad_character")
                waiting.append((inner, f"{where}.{key}" if where != "body" else key))


def read_form(
    request: Request, file: str, json_fields: frozenset[str], *, json_too: bool = False
) -> tuple[dict[str, Any], Files]:
    """Text fields and files of a multipart body. Raises InvalidFields.

    `file`: the name that holds no text. `json_fields` hold JSON.
    `json_too`: another body would have been read as JSON, which the refusal says.
    """
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType("send multipart/form-data" + (" or application/json" if json_too else ""))
    if request.content_length and not request.form and not request.files:
        refuse("body", "this form holds nothing: it was cut short, or its boundary is not the header's")
    if None in request.form or None in request.files:  # whatever werkzeug's types say
        refuse("body", "a part of this form has no name, or one that cannot be read")
    fields = {
        name: parse(text, name) if name in json_fields else text
        for name, text in _single(request.form).items()
    }
    if file in fields:
        refuse(file, f"this is a file, and came as text; with curl: -F {file}=@FILE")
    check_text(fields, "body")
    return fields, {name: request.files.getlist(name) for name in request.files}


def read_query(request: Request, model: type[M]) -> M:
    """The query of the address as `model`. Raises InvalidFields."""
    fields = _single(request.args)
    check_text(fields, "body")
    return validate(model, fields)


def validate(model: type[M], fields: Mapping[str, Any]) -> M:
    """Raises InvalidFields, naming every field that does not fit."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidFields(
            Fault(".".join(map(str, fault["loc"])) or "body", "invalid_request", _said(fault))
            for fault in faults
        ) from None


def _said(fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        return "there is no such field"
    return str(fault["msg"]).removeprefix("Value error, ")  # pydantic's own words before ours


def _single(fields: MultiDict[str, str]) -> dict[str, str]:
    for name, values in fields.lists():
        if len(values) > 1:
            refuse(name, "this field is given more than once")
    return fields.to_dict()


class _NoNumberError(ValueError):
    """NaN or Infinity, which Python would take."""


def _no_constant(name: str) -> NoReturn:
    raise _NoNumberError(f"{name} is no JSON number")
