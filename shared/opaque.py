"""Opaque texts: a JSON value in URL-safe base64, for what clients carry and bring back unread."""

from __future__ import annotations

import base64
import json
from typing import Any, NoReturn

from shared.catalog.text import is_storable

# What a database's integers hold.
_LARGEST = 2**63 - 1


def to_text(value: Any) -> str:
    body = json.dumps(value, separators=(",", ":"))
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def from_text(text: str) -> Any:
    """The value of a text that `to_text` may have made, safe to hand to a database.

    Clients bring anything. Raises ValueError for what is no such text, is nested deep, or holds an integer
    beyond 63 bits, a number that is not finite, or characters that no database keeps.
    """
    try:
        value = json.loads(
            base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True),
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise ValueError("nested too deep") from None
    _check(value)
    return value


def _check(value: Any) -> None:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, str) and not is_storable(one):
            raise ValueError("text that no database keeps")
        elif isinstance(one, int) and abs(one) > _LARGEST:
            raise ValueError("an integer beyond 63 bits")
        elif isinstance(one, float) and abs(one) > _LARGEST:
            raise ValueError("a number beyond every time and count")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
