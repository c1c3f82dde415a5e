"""A price: a decimal amount, kept as text, and a currency."""

import re
from decimal import Decimal
from math import isfinite

from shared.catalog.fault_codes import FaultCode
from shared.catalog.text import FieldError, shown

# At most 12 digits before the point and 4 after it: exact in a float64 column of a filter.
_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,4})?")
_CURRENCY = re.compile(r"[A-Za-z]{3}")


def parse_price(raw: object) -> dict[str, str] | FieldError:
    """`{"amount": "39.90", "currency": "EUR"}` from a JSON object of these two keys.

    The amount may be text or a number; text keeps its zeros.
    Errors: `bad_price`, `bad_currency`, `not_finite`.
    """
    if not isinstance(raw, dict) or not set(raw) <= {"amount", "currency"}:
        detail = 'price is an object such as {"amount": "39.90", "currency": "EUR"}'
        return FieldError("price", FaultCode.BAD_PRICE, detail)
    return make_price(raw.get("amount"), raw.get("currency"))


def make_price(amount: object, currency: object) -> dict[str, str] | FieldError:
    """A price from its two parts. Errors as in `parse_price`."""
    text = _amount_text(amount)
    if isinstance(text, FieldError):
        return text
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        given = "no currency is given" if currency in (None, "") else f"{shown(currency)} is no currency"
        detail = f"{given}; use the three letters of ISO 4217, such as EUR"
        return FieldError("price", FaultCode.BAD_CURRENCY, detail)
    return {"amount": text, "currency": currency.upper()}


def _amount_text(amount: object) -> str | FieldError:
    # Also told so is a Decimal beyond float64, such as 1e999999999, which written out would take a gigabyte.
    if isinstance(amount, float | Decimal) and not isfinite(amount):
        return FieldError("price", FaultCode.NOT_FINITE, "price is not a finite number")
    if isinstance(amount, int | float | Decimal) and not isinstance(amount, bool):
        # A float is rounded to what a price may hold: a float32 column says 19.989999771118164 for 19.99.
        exact = Decimal(repr(round(amount, 4))) if isinstance(amount, float) else Decimal(amount)
        text = format(exact, "f")
    else:
        text = amount if isinstance(amount, str) else ""
    if _AMOUNT.fullmatch(text):
        return text
    detail = f"{shown(amount)} is no price; use up to 12 digits, a point and up to 4 decimals, such as 39.90"
    return FieldError("price", FaultCode.BAD_PRICE, detail)
