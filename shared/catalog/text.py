"""Which text a product may hold: no NUL, no lone surrogate, a bounded length; all else stays as it came."""

from dataclasses import dataclass

from shared.catalog.fault_codes import FaultCode

MAX_ID_BYTES = 256
MAX_FACET_BYTES = 1024  # an index row of PostgreSQL holds 2,704 bytes
MAX_TITLE_BYTES = 16 * 1024
MAX_DESCRIPTION_BYTES = 32 * 1024  # within the 64 KiB of a manifest row

_SHOWN_CHARS = 60
_SHOWN_BITS = 200


@dataclass(frozen=True, slots=True)
class FieldError:
    """One refused field: its name, a stable code (`FaultCode`) and a sentence that says what to do."""

    field: str
    code: str
    detail: str


def shown(value: object) -> str:
    """A refused value as an error may quote it: short, and with NUL and surrogates escaped."""
    if isinstance(value, str):
        quoted = repr(value[:_SHOWN_CHARS])
        return f"{quoted}…" if len(value) > _SHOWN_CHARS else quoted
    if isinstance(value, int) and value.bit_length() > _SHOWN_BITS:
        return "a huge number"  # Python refuses to write one of more than 4,300 digits
    if value is None or isinstance(value, int | float):
        return repr(value)
    return f"a value of type {type(value).__name__}"


def is_storable(text: str) -> bool:
    """Whether both databases can hold the text: no NUL, and every surrogate in its pair."""
    if text.isascii():
        return "\0" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def check_text(field: str, text: str, max_bytes: int) -> FieldError | None:
    """The fault of a text, or None.

    Errors: `bad_character` (NUL, a lone surrogate), `value_too_long` (more UTF-8 bytes than `max_bytes`).
    """
    if not is_storable(text):
        detail = f"{field} holds NUL or half a surrogate pair: {shown(text)}"
        return FieldError(field, FaultCode.BAD_CHARACTER, detail)
    if len(text) * 4 > max_bytes and (length := len(text.encode())) > max_bytes:
        detail = f"{field} has {length} bytes of UTF-8, at most {max_bytes}"
        return FieldError(field, FaultCode.VALUE_TOO_LONG, detail)
    return None


def check_product_id(product_id: str) -> FieldError | None:
    """The fault of a product id, or None. Errors: `missing_id`, `id_too_long`, `bad_character`."""
    if not product_id:
        return FieldError("id", FaultCode.MISSING_ID, "a product needs an id of 1 to 256 bytes")
    fault = check_text("id", product_id, MAX_ID_BYTES)
    if fault is not None and fault.code == FaultCode.VALUE_TOO_LONG:
        return FieldError("id", FaultCode.ID_TOO_LONG, fault.detail)
    return fault
