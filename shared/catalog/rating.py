"""A rating: 0 to 5 stars, and how many people gave one."""

from decimal import Decimal
from math import isfinite
from typing import TypedDict

from shared.catalog.fault_codes import FaultCode
from shared.catalog.text import FieldError, shown

MAX_STARS = 5
_MAX_COUNT = 10**12


class Rating(TypedDict):
    """`value` in 0..5; `count` is None where the shop does not tell."""

    value: float
    count: int | None


def parse_rating(raw: object) -> Rating | FieldError:
    """A rating from a JSON object `{"value": 4.6, "count": 212}` whose count may be missing or null.

    Errors: `bad_rating`, `not_finite`.
    """
    if not isinstance(raw, dict) or not set(raw) <= {"value", "count"}:
        detail = 'rating is an object such as {"value": 4.6, "count": 212}'
        return FieldError("rating", FaultCode.BAD_RATING, detail)
    return make_rating(raw.get("value"), raw.get("count"))


def make_rating(value: object, count: object) -> Rating | FieldError:
    """A rating from two numbers, the value rounded to 4 decimals. Errors as in `parse_rating`."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        detail = f"{shown(value)} is no rating; use a number from 0 to 5"
        return FieldError("rating", FaultCode.BAD_RATING, detail)
    if isinstance(value, float | Decimal) and not isfinite(value):
        return FieldError("rating", FaultCode.NOT_FINITE, "rating is not a finite number")
    if not 0 <= value <= MAX_STARS:
        detail = f"rating {shown(value)} is not within 0..5; scale it to five stars"
        return FieldError("rating", FaultCode.BAD_RATING, detail)
    whole = _whole(count)
    if isinstance(whole, FieldError):
        return whole
    return {"value": round(float(value), 4), "count": whole}


def _whole(count: object) -> int | FieldError | None:
    if count is None:
        return None
    # Columns with gaps arrive as floats from most data tools: 212.0 is 212.
    if not isinstance(count, int | float | Decimal) or isinstance(count, bool) or not _in_range(count):
        detail = f"{shown(count)} is no count of ratings; use a whole number"
        return FieldError("rating", FaultCode.BAD_RATING, detail)
    return int(count)


def _in_range(count: int | float | Decimal) -> bool:
    if not isinstance(count, int) and not isfinite(count):
        return False
    return 0 <= count <= _MAX_COUNT and count == int(count)
