"""Columns as a dump writes them, the same for every database: JSON values, and nothing rounded.

Bytes are base64, numbers and texts what JSON has for them. A column of JSON keeps its text as it stands in
the database: SQL's NULL and JSON's null are two things, and both occur.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    cast,
)

from shared.errors import ObjectCorrupt


class Kind(StrEnum):
    BOOL = "bool"
    INT = "int"
    REAL = "real"
    TEXT = "text"
    BYTES = "bytes"  # base64
    JSON = "json"  # its text


_KINDS: tuple[tuple[Any, Kind], ...] = (
    (Boolean, Kind.BOOL),
    (Integer, Kind.INT),
    (Float, Kind.REAL),
    (LargeBinary, Kind.BYTES),
    (JSON, Kind.JSON),
    (String, Kind.TEXT),
)


class JsonText(TypeDecorator[str]):
    """A column of JSON that takes text, and stores it as it is."""

    impl = JSON
    cache_ok = True

    def bind_processor(self, dialect: Any) -> None:
        """Nothing is made of the value on its way."""


def kind_of(column: Column[Any]) -> Kind:
    """Raises TypeError for a type that no table of ours has."""
    for kind, name in _KINDS:
        if isinstance(column.type, kind):
            return name
    raise TypeError(f"{column} is of type {column.type!r}, which no dump knows")


def read_as(column: Column[Any]) -> ColumnElement[Any]:
    """What a dump selects of the column."""
    return cast(column, Text) if kind_of(column) is Kind.JSON else column


def written(kind: Kind) -> Callable[[Any], Any]:
    """From what `read_as` gives to what JSON holds; NULL is null, whatever the kind."""
    if kind is Kind.BYTES:
        return lambda value: None if value is None else base64.b64encode(value).decode()
    return lambda value: value


_WRITTEN_TYPES: dict[Kind, tuple[type, ...]] = {
    Kind.BOOL: (bool,),
    Kind.INT: (int,),
    Kind.REAL: (int, float),
    Kind.TEXT: (str,),
    Kind.BYTES: (str,),
    Kind.JSON: (str,),
}


def restored(kind: Kind) -> Callable[[Any], Any]:
    """The way back. Raises ObjectCorrupt for what `written` did not write."""
    types = _WRITTEN_TYPES[kind]

    def value_of(value: Any) -> Any:
        if value is not None and not isinstance(value, types):
            raise ObjectCorrupt(f"{value!r:.60} is no {kind} of a dump")
        if isinstance(value, str) and kind is Kind.BYTES:
            return base64.b64decode(value, validate=True)
        return value

    return value_of
