"""Cursors of lists: what `next` gives and `after` brings back."""

from __future__ import annotations

from typing import Any, NoReturn

from services.gateway.http.bodies import refuse
from shared import opaque


def write(value: Any) -> str:
    return opaque.to_text(value)


def read(cursor: str) -> Any:
    """Raises InvalidFields for what `write` did not make."""
    try:
        return opaque.from_text(cursor)
    except ValueError:
        refuse_cursor()


def refuse_cursor() -> NoReturn:
    refuse("after", "this is no `next` of a page before")
